"""Filters on columns of every kind, and on what is told about records."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.errors import Invalid
from apps.sources.models import Record
from apps.sources.queries.search import search
from engine.schema import Kind, RawJson
from tests.apps.sources.library import Library

COLUMNS = {
    "id": Kind.INTEGER,
    "word": Kind.TEXT,
    "amount": Kind.DECIMAL,
    "weight": Kind.FLOAT,
    "paid": Kind.BOOLEAN,
    "day": Kind.DATE,
    "hour": Kind.TIME,
    "at": Kind.TIMESTAMP,
    "seen": Kind.TIMESTAMPTZ,
    "uid": Kind.UUID,
    "tags": Kind.ARRAY,
    "address": Kind.JSON,
    "price": Kind.TEXT,
    'it\'s "odd" %s': Kind.TEXT,
    "title": Kind.TEXT,
}
UID = "0b5a4f8e-7f0e-4d55-9f0a-3a5b7a4f1c11"
ONE = {
    "id": 1,
    "word": "Öl & Essig 100%",
    "amount": "9.50",
    "weight": 1.5,
    "paid": True,
    "day": "2024-02-29",
    "hour": "09:30:00",
    "at": "2024-02-29 23:59:59.5",
    "seen": "2024-02-29 12:00:00+00:00",
    "uid": UID,
    "tags": RawJson('["red", "blue"]'),
    "address": RawJson('{"city": "Bonn", "zip": 53111}'),
    "price": "9.5",
    'it\'s "odd" %s': "yes",
    "title": "First",
}
TWO = {
    "id": 2,
    "word": "Brot",
    "amount": "100.00",
    "weight": -3.0,
    "paid": False,
    "day": "2024-03-01",
    "hour": "17:00:00.25",
    "at": "2024-03-01 00:00:00",
    "seen": "2024-02-29 13:00:00+00:00",
    "uid": "ffffffff-7f0e-4d55-9f0a-3a5b7a4f1c11",
    "tags": RawJson("[]"),
    "address": None,
    "price": "100",
    'it\'s "odd" %s': "no",
    "title": "Second",
}
THREE = {**dict.fromkeys(COLUMNS), "id": 3, "word": "nothing else", "price": "unknown", "amount": "NaN"}

Find = Callable[..., list[int]]


@pytest.fixture(autouse=True)
def by_words(settings: Settings) -> None:
    settings.EMBEDDING = {**settings.EMBEDDING, "name": "none"}


@pytest.fixture
def library(db: None) -> Library:
    library = Library(Organization.objects.create(name="Acme"))
    rows = [{**row, "mark": "marked"} for row in (ONE, TWO, THREE)]
    library.stream("shop.items", {**COLUMNS, "mark": Kind.TEXT}, rows)
    return library


@pytest.fixture
def find(library: Library) -> Find:
    """`find(field, operator, value)`: the ids of the rows that the filter leaves."""

    def find(field: str, operator: str, *value: Any) -> list[int]:
        told = {"field": field, "operator": operator} | ({"value": value[0]} if value else {})
        return _ids(library, [told])

    return find


def _ids(library: Library, filters: Any) -> list[int]:
    answer = search(collection=library.collection, query="marked", filter_list=filters)
    return sorted(result.fields["id"] for result in answer.results)


@pytest.mark.parametrize(
    ("field", "operator", "value", "ids"),
    [
        ("id", "equals", 1, [1]),
        ("id", "eq", "1", [1]),
        ("id", "!=", 1, [2, 3]),
        ("id", "in", [1, 3, 99], [1, 3]),
        ("id", "not_in", [1, 3], [2]),
        ("id", "in", [], []),
        ("amount", "gt", 9.5, [2]),
        ("amount", ">=", "9.500", [1, 2]),
        ("amount", "lt", 100, [1]),
        ("amount", "<=", 1e3, [1, 2]),
        ("amount", "=", 100, [2]),
        ("weight", "lt", 0, [2]),
        ("weight", "equals", 1.50, [1]),
        ("price", "gt", 9, [1, 2]),
        ("price", "gt", "10", [2]),
        ("price", "equals", 100, [2]),
        ("price", "equals", "100", [2]),
        ("price", "equals", "100.0", []),
        ("price", "equals", 100.0, [2]),
        ("paid", "equals", True, [1]),
        ("paid", "equals", "false", [2]),
        ("paid", "not_equals", True, [2, 3]),
    ],
)
def test_compares_numbers_as_numbers(find: Find, field: str, operator: str, value: Any, ids: list[int]) -> None:
    assert find(field, operator, value) == ids


@pytest.mark.parametrize(
    ("field", "operator", "value", "ids"),
    [
        ("day", "equals", "2024-02-29", [1]),
        ("day", "after", "2024-02-29", [2]),
        ("day", "lte", "2024-02-29T23:00:00Z", [1]),
        ("hour", "before", "10:00", [1]),
        ("hour", "equals", "09:30", [1]),
        ("at", "equals", "2024-02-29T23:59:59.500", [1]),
        ("at", "gte", "2024-03-01", [2]),
        ("at", "lt", "2024-03-01T00:00:00Z", [1]),
        ("seen", "equals", "2024-02-29T13:00:00+01:00", [1]),
        ("seen", "gt", "2024-02-29T12:00:00Z", [2]),
        ("seen", "in", ["2024-02-29 12:00:00"], [1]),
        ("at", "starts_with", "2024-02", [1]),
    ],
)
def test_compares_moments_as_moments(find: Find, field: str, operator: str, value: Any, ids: list[int]) -> None:
    assert find(field, operator, value) == ids


@pytest.mark.parametrize(
    ("field", "operator", "value", "ids"),
    [
        ("word", "equals", "Brot", [2]),
        ("word", "equals", "brot", []),
        ("word", "contains", "ESSIG", [1]),
        ("word", "contains", "100%", [1]),
        ("word", "contains", "%", [1]),
        ("word", "contains", "_", []),
        ("word", "starts_with", "br", [2]),
        ("word", "in", ["Brot", "Butter"], [2]),
        ("word", "gt", "c", [1, 3]),
        ("uid", "equals", UID, [1]),
        ("tags", "contains", "red", [1]),
        ("tags", "contains", ["red", "blue"], [1]),
        ("tags", "equals", [], [2]),
        ("address", "contains", {"city": "Bonn"}, [1]),
        ("address", "contains", "bonn", [1]),
        ("address", "equals", {"zip": 53111, "city": "Bonn"}, [1]),
        ('it\'s "odd" %s', "equals", "yes", [1]),
    ],
)
def test_compares_words_and_what_is_nested(find: Find, field: str, operator: str, value: Any, ids: list[int]) -> None:
    assert find(field, operator, value) == ids


@pytest.mark.parametrize(
    ("operator", "value", "ids"),
    [
        ("exists", (), [1]),
        ("exists", (True,), [1]),
        ("exists", (False,), [2, 3]),
        ("is_null", (), [2, 3]),
        ("is_null", (False,), [1]),
        ("equals", (None,), [2, 3]),
        ("not_equals", (None,), [1]),
    ],
)
def test_knows_what_has_no_value(find: Find, operator: str, value: tuple[Any, ...], ids: list[int]) -> None:
    assert find("address", operator, *value) == ids


@pytest.mark.parametrize(
    ("field", "operator", "value", "ids"),
    [
        ("source", "equals", "push", [1, 2, 3]),
        ("source", "equals", "postgresql", []),
        ("source", "not_equals", "postgresql", [1, 2, 3]),
        ("stream", "equals", "shop.items", [1, 2, 3]),
        ("stream", "starts_with", "other", []),
        ("sourceConnectionName", "contains", "shel", [1, 2, 3]),
        ("title", "equals", "Second", [2]),
        ("metadata.title", "equals", "Second", [2]),
        ("fields.title", "equals", "Second", [2]),
    ],
)
def test_filters_by_what_is_told_about_records(
    find: Find, field: str, operator: str, value: Any, ids: list[int]
) -> None:
    assert find(field, operator, value) == ids


def test_takes_the_column_before_metadata_of_the_same_name(library: Library) -> None:
    columns = {"id": Kind.INTEGER, "source": Kind.TEXT, "mark": Kind.TEXT}
    library.stream("other", columns, [{"id": 9, "source": "attic", "mark": "marked"}])

    assert _ids(library, [{"field": "source", "value": "attic"}]) == [9]
    assert _ids(library, [{"field": "source", "value": "push"}]) == [1, 2, 3]
    assert _ids(library, [{"field": "metadata.source", "value": "push"}]) == [1, 2, 3, 9]
    assert _ids(library, [{"field": "fields.source", "value": "push"}]) == []


def test_understands_a_field_as_each_stream_has_it(library: Library) -> None:
    columns = {"id": Kind.INTEGER, "amount": Kind.TEXT, "mark": Kind.TEXT}
    library.stream("csv", columns, [{"id": 7, "amount": "250", "mark": "marked"}])

    assert _ids(library, [{"field": "amount", "operator": ">", "value": 50}]) == [2, 7]
    assert _ids(library, [{"field": "amount", "operator": "equals", "value": "two hundred"}]) == []


def test_wants_all_filters_to_hold(library: Library) -> None:
    filters = [{"field": "id", "operator": "<", "value": 3}, {"field": "paid", "operator": "eq", "value": True}]

    assert _ids(library, filters) == [1]


def test_finds_nothing_by_a_field_that_nobody_has_and_says_so(library: Library) -> None:
    answer = search(
        collection=library.collection, query="marked", filter_list=[{"field": "colour", "operator": "is_null"}]
    )

    assert answer.results == []
    assert [warning.message for warning in answer.warnings if warning.code == "unknown_field"] == [
        "No stream of this collection has a field 'colour', so nothing matches the filter on it."
    ]


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ("id = 1", "filters"),
        ([5], "filters.0"),
        ([{"operator": "equals", "value": 1}], "filters.0.field"),
        ([{"field": 5, "value": 1}], "filters.0.field"),
        ([{"field": "id", "operator": "sounds_like", "value": 1}], "filters.0.operator"),
        ([{"field": "id", "operator": "equals"}], "filters.0.value"),
        ([{"field": "id", "value": 1}, {"field": "id", "value": "one"}], "filters.1.value"),
        ([{"field": "id", "operator": "in", "value": 1}], "filters.0.value"),
        ([{"field": "id", "value": [1]}], "filters.0.value"),
        ([{"field": "amount", "operator": "gt", "value": True}], "filters.0.value"),
        ([{"field": "day", "value": "yesterday"}], "filters.0.value"),
        ([{"field": "day", "value": "2024-02-30"}], "filters.0.value"),
        ([{"field": "paid", "value": "maybe"}], "filters.0.value"),
        ([{"field": "paid", "operator": "gt", "value": True}], "filters.0.value"),
        ([{"field": "tags", "operator": "lt", "value": 1}], "filters.0.value"),
        ([{"field": "word", "operator": "contains", "value": {"a": 1}}], "filters.0.value"),
        ([{"field": "word", "operator": "exists", "value": "x"}], "filters.0.value"),
        ([{"field": "word", "value": "nul\x00"}], "filters.0.value"),
        ([{"field": "word", "value": "\ud800"}], "filters.0.value"),
        ([{"field": "id", "value": 1}] * 21, "filters"),
    ],
)
def test_refuses_what_is_no_filter(library: Library, filters: Any, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        _ids(library, filters)
    assert refusal.value.field == field


def test_tells_of_every_wrong_filter_at_once(library: Library) -> None:
    with pytest.raises(Invalid) as refusal:
        _ids(library, [{"field": ""}, {"field": "id", "operator": "?"}])
    assert [problem.field for problem in refusal.value.problems] == ["filters.0.field", "filters.1.operator"]


EVIL = [
    "' OR true --",
    "'; DROP TABLE sources_record; --",
    "%(filter_0)s",
    "%s",
    "{field}",
    "\\'; SELECT pg_sleep(9); --",
    '") OR true OR ("',
    "$$; DELETE FROM sources_record; $$",
]


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("operator", ["equals", "contains", "starts_with", "in"])
@pytest.mark.parametrize("field", ["word", "title", "metadata.title", "stream", "address"])
def test_takes_no_value_for_sql(find: Find, evil: str, operator: str, field: str) -> None:
    assert find(field, operator, [evil] if operator == "in" else evil) == []
    assert Record.objects.count() == 3


@pytest.mark.parametrize("evil", EVIL)
def test_takes_no_name_of_a_field_for_sql(library: Library, find: Find, evil: str) -> None:
    assert find(evil, "equals", "x") == []
    library.stream("evil", {"id": Kind.INTEGER, evil: Kind.TEXT}, [{"id": 6, evil: "marked"}])
    assert find(evil, "equals", "marked") == [6]
    assert Record.objects.count() == 4
    assert connection.is_usable()
