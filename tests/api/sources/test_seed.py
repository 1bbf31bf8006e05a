"""The seed, request by request, with a real PostgreSQL behind it."""

import re
import time
from typing import Any

import pytest
from django.db.models import F

from apps.sources.models import Record
from tests.api.sources.conftest import Docs, Sources
from tests.api.world import World
from tests.conftest import Cast, ClientOf

pytestmark = pytest.mark.django_db(transaction=True)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def collection_id(world: World) -> str:
    return world.landed.uids["spare_collection"]


@pytest.fixture
def path(sources: Sources, docs: Docs, collection_id: str, patient: None) -> str:
    """Of a new source connection to the real database."""
    made = sources.post("/source-connections", docs.body(collection_id), 201)
    return f"/source-connections/{made['sourceConnection']['id']}"


def synced(sources: Sources, path: str, **body: Any) -> dict[str, Any]:
    """What a sync that was run to its end says of itself."""
    sync_id = sources.post(f"{path}/run", body or None, 202)["syncId"]
    deadline = time.monotonic() + 30
    while (sync := sources.get(f"{path}/syncs/{sync_id}")["sync"])["status"] in {"queued", "running"}:
        assert time.monotonic() < deadline, sync
        time.sleep(0.05)
    return sync


def shown(sources: Sources, path: str) -> dict[str, Any]:
    found: dict[str, Any] = sources.get(path)["sourceConnection"]
    return found


def counts(said: dict[str, Any]) -> tuple[int, ...]:
    return tuple(said[name] for name in ("inserted", "updated", "deleted", "kept", "failed"))


def test_list_available_sources(sources: Sources) -> None:
    answer = sources.get("/sources")
    found = {source["shortName"]: source for source in answer["sources"]}
    postgresql = found["postgresql"]
    assert answer["success"] is True
    assert re.fullmatch("src_[0-9a-f]{24}", postgresql.pop("id"))
    assert postgresql == {
        "name": "PostgreSQL",
        "shortName": "postgresql",
        "description": "Tables, views and queries of a PostgreSQL database.",
        "authMethods": ["credentials"],
        "labels": ["database"],
        "supportsContinuous": True,
    }
    assert {"mysql", "mariadb", "sqlite", "folder", "sftp", "ftp", "s3", "http_files", "push"} <= set(found)


def test_get_source_details(sources: Sources) -> None:
    source = sources.get("/sources/postgresql")["source"]
    fields = [{name: field[name] for name in ("name", "type", "required")} for field in source["authFields"]]
    assert fields[:5] == [
        {"name": "host", "type": "string", "required": True},
        {"name": "port", "type": "number", "required": True},
        {"name": "database", "type": "string", "required": True},
        {"name": "username", "type": "string", "required": True},
        {"name": "password", "type": "password", "required": True},
    ]
    assert (source["shortName"], source["name"], source["authMethods"]) == ("postgresql", "PostgreSQL", ["credentials"])


def test_create_source_connection(sources: Sources, docs: Docs, collection_id: str) -> None:
    answer = sources.post("/source-connections", docs.body(collection_id), 201)
    made = answer["sourceConnection"]
    assert answer["success"] is True
    assert re.fullmatch("sc_[0-9a-f]{24}", made["id"])
    assert MOMENT.fullmatch(made["createdAt"])
    assert (made["name"], made["status"], made["collectionId"]) == ("Production Database", "pending", collection_id)


def test_list_source_connections(sources: Sources, path: str, collection_id: str) -> None:
    found = sources.get("/source-connections", collectionId=collection_id)
    assert [path.endswith(row["id"]) for row in found["sourceConnections"]] == [True]
    assert (found["total"], found["limit"], found["offset"]) == (1, 100, 0)
    assert sources.get("/source-connections")["total"] == 5


def test_get_source_connection(sources: Sources, path: str, docs: Docs) -> None:
    before = shown(sources, path)
    assert (before["status"], before["lastSync"], before["streams"]) == ("pending", None, [])
    assert before["credentials"].items() >= {key: docs.credentials[key] for key in ("host", "port", "username")}.items()
    assert "password" not in before["credentials"]
    synced(sources, path)
    after = shown(sources, path)
    [articles, notes] = after["streams"]
    assert (after["status"], after["totals"]) == ("connected", {"streams": 2, "records": 3})
    assert (articles["name"], articles["records"], counts(articles["lastRun"])) == (
        "public.articles",
        3,
        (3, 0, 0, 0, 0),
    )
    assert (notes["name"], notes["records"]) == ("public.notes", 0)
    assert (after["lastSync"]["status"], counts(after["lastSync"])) == ("completed", (3, 0, 0, 0, 0))


def test_test_connection(sources: Sources, path: str) -> None:
    answer = sources.post(f"{path}/test")
    assert answer == {"success": True, "status": "connected", "message": "Connection successful"}
    assert shown(sources, path)["status"] == "connected"


def test_run_sync(sources: Sources, path: str, docs: Docs) -> None:
    answer = sources.post(f"{path}/run", status=202)
    assert (answer["success"], answer["status"]) == (True, "started")
    assert re.fullmatch("sync_[0-9a-f]{24}", answer["syncId"])
    while shown(sources, path)["status"] == "syncing":
        time.sleep(0.05)
    assert counts(synced(sources, path, mode="full")) == (0, 0, 0, 3, 0)
    docs.say("DELETE FROM articles WHERE id = 1; UPDATE articles SET body = 'Sixty days.' WHERE id = 2")
    assert counts(synced(sources, path)) == (0, 1, 1, 1, 0)
    assert sources.get(f"{path}/syncs")["total"] == 3


def test_update_credentials(sources: Sources, path: str, docs: Docs) -> None:
    other = {**docs.credentials, "password": "another secret"}
    for body in ({"credentials": other}, docs.credentials):
        answer = sources.put(f"{path}/credentials", body)
        assert (answer["success"], answer["status"]) == (True, "connected")
        assert "secret" not in str(answer)
    refused = sources.put(f"{path}/credentials", {**docs.credentials, "username": "nobody_here"}, 400)
    assert refused["error"] == "invalid_credentials"
    assert shown(sources, path)["credentials"]["username"] == docs.credentials["username"]
    assert sources.post(f"{path}/test")["success"] is True


def test_update_configuration(sources: Sources, path: str) -> None:
    synced(sources, path)
    config = {"tables": ["public.articles"], "columns": {"public.articles": {"exclude": ["salary"]}}, "rowLimit": 2}
    answer = sources.put(f"{path}/config", config)
    assert (answer["success"], answer["sourceConnection"]["config"]) == (True, config)
    assert [stream["name"] for stream in answer["sourceConnection"]["streams"]] == ["public.articles"]
    synced(sources, path, mode="full")
    live = Record.objects.filter(stream__label="public.articles", generation=F("stream__generation"))
    assert [sorted(data) for data in live.values_list("data", flat=True)] == [["body", "id", "title"]] * 2
    refused = sources.put(f"{path}/config", {"tables": ["public.none"], "rowLimit": 1}, 400)
    assert (refused["error"], [detail["field"] for detail in refused["details"]]) == ("invalid_request", ["tables"])
    assert shown(sources, path)["config"] == config


def test_clear_indexed_data(sources: Sources, path: str) -> None:
    synced(sources, path)
    assert sources.delete(f"{path}/data") == {"success": True, "deletedRecords": 3}
    assert shown(sources, path)["totals"] == {"streams": 2, "records": 0}
    assert counts(synced(sources, path)) == (3, 0, 0, 0, 0)


@pytest.mark.parametrize(("query", "deleted", "retained"), [("", 0, 3), ("?deleteData=true", 3, 0)])
def test_delete_source_connection(query: str, deleted: int, retained: int, sources: Sources, path: str) -> None:
    synced(sources, path)
    answer = sources.delete(f"{path}{query}")
    assert answer == {"success": True, "deletedRecords": deleted, "retainedRecords": retained}
    assert sources.get(path, 404)["error"] == "not_found"


def test_both_prefixes_lead_to_the_same(cast: Cast, client_of: ClientOf, sources: Sources, path: str) -> None:
    short = Sources(client_of(cast.editor), "/v1")
    assert short.get(path) == sources.get(path)
    assert short.get("/sources") == sources.get("/sources")


def test_is_tested_and_synced_as_it_is_made(sources: Sources, docs: Docs, collection_id: str, patient: None) -> None:
    made = sources.post("/source-connections", docs.body(collection_id, verify=True, sync=True), 201)
    path = f"/source-connections/{made['sourceConnection']['id']}"
    assert re.fullmatch("sync_[0-9a-f]{24}", made["syncId"])
    while shown(sources, path)["status"] == "syncing":
        time.sleep(0.05)
    assert shown(sources, path)["totals"] == {"streams": 2, "records": 3}


def test_what_fails_its_test_is_not_made(sources: Sources, docs: Docs, collection_id: str, patient: None) -> None:
    for change, error in (
        ({"username": "nobody_here"}, "invalid_credentials"),
        ({"port": 1}, "invalid_request"),
    ):
        body = docs.body(collection_id, verify=True)
        refused = sources.post("/source-connections", body | {"credentials": docs.credentials | change}, 400)
        assert refused["error"] == error
    assert sources.get("/source-connections", collectionId=collection_id)["total"] == 0


def test_discover(sources: Sources, path: str) -> None:
    found = sources.get(f"{path}/discover")
    articles = next(table for table in found["tables"] if table["name"] == "public.articles")
    assert (found["success"], found["schemas"], articles["key"]) == (True, ["public"], ["id"])
    assert articles["columns"][:2] == [
        {"name": "id", "type": "integer", "nullable": False},
        {"name": "title", "type": "text", "nullable": False},
    ]


def test_events_tell_what_happened_after(sources: Sources, path: str) -> None:
    first = synced(sources, path)["id"]
    events = sources.get(f"{path}/events")
    assert [event["message"] for event in events["events"] if event["level"] == "state"] == [
        "queued",
        "running",
        "completed",
    ]
    assert {event["syncId"] for event in events["events"]} == {first}
    assert sources.get(f"{path}/events", after=events["after"])["events"] == []
    second = synced(sources, path)["id"]
    later = sources.get(f"{path}/events", after=events["after"])
    assert {event["syncId"] for event in later["events"]} == {second}
    assert later["after"] > events["after"]


def test_tells_how_a_system_is_followed(sources: Sources, world: World) -> None:
    source = world.landed.source
    source.follow = {"name": f"crossdock_{source.uid}", "reason": "", "left_out": {"public.log": "It has no key."}}
    source.follow |= {"lag_bytes": 10, "retained_bytes": 20, "at": "2026-12-01T12:00:00+00:00"}
    source.save()
    assert sources.get(f"/source-connections/sc_{source.uid}")["sourceConnection"]["following"] == {
        "reason": "",
        "leftOut": {"public.log": "It has no key."},
        "lagBytes": 10,
        "retainedBytes": 20,
        "at": "2026-12-01T12:00:00+00:00",
    }
