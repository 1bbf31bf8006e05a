"""Records that their owner gives."""

from typing import Any

import pytest

from apps.errors import Invalid, NotFound
from apps.sources import services as sources
from apps.sources.models import Record, SourceConnection, Stream
from apps.sources.queries.search import search
from apps.sources.services import Pushed
from tests.apps.sources.shop import AT, Shop, counted, live


@pytest.fixture
def source(shop: Shop) -> SourceConnection:
    return sources.create_push(collection=shop.collection, name="Pushed")


def push(source: SourceConnection, *records: Any, **more: Any) -> Pushed:
    return sources.push(source_connection=source, records=list(records), at=AT, **more)


def found(shop: Shop, query: str) -> list[Any]:
    return sorted(result.fields["id"] for result in search(collection=shop.collection, query=query).results)


def test_lands_changes_keeps_and_removes(shop: Shop, source: SourceConnection) -> None:
    assert push(source, {"id": "a", "content": "walrus"}, {"id": "b", "content": "seal"}) == Pushed(inserted=2)
    assert push(source, {"id": "a", "content": "walrus"}, {"id": "b", "content": "orca"}) == Pushed(updated=1, kept=1)
    assert (found(shop, "walrus"), found(shop, "seal"), found(shop, "orca")) == (["a"], [], ["b"])
    assert push(source, {"id": "c"}, deleted=["a", "nobody"]) == Pushed(inserted=1, deleted=1)
    assert ([record.key for record in live(shop.collection)], counted(shop.collection)) == (["b", "c"], 2)
    assert found(shop, "walrus") == []


def test_of_an_id_that_comes_twice_the_last_one_counts(shop: Shop, source: SourceConnection) -> None:
    assert push(source, {"id": "a", "n": 1}, {"id": "b"}, {"id": "a", "n": 2}) == Pushed(inserted=2)
    assert live(shop.collection)[0].data == {"id": "a", "n": 2}


def test_numbers_are_ids_as_well(shop: Shop, source: SourceConnection) -> None:
    push(source, {"id": 7}, {"id": 2**63, "n": "large"})
    assert push(source, {"id": "7", "note": "the same"}, deleted=[2**63]) == Pushed(updated=1, deleted=1)


def test_streams_are_apart(shop: Shop, source: SourceConnection) -> None:
    push(source, {"id": "a"}, stream="one")
    assert push(source, {"id": "a"}, stream="two") == Pushed(inserted=1)
    assert list(Stream.objects.values_list("label", "record_count")) == [("one", 1), ("two", 1)]


def test_tells_the_columns_of_all_that_was_pushed(source: SourceConnection) -> None:
    push(source, {"id": "a", "title": "A", "n": 1, "nothing": None})
    push(source, {"id": "b", "n": "two", "tags": ["x"], "url": "https://shop.example"})
    assert Stream.objects.get().columns == [
        {"name": "id", "kind": "text", "role": ""},
        {"name": "title", "kind": "text", "role": "title"},
        {"name": "n", "kind": "text", "role": ""},
        {"name": "tags", "kind": "json", "role": ""},
        {"name": "url", "kind": "text", "role": "url"},
    ]


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({}, "records.1"),
        ({"id": None}, "records.1"),
        ({"id": ""}, "records.1"),
        ({"id": True}, "records.1"),
        ({"id": 1.5}, "records.1"),
        ({"id": "x" * 513}, "records.1"),
        ({"id": "b", "text": "x" * 17_000_000}, "records.1"),
        ({"id": "b", "n": 2**64}, "records.1"),
        ({"id": "b", "text": "\ud800"}, "records.1"),
        ({"id": "\ud800"}, "records.1"),
    ],
)
def test_lands_all_or_none(record: Any, field: str, source: SourceConnection) -> None:
    with pytest.raises(Invalid) as refused:
        push(source, {"id": "a"}, record)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert not Record.objects.exists()
    assert not Stream.objects.exists()


def test_refuses_too_many_at_once(source: SourceConnection) -> None:
    with pytest.raises(Invalid) as refused:
        push(source, *({"id": number} for number in range(10_001)))
    assert refused.value.field == "records"
    with pytest.raises(Invalid) as refused:
        push(source, {"id": "a", **{f"column {number}": 1 for number in range(1_000)}})
    assert refused.value.field == "records"
    assert not Record.objects.exists()


def test_text_that_postgresql_cannot_hold_is_kept_readable(shop: Shop, source: SourceConnection) -> None:
    push(source, {"id": "a\0", "text": "x\0y\\u0000\t\\n", "tags": ["\0"]})
    [record] = live(shop.collection)
    assert (record.key, record.data["text"], record.data["tags"]) == ("a\u2400", "x\u2400y\\u0000\t\\n", ["\u2400"])
    assert push(source, {"id": "a\0", "text": "z"}) == Pushed(updated=1)


def test_nothing_is_pushed_to_what_is_read_or_is_gone(shop: Shop, source: SourceConnection) -> None:
    with pytest.raises(Invalid) as refused:
        push(shop.connect(), {"id": "a"})
    assert refused.value.code == "not_pushable"
    push(source, {"id": "a"})
    sources.remove(source_connection=source, delete_data=True, at=AT)
    with pytest.raises(NotFound):
        push(source, {"id": "b"})
    assert live(shop.collection) == []


def test_what_was_cleared_can_be_pushed_again(shop: Shop, source: SourceConnection) -> None:
    push(source, {"id": "a", "content": "walrus"})
    assert sources.clear(source_connection=source, at=AT) == 1
    assert (found(shop, "walrus"), counted(shop.collection)) == ([], 0)
    assert push(source, {"id": "a", "content": "walrus"}) == Pushed(inserted=1)
    assert found(shop, "walrus") == ["a"]
