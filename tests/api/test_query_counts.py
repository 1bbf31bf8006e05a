"""How many statements each endpoint sends to the database. RECORD_QUERY_COUNTS=1 writes the figures down anew."""

import json
import os
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts import services as accounts
from apps.jobs.services import readiness
from tests.api.endpoint import Endpoint
from tests.api.endpoints import ENDPOINTS
from tests.api.world import World
from tests.conftest import Cast, ClientOf

FILE = Path(__file__).with_name("query_counts.json")
RECORDED: dict[str, int] = json.loads(FILE.read_text()) if FILE.exists() else {}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_sends_as_many_statements_as_recorded(
    endpoint: Endpoint, cast: Cast, world: World, client_of: ClientOf
) -> None:
    """With a caller who was not seen in the last second, and whose key is in use."""
    uids = world.uids
    client = client_of(cast.editor) if endpoint.scope else Client()
    if endpoint.scope:
        client.get("/v1/tokenInfo")
    accounts.forget_callers()
    readiness._has_been_migrated.cache_clear()
    with CaptureQueriesContext(connection) as captured:
        endpoint.call(client, uids)
    if os.environ.get("RECORD_QUERY_COUNTS"):
        RECORDED[str(endpoint)] = len(captured)
        FILE.write_text(json.dumps(RECORDED, indent=2) + "\n")
    assert len(captured) == RECORDED.get(str(endpoint)), [query["sql"] for query in captured]


@pytest.mark.parametrize("path", ["/v1/connections", "/v1/exports", "/v1/imports", "/v1/flows"])
def test_a_list_sends_no_more_for_more_rows(path: str, cast: Cast, world: World, client_of: ClientOf) -> None:
    client = client_of(cast.editor)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        count = len(client.get(path).json())
    for endpoint in ENDPOINTS:
        if endpoint.method == "POST" and endpoint.path == path:
            for _ in range(3):
                assert endpoint.call(client, world.uids).status_code == 201
    with CaptureQueriesContext(connection) as many:
        assert len(client.get(path).json()) == count + 3
    assert len(many) == len(few)


def test_records_no_endpoint_that_is_gone() -> None:
    assert set(RECORDED) == {str(endpoint) for endpoint in ENDPOINTS}
