import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.api.world import World
from tests.conftest import Cast, ClientOf

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_health_is_public_and_has_the_seeds_shape() -> None:
    response = Client().get("/api/health")
    body = response.json()
    assert (response.status_code, set(body), body["status"]) == (200, {"status", "timestamp"}, "healthy")
    assert MOMENT.fullmatch(body["timestamp"])


def test_health_touches_no_database(db: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        Client().get("/api/health")
    assert len(captured) == 0


@pytest.mark.parametrize("headers", [{"X-API-Key": "xd_wrong"}, {"Authorization": "Bearer nonsense"}], ids=str)
def test_health_does_not_ask_who_calls(headers: dict[str, str]) -> None:
    assert Client(headers=headers).get("/api/health").status_code == 200


def test_status_counts_what_the_caller_can_see(cast: Cast, world: World, client_of: ClientOf) -> None:
    for user, connections, scheduled in ((cast.viewer, 2, 2), (cast.stranger, 0, 0)):
        body = client_of(user).get("/api/status").json()
        stats = {"connectors": 18, "integrations": 0, "connections": connections, "scheduledJobs": scheduled}
        assert body["stats"] == stats
        assert MOMENT.fullmatch(body["timestamp"])


def test_status_names_the_parts_that_do_not_work(cast: Cast, client_of: ClientOf) -> None:
    body = client_of(cast.viewer).get("/api/status").json()
    assert (body["status"], body["degraded"]) == ("degraded", ["dispatcher"])
