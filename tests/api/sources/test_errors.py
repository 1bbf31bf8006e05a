"""Every code that the dialect has, and what its answers say: all that is wrong at once, and never a value."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from apps.sources.models import SourceConnection
from tests.api.conftest import snapshot
from tests.api.sources.conftest import Docs, Sources
from tests.api.world import World
from tests.conftest import Cast, ClientOf

SECRET = "CANARY-71d4-secret"


def fields(said: dict[str, Any]) -> dict[str, str]:
    return {detail["field"]: detail["code"] for detail in said["details"]}


def body(world: World, **more: Any) -> dict[str, Any]:
    credentials = {"host": "db.example", "port": 5432, "database": "docs", "username": "reader", "password": SECRET}
    collection_id = world.landed.uids["collection"]
    return {
        "collectionId": collection_id,
        "sourceShortName": "postgresql",
        "name": "Docs",
        "credentials": credentials,
    } | more


def test_400_names_every_wrong_credential_and_no_value(sources: Sources, world: World) -> None:
    wrong = {"host": [SECRET], "port": SECRET, "username": None, "password": {"value": SECRET}, "colour": SECRET}
    before = snapshot()
    said = sources.post("/source-connections", body(world, credentials=wrong), 400)
    assert (said["success"], said["error"]) == (False, "invalid_credentials")
    assert fields(said) == {
        "colour": "unknown_field",
        "host": "invalid_field",
        "port": "invalid_field",
        "database": "missing_required_field",
        "username": "missing_required_field",
        "password": "invalid_field",
    }
    assert SECRET not in str(said)
    assert snapshot() == before


def test_400_names_every_wrong_field_of_a_body(sources: Sources) -> None:
    said = sources.post("/source-connections", {"name": 7, "credentials": [SECRET], "verify": SECRET}, 400)
    assert (said["error"], fields(said)) == (
        "invalid_request",
        {
            "collectionId": "missing_required_field",
            "sourceShortName": "missing_required_field",
            "name": "invalid_field",
            "credentials": "invalid_field",
            "verify": "invalid_field",
        },
    )
    assert SECRET not in str(said)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sourceShortName": "gopher"}, "sourceShortName"),
        ({"name": "two\nlines"}, "name"),
        ({"config": {"colour": 1}}, "colour"),
        ({"config": {"rowLimit": 0}}, "rowLimit"),
    ],
)
def test_400_invalid_request_makes_nothing(change: dict[str, Any], field: str, sources: Sources, world: World) -> None:
    before = snapshot()
    said = sources.post("/source-connections", body(world, **change), 400)
    assert (set(fields(said)), said["message"] != "") == ({field}, True)
    assert snapshot() == before


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "offset=-1"])
def test_400_of_a_list(query: str, sources: Sources) -> None:
    response = sources.client.get(f"/api/v1/source-connections?{query}")
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("rest", ["?deleteData=perhaps", "?cancel=7", "/data?cancel=perhaps"])
def test_400_of_a_flag_removes_nothing(rest: str, sources: Sources, world: World) -> None:
    before = snapshot()
    said = sources.delete(f"/source-connections/{world.landed.uids['source']}{rest}", 400)
    assert said["error"] == "invalid_request"
    assert snapshot() == before


def test_401_without_a_token(sources: Sources) -> None:
    response = Client().get("/api/v1/sources")
    said = response.json()
    assert (response.status_code, said["success"], said["error"]) == (401, False, "unauthorized")
    assert said["requestId"] == response["X-Request-Id"]


def test_403_for_whom_the_role_excludes(cast: Cast, world: World, client_of: ClientOf) -> None:
    said = Sources(client_of(cast.viewer)).post("/source-connections", body(world), 403)
    assert (said["error"], said["details"]) == ("forbidden", [])


@pytest.mark.parametrize(
    "path",
    [
        "/source-connections/sc_" + "0" * 24,
        "/source-connections/sc_123",
        "/source-connections/" + "0" * 24,
        "/source-connections/SC_" + "0" * 24,
        "/collections/col_" + "0" * 24,
        "/collections/col_1",
        "/collections/Product-docs",
        "/collections/0b5a4f8e-7f0e-4d55-9f0a-3a5b7a4f1c11",
        "/collections/no-such-collection",
        "/sources/gopher",
        "/source-connections?collectionId=no-such-collection",
    ],
)
def test_404_for_what_is_not_there(path: str, sources: Sources) -> None:
    said = sources.get(path, 404)
    assert (said["success"], said["error"]) == (False, "not_found")


def test_404_for_a_collection_of_a_body(sources: Sources, world: World) -> None:
    for reference in ("none", "col_" + "0" * 24, "a b"):
        assert sources.post("/source-connections", body(world, collectionId=reference), 404)["error"] == "not_found"


def test_404_for_a_source_that_was_switched_off_and_for_one_whose_library_is_missing(sources: Sources) -> None:
    said = sources.get("/sources/oracle", 404)
    assert "./manage.py install oracle" in said["message"]
    assert "oracle" not in {source["shortName"] for source in sources.get("/sources")["sources"]}


def test_405_tells_what_is_allowed(sources: Sources, world: World) -> None:
    response = sources.client.patch(f"/api/v1/source-connections/{world.landed.uids['source']}")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, DELETE")
    assert response.json()["error"] == "method_not_allowed"


def test_413_for_a_body_that_is_too_large(sources: Sources, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert sources.post("/collections", {"name": "x" * 1001}, 413)["error"] == "too_large"


def test_429_above_600_a_minute(sources: Sources, settings: Settings) -> None:
    first = sources.client.get("/v1/sources")
    assert (first["X-RateLimit-Limit"], first["X-RateLimit-Remaining"]) == ("600", "599")
    settings.SOURCES_RATE_LIMIT = 1
    response = sources.client.get("/api/v1/sources")
    assert (response.status_code, response.json()["error"]) == (429, "rate_limited")
    assert 1 <= int(response["Retry-After"]) <= 60


def test_500_tells_the_request_and_nothing_else(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    sources.client.raise_request_exception = False
    monkeypatch.setattr("apps.sources.api.sources.catalogue.connectors.offered", lambda: 1 / 0)
    response = sources.client.get("/api/v1/sources")
    said = response.json()
    assert (response.status_code, said["error"]) == (500, "internal")
    assert said["requestId"] == response["X-Request-Id"]
    assert "Zero" not in str(said)


@pytest.mark.django_db(transaction=True)
def test_a_host_that_is_away_is_an_answer_and_a_refused_login_an_error(
    sources: Sources, docs: Docs, world: World, patient: None
) -> None:
    collection_id = world.landed.uids["spare_collection"]
    for change, status in (({"port": 1}, 200), ({"username": "nobody_here", "password": SECRET}, 400)):
        sent = docs.body(collection_id, credentials=docs.credentials | change)
        path = f"/source-connections/{sources.post('/source-connections', sent, 201)['sourceConnection']['id']}"
        said = sources.post(f"{path}/test", status=status)
        shown = sources.get(path)["sourceConnection"]["status"]
        if status == 200:
            message = f"{docs.credentials['host']}:1 could not be reached."
            assert said == {"success": False, "status": "error", "message": message}
            assert shown == "pending"
            assert sources.get(f"{path}/discover")["message"] == message
        else:
            assert (said["success"], said["error"], SECRET in str(said)) == (False, "invalid_credentials", False)
            assert shown == "needs_reauth"
            assert sources.get(f"{path}/discover", 400)["error"] == "invalid_credentials"


def test_what_takes_long_is_polled(sources: Sources, world: World) -> None:
    path = f"/source-connections/{world.landed.uids['source']}"
    for response in (
        sources.client.post(f"/api/v1{path}/test"),
        sources.client.get(f"/api/v1{path}/discover"),
    ):
        said = response.json()
        assert (response.status_code, said["success"], said["status"]) == (202, False, "pending")
        assert sources.client.get(response["Location"]).json()["id"] == said["jobId"]


def test_no_answer_shows_a_secret(sources: Sources, world: World) -> None:
    made = sources.post("/source-connections", body(world), 201)
    path = f"/source-connections/{made['sourceConnection']['id']}"
    answers = [made, sources.get(path), sources.get("/source-connections")]
    answers.append(sources.put(f"{path}/credentials", body(world)["credentials"], 202))
    assert SECRET not in str(answers)
    source = SourceConnection.objects.select_related("connection").latest("id")
    assert source.connection is not None
    assert SECRET not in str(vars(source)) + str(vars(source.connection))
