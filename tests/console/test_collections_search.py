"""The search box of a collection: a page that the server makes, and that works without a script."""

from typing import Any

import pytest
from django.test import Client

from apps.sources import services as sources
from apps.sources.models import Collection
from apps.sources.queries.search.marking import marked, sought
from tests.apps.sources.shop import AT, Shop, synced
from tests.conftest import Cast
from tests.console.conftest import SignIn

NOTE = "The kettle leaks when it is poured.\nPlease send another one."


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.viewer)


@pytest.fixture
def collection(landed: Shop) -> Collection:
    landed.add(7, note=NOTE)
    landed.add(8, 9, note="ring twice")
    synced(landed.connect(config={"titleColumn": "number"}))
    return landed.collection


def searched(client: Client, collection: Collection, query: str, **asked: object) -> Any:
    response = client.get(f"/admin/sources/collection/{collection.pk}/search/", {"q": query, **asked})
    assert response.status_code == 200
    return response


def titles(found: Any) -> list[str]:
    return [shown.result.title for shown in found.context["results"]]


def test_shows_what_was_found_where(client: Client, collection: Collection) -> None:
    found = searched(client, collection, "leaking kettles")
    assert titles(found) == ["INV-7"]
    text = found.content.decode()
    assert "The <mark>kettle</mark> <mark>leaks</mark> when it is poured.\nPlease send another one." in text
    source = collection.source_connections.get()
    assert f'<a href="/admin/sources/sourceconnection/{source.pk}/change/">Shop</a>' in text
    assert "· orders · sqlite ·" in text


def test_finds_a_code(client: Client, collection: Collection) -> None:
    assert titles(searched(client, collection, "inv-8"))[0] == "INV-8"


def test_says_that_nothing_is_found(client: Client, collection: Collection) -> None:
    assert "Nothing is found." in searched(client, collection, "submarine").content.decode()


def test_asks_nothing_without_a_query(client: Client, collection: Collection) -> None:
    found = searched(client, collection, "  ")
    assert "results" not in found.context
    assert "Searches look into every record of Shop" in found.content.decode()


def test_narrows_by_columns(client: Client, collection: Collection) -> None:
    asked = {"field": ["id", ""], "operator": ["gt", "equals"], "value": ["8", ""]}
    assert titles(searched(client, collection, "ring", **asked)) == ["INV-9"]
    several = {"field": "number", "operator": "in", "value": "INV-8, INV-7"}
    assert titles(searched(client, collection, "ring", **several)) == ["INV-8"]


def test_tells_warnings_and_refusals_in_words(client: Client, collection: Collection) -> None:
    unknown = searched(client, collection, "ring", field="colour", operator="equals", value="red")
    assert "No stream of this collection has a field &#x27;colour&#x27;" in unknown.content.decode()
    unfit = searched(client, collection, "ring", field="id", operator="gt", value="many")
    assert "holds numbers" in unfit.content.decode()
    assert "A query has at most 1,000 characters." in searched(client, collection, "x" * 1_001).content.decode()


def test_pages_through_many(client: Client, landed: Shop) -> None:
    landed.add(*range(1, 14))
    synced(landed.connect(config={"titleColumn": "number"}))
    first = searched(client, landed.collection, "ring")
    assert (len(titles(first)), first.context["before"], first.context["behind"]) == (10, "", "?q=ring&offset=10")
    second = searched(client, landed.collection, "ring", offset="10")
    assert (len(titles(second)), second.context["before"], second.context["behind"]) == (3, "?q=ring&offset=0", "")
    assert len({*titles(first), *titles(second)}) == 13


@pytest.mark.parametrize("offset", ["x", "-1", "²", "9" * 30])
def test_takes_no_number_for_the_beginning(offset: str, client: Client, collection: Collection) -> None:
    assert searched(client, collection, "ring", offset=offset).context["query"] == "ring"


def test_says_what_a_removed_source_connection_left(client: Client, collection: Collection) -> None:
    sources.remove(source_connection=collection.source_connections.get(), delete_data=False, at=AT)
    text = searched(client, collection, "kettle").content.decode()
    assert ">orphaned</span>" in text
    assert "/admin/sources/sourceconnection/" not in text.split('class="cd-results"')[1].split("</ol>")[0]


@pytest.mark.parametrize(("url", "is_link"), [("https://a.example/1", True), ("javascript:alert(1)", False)])
def test_leads_to_its_system_by_web_addresses_alone(url: str, is_link: bool, client: Client, landed: Shop) -> None:
    push = sources.create_push(collection=landed.collection, name="Pushed")
    record = {"id": "1", "title": "Shipping", "content": "Two days.", "url": url}
    sources.push(source_connection=push, stream="pages", records=[record], deleted=[], at=AT)
    text = searched(client, landed.collection, "shipping").content.decode()
    assert (f'href="{url}"' in text) is is_link


def test_marks_whole_words(collection: Collection) -> None:
    pattern = sought(collection, "leaks, INV-7")
    assert marked("It leaked: inv-71, not pinv-7", pattern) == [
        ("It ", False),
        ("leaked", True),
        (": ", False),
        ("inv-71", True),
        (", not pinv-7", False),
    ]
    assert marked("", pattern) == []
    assert marked("all of it", sought(collection, "the")) == [("all of it", False)]
