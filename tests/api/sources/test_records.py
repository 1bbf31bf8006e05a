"""POST …/records: what a program pushes is there at once."""

from typing import Any

import pytest

from apps.sources.models import Record
from tests.api.conftest import snapshot
from tests.api.sources.conftest import Sources
from tests.api.world import World


@pytest.fixture
def path(sources: Sources, world: World) -> str:
    """Of a new source connection to push to."""
    body = {"collectionId": "spare", "sourceShortName": "push", "name": "Pushed"}
    made = sources.post("/source-connections", body, 201)["sourceConnection"]
    return f"/source-connections/{made['id']}"


def test_are_inserted_updated_kept_and_deleted_by_their_ids(sources: Sources, path: str) -> None:
    first = [{"id": "a", "title": "Shipping", "content": "Two days."}, {"id": "b", "title": "Returns"}]
    later = [first[0], {"id": "b", "title": "Returns", "url": "https://acme.example/b"}, {"id": "c", "title": "Care"}]
    answers = [
        sources.post(f"{path}/records", {"records": first}),
        sources.post(f"{path}/records", {"records": later, "deleted": ["z"]}),
        sources.post(f"{path}/records", {"deleted": ["a", "c"]}),
    ]
    assert [tuple(answer.values()) for answer in answers] == [
        (True, 2, 0, 0, 0),
        (True, 1, 1, 1, 0),
        (True, 0, 0, 0, 2),
    ]
    [record] = Record.objects.filter(stream__source_connection__uid=path[-24:])
    assert (record.data["url"], record.version) == ("https://acme.example/b", 2)


def test_show_on_the_source_connection(sources: Sources, path: str) -> None:
    sources.post(f"{path}/records", {"stream": "faq", "records": [{"id": 1}, {"id": 2}]})
    shown = sources.get(path)["sourceConnection"]
    assert (shown["status"], shown["sourceShortName"], shown["credentials"]) == ("connected", "push", {})
    assert [(stream["name"], stream["records"]) for stream in shown["streams"]] == [("faq", 2)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"records": {}}, "records"),
        ({"records": [1]}, "records"),
        ({"records": [], "deleted": [None]}, "deleted"),
        ({"records": [], "deleted": "a"}, "deleted"),
        ({"stream": 7}, "stream"),
        ({"stream": "two\nlines"}, "stream"),
    ],
)
def test_refuses_what_is_no_list_of_records(body: dict[str, Any], field: str, sources: Sources, path: str) -> None:
    before = snapshot()
    said = sources.post(f"{path}/records", body, 400)
    assert (said["error"], {detail["field"] for detail in said["details"]}) == ("invalid_request", {field})
    assert snapshot() == before


def test_stores_none_where_one_cannot_be(sources: Sources, path: str) -> None:
    before = snapshot()
    said = sources.post(f"{path}/records", {"records": [{"id": "a"}, {"title": "without an id"}]}, 400)
    assert len(said["details"]) == 1
    assert snapshot() == before


def test_are_not_taken_where_records_are_read(sources: Sources, world: World) -> None:
    path = f"/source-connections/{world.landed.uids['source']}/records"
    assert sources.post(path, {"records": [{"id": "a"}]}, 400)["error"] == "invalid_request"


def test_there_is_nothing_to_sign_in_to_to_test_or_to_run(sources: Sources, path: str) -> None:
    assert sources.post(f"{path}/test")["success"] is True
    for method, rest in (("post", "/run"), ("put", "/credentials"), ("put", "/config")):
        assert getattr(sources, method)(f"{path}{rest}", {}, 400)["error"] == "invalid_request"
    assert sources.get(f"{path}/discover", 400)["error"] == "invalid_request"
    body = {"collectionId": "spare", "sourceShortName": "push", "name": "Pushed"}
    refused = sources.post("/source-connections", body | {"credentials": {"host": "db.example"}}, 400)
    assert (refused["error"], refused["details"][0]["field"]) == ("invalid_credentials", "host")
    assert sources.post("/source-connections", body | {"sync": True}, 400)["details"][0]["field"] == "sync"
