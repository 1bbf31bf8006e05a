"""Searching a collection over HTTP."""

import json
from typing import Any

import pytest

from apps.sources import services as sources_services
from apps.sources.models import Collection, Stream
from engine.schema import Kind
from tests.api.sources.conftest import Sources
from tests.api.world import World
from tests.apps.sources.library import Library
from tests.conftest import Cast, ClientOf

OFF = {
    "code": "vectors_unavailable",
    "message": "Found by words alone. Search by meaning is switched off (EMBEDDER=none).",
}
COLUMNS = {"number": Kind.TEXT, "title": Kind.TEXT, "amount": Kind.DECIMAL, "url": Kind.TEXT}
ROWS = [
    {"number": "INV-20931", "title": "Two printers", "amount": "812.50", "url": "https://shop.example/1"},
    {"number": "INV-20932", "title": "Paper for a printer", "amount": "40.00", "url": None},
]


@pytest.fixture
def library(cast: Cast) -> Library:
    return Library(cast.acme, name="Invoices")


@pytest.fixture
def invoices(library: Library) -> Stream:
    return library.stream("shop.invoices", COLUMNS, ROWS)


def test_answers_as_the_vendor_does(sources: Sources, library: Library, invoices: Stream) -> None:
    body = {"collectionId": f"col_{library.collection.uid}", "query": "two printers"}

    answer = sources.post("/search", body)

    took = answer.pop("took")
    first, second = answer.pop("results")
    assert 0 <= took < 5_000
    assert answer == {"success": True, "query": "two printers", "warnings": [OFF]}
    updated_at = first["metadata"].pop("updatedAt")
    assert updated_at.endswith("Z")
    assert first == {
        "id": first["id"],
        "score": 1.0,
        "content": "number: INV-20931\ntitle: Two printers\namount: 812.50\nurl: https://shop.example/1",
        "metadata": {
            "source": "push",
            "sourceConnectionId": f"sc_{library.source.uid}",
            "sourceConnectionName": "Shelves",
            "stream": "shop.invoices",
            "title": "Two printers",
            "url": "https://shop.example/1",
            "orphaned": False,
            "fields": ROWS[0],
        },
    }
    assert first["id"].startswith("rec_")
    assert second["score"] < 1
    assert second["metadata"]["url"] is None


@pytest.mark.parametrize("reference", ["id", "uuid", "readable id"])
def test_takes_a_collection_by_any_of_its_ids(
    sources: Sources, library: Library, invoices: Stream, reference: str
) -> None:
    collection: Collection = library.collection
    known = {"id": f"col_{collection.uid}", "uuid": str(collection.uuid), "readable id": "invoices"}[reference]

    assert len(sources.get(f"/collections/{known}/search", query="INV-20931")["results"]) == 1
    assert len(sources.post("/search", {"collectionId": known, "query": "INV-20931"})["results"]) == 1


def test_answers_under_both_prefixes(library: Library, invoices: Stream, sources: Sources) -> None:
    other = Sources(sources.client, "/v1")

    assert len(other.get("/collections/invoices/search", query="printers")["results"]) == 2
    assert len(other.post("/search", {"collectionId": "invoices", "query": "printers"})["results"]) == 2


def test_filters_and_pages(sources: Sources, library: Library, invoices: Stream) -> None:
    cheap = [{"field": "amount", "operator": "lt", "value": 100}]

    by_get = sources.get("/collections/invoices/search", query="printer", filters=json.dumps(cheap))
    by_post = sources.post("/search", {"collectionId": "invoices", "query": "printer", "filters": cheap})
    second = sources.get("/collections/invoices/search", query="printer", limit=1, offset=1)

    assert [each["metadata"]["fields"]["number"] for each in by_get["results"]] == ["INV-20932"]
    assert [each["metadata"]["fields"]["number"] for each in by_post["results"]] == ["INV-20932"]
    assert len(second["results"]) == 1


def test_warns_of_what_needs_a_language_model(sources: Sources, library: Library, invoices: Stream) -> None:
    wishes = {"rerank": True, "expandQuery": True, "generateAnswer": True}

    answer = sources.post("/search", {"collectionId": "invoices", "query": "printers", **wishes})
    completion = sources.get("/collections/invoices/search", query="printers", responseType="completion")

    assert len(answer["results"]) == len(completion["results"]) == 2
    assert [warning["message"] for warning in answer["warnings"] if warning["code"] == "no_language_model"] == [
        "The results were not ranked again: no language model is configured.",
        "The query was not expanded: no language model is configured.",
        "No answer was generated: no language model is configured.",
    ]
    assert [warning["message"] for warning in completion["warnings"] if warning["code"] == "no_language_model"] == [
        "No completion was generated: no language model is configured."
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "query"),
        ({"query": " "}, "query"),
        ({"query": "x", "limit": "0"}, "limit"),
        ({"query": "x", "limit": "101"}, "limit"),
        ({"query": "x", "offset": "-1"}, "offset"),
        ({"query": "x", "responseType": "poem"}, "responseType"),
        ({"query": "x", "filters": "{"}, "filters"),
        ({"query": "x", "filters": '{"field": "a"}'}, "filters"),
        ({"query": "x", "filters": '[{"field": "title", "operator": "near", "value": 1}]'}, "filters.0.operator"),
        ({"query": "x", "filters": '[{"field": "title", "value": "\\u0000"}]'}, "filters.0.value"),
    ],
)
def test_refuses_a_malformed_query(
    sources: Sources, library: Library, invoices: Stream, query: dict[str, str], field: str
) -> None:
    answer = sources.get("/collections/invoices/search", 400, **query)

    assert (answer["error"], [detail["field"] for detail in answer["details"]]) == ("invalid_request", [field])


def test_refuses_a_malformed_body_with_all_that_is_wrong(sources: Sources, library: Library) -> None:
    wrong = {"query": 5, "limit": "many", "filters": {}, "rerank": "yes"}

    answer = sources.post("/search", wrong, 400)

    assert {detail["field"] for detail in answer["details"]} == {"collectionId", "query", "limit", "filters", "rerank"}


def test_shows_nothing_of_another_organization(
    cast: Cast, client_of: ClientOf, library: Library, invoices: Stream
) -> None:
    stranger = Sources(client_of(cast.stranger))

    assert stranger.get("/collections/invoices/search", 404, query="printers")["error"] == "not_found"
    body = {"collectionId": f"col_{library.collection.uid}", "query": "printers"}
    assert stranger.post("/search", body, 404)["error"] == "not_found"


def test_lets_those_search_who_may_only_read(
    cast: Cast, client_of: ClientOf, library: Library, invoices: Stream
) -> None:
    viewer = Sources(client_of(cast.viewer))

    assert len(viewer.post("/search", {"collectionId": "invoices", "query": "printers"})["results"]) == 2


def test_keeps_a_key_to_its_collections(
    cast: Cast, client_of: ClientOf, library: Library, invoices: Stream, world: World
) -> None:
    confined = Sources(client_of(cast.editor, f"collection:col_{library.collection.uid}"))
    other = f"col_{world.uids['collection'].removeprefix('col_')}"

    assert len(confined.post("/search", {"collectionId": "invoices", "query": "printers"})["results"]) == 2
    assert confined.post("/search", {"collectionId": other, "query": "x"}, 403)["error"] == "forbidden"


def test_answers_nothing_once_the_data_was_cleared(sources: Sources, library: Library, invoices: Stream) -> None:
    sources.delete(f"/source-connections/sc_{library.source.uid}/data")

    assert sources.get("/collections/invoices/search", query="INV-20931")["results"] == []


def test_says_of_a_collection_how_far_its_vectors_are(sources: Sources, library: Library) -> None:
    vectors = sources.get("/collections/invoices")["collection"]["vectors"]

    reason = "Search by meaning is switched off (EMBEDDER=none)."
    assert vectors == {"state": "off", "percent": 0, "model": "", "dimension": 0, "reason": reason}


def test_serves_what_was_pushed(sources: Sources, library: Library) -> None:
    source = sources_services.create_push(collection=library.collection, name="Pushed")
    records: list[dict[str, Any]] = [{"id": "a-1", "title": "Returns", "content": "Within thirty days."}]

    sources.post(f"/source-connections/sc_{source.uid}/records", {"stream": "help", "records": records})

    [result] = sources.get("/collections/invoices/search", query="thirty days")["results"]
    assert (result["metadata"]["title"], result["metadata"]["stream"]) == ("Returns", "help")
