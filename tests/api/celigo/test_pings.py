from typing import Any

import pytest
from pytest_django import Settings

from apps.connections.models import Connection
from apps.dialects import waiting
from apps.jobs.models import Job
from tests.api.celigo.conftest import Celigo, problems
from tests.api.endpoints import CONNECTION
from tests.api.world import CANARY, World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def patient(settings: Settings, worker: None) -> None:
    settings.JOB_WAIT_SECONDS = 30.0


def stored(celigo: Celigo, rdbms: dict[str, Any]) -> str:
    uid: str = celigo.post("/v1/connections", {"name": "Shop", "type": "rdbms", "rdbms": rdbms})["_id"]
    return uid


def test_a_system_that_lets_us_in(celigo: Celigo, postgresql: dict[str, Any], patient: None) -> None:
    path = f"/v1/connections/{stored(celigo, postgresql)}/ping"
    assert celigo.post(path, status=200) == {"code": 200}
    assert celigo.get(path) == {"code": 200}


def test_a_system_that_refuses_us_takes_the_connection_offline(
    celigo: Celigo, mariadb: dict[str, Any], patient: None
) -> None:
    uid = stored(celigo, mariadb | {"password": CANARY})
    answer = celigo.post(f"/v1/connections/{uid}/ping", status=200)
    assert (answer["code"], answer["errors"][0]["code"]) == (401, "auth_failed")
    assert CANARY not in str(answer)
    assert celigo.get(f"/v1/connections/{uid}")["offline"] is True


@pytest.mark.parametrize(
    ("change", "code"), [({"database": "no_such_database"}, "unknown_database"), ({"port": 1}, "unreachable")]
)
def test_says_what_is_wrong(
    change: dict[str, Any], code: str, celigo: Celigo, postgresql: dict[str, Any], patient: None
) -> None:
    body = {"name": "Shop", "type": "rdbms", "rdbms": postgresql | change}
    answer = celigo.post("/v1/connections/ping", body, 200)
    assert (answer["code"], answer["errors"][0]["code"]) == (422, code)


def test_an_unsaved_connection_needs_no_name(celigo: Celigo, postgresql: dict[str, Any], patient: None) -> None:
    assert celigo.post("/v1/connections/ping", {"type": "rdbms", "rdbms": postgresql}, 200) == {"code": 200}


def test_an_unsaved_connection_leaves_nothing_behind(celigo: Celigo, postgresql: dict[str, Any], patient: None) -> None:
    before = Connection.objects.count()
    body = {"name": "Shop", "type": "rdbms", "rdbms": postgresql | {"password": CANARY}}
    celigo.post("/v1/connections/ping", body, 200)
    assert Connection.objects.count() == before
    job = Job.objects.filter(kind="connection_test").get()
    assert job.sealed_params == ""


def test_an_address_that_is_not_allowed(celigo: Celigo, patient: None) -> None:
    body = {**CONNECTION, "rdbms": {**CONNECTION["rdbms"], "host": "127.0.0.1"}}
    answer = celigo.post("/v1/connections/ping", body, 200)
    assert answer["errors"][0]["code"] == "destination_not_allowed"


def test_an_unsaved_connection_is_checked_before_anything_is_tried(celigo: Celigo) -> None:
    body = {**CONNECTION, "rdbms": {"type": "postgresql", "port": "x"}}
    answer = celigo.post("/v1/connections/ping", body, 422)
    assert ("invalid_field", "rdbms.port") in problems(answer)
    assert not Job.objects.filter(kind="connection_test").exists()


def test_one_that_takes_long_is_polled(celigo: Celigo, world: World) -> None:
    response = celigo.client.post(f"/v1/connections/{world.connection.uid}/ping")
    assert response.status_code == 202
    assert response.json()["status"] == "queued"
    assert celigo.get(response["Location"])["id"] == response.json()["_jobId"]


def test_nobody_waits_once_half_of_the_threads_do(
    celigo: Celigo, world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_WAIT_SECONDS = 600.0
    monkeypatch.setattr(waiting, "SEATS", waiting.BoundedSemaphore(1))
    with waiting.seat() as seconds:
        assert seconds == 600.0
        assert celigo.post(f"/v1/connections/{world.connection.uid}/ping", status=202)["status"] == "queued"
    with waiting.seat() as seconds:
        assert seconds == 600.0
