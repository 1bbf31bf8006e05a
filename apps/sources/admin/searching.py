"""A search as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from apps.errors import ServiceError
from apps.sources.models import Collection, SourceConnection, Stream
from apps.sources.queries.search import MOST_RESULTS, Answer, Result, search
from apps.sources.queries.search.filters import ALIASES, LISTS, ORDERS
from apps.sources.queries.search.marking import Parts, marked, sought
from engine.errors import EngineError

LIMIT = 10
FILTERS = 3
"""So many can be asked for on the page."""
LINES = 4
"""So many of a result's columns are shown at once: those where something was found before the others. What its
title says already is among the rest."""
LOOKED_INTO, MOST_FIELDS = 100, 500
"""So many streams are looked into for the columns that are offered for filters, and so many columns offered."""
SIGNS = {"equals": "is", "not_equals": "is not", **ORDERS}
OPERATORS = {name: SIGNS.get(name, name.replace("_", " ")) for name in ALIASES}
"""What people choose, by the word that a search takes."""
WITHOUT_VALUE = frozenset({"exists", "is_null"})


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    parts: Parts

    @property
    def is_found(self) -> bool:
        return any(is_marked for _, is_marked in self.parts)


@dataclass(frozen=True, slots=True)
class Shown:
    """`page`: that of its source connection, "" where that was removed. `url`: where its system shows it."""

    result: Result
    title: Parts
    lines: Sequence[Line]
    rest: Sequence[Line]
    page: str
    url: str

    @property
    def percent(self) -> int:
        return round(100 * self.result.score)


def found(collection: Collection, asked: QueryDict) -> dict[str, Any]:
    """What the page needs; without a query only its form."""
    query, offset = asked.get("q", "").strip(), _offset(asked.get("offset", ""))
    filters = _filters(asked)
    context = {"query": query, "operators": OPERATORS, "filters": _boxes(filters), "has_filters": bool(filters)}
    context["fields"] = _fields(collection)
    if not query:
        return context
    try:
        answer = search(collection=collection, query=query, limit=LIMIT, offset=offset, filter_list=_sent(filters))
        return context | _shown(collection, answer) | _pages(asked, offset, len(answer.results))
    except (ServiceError, EngineError) as refusal:
        return context | {"refusal": refusal.message}


def _fields(collection: Collection) -> list[str]:
    """Columns that a filter may name."""
    live = Stream.objects.filter(collection=collection, removed_at=None).order_by("id")
    columns = live.values_list("columns", flat=True)[:LOOKED_INTO]
    return sorted({column["name"] for each in columns for column in each})[:MOST_FIELDS]


def _shown(collection: Collection, answer: Answer) -> dict[str, Any]:
    pattern = sought(collection, answer.query)
    uids = {result.stream.connection_id.removeprefix("sc_") for result in answer.results}
    keys = dict(SourceConnection.objects.filter(uid__in=uids).values_list("uid", "pk"))
    results = [_result(each, pattern, keys) for each in answer.results]
    return {"results": results, "took": answer.took, "warnings": answer.warnings}


def _result(result: Result, pattern: Any, keys: dict[str, int]) -> Shown:
    values = _values(result)
    lines = [Line(name, marked(text, pattern)) for name, text in values]
    places = [place for place, (_, text) in enumerate(values) if text != result.title]
    order = sorted(places, key=lambda place: not lines[place].is_found)[:LINES]
    key = keys.get(result.stream.connection_id.removeprefix("sc_"))
    return Shown(
        result=result,
        title=marked(result.title or f"Record {result.id}", pattern),
        lines=[lines[place] for place in sorted(order)],
        rest=[line for place, line in enumerate(lines) if place not in order],
        page=reverse("admin:sources_sourceconnection_change", args=[key]) if key else "",
        url=result.url if result.url.startswith(("https://", "http://")) else "",
    )


def _values(result: Result) -> list[tuple[str, str]]:
    """The columns that the content tells, with what it tells of each."""
    found: list[tuple[str, str]] = []
    places = {name: place for place, name in enumerate(result.fields)}
    last = -1
    for line in result.content.split("\n"):
        name, colon, text = line.partition(": ")
        place = places.get(name, -1) if colon else -1
        if place > last:
            found.append((name, text))
            last = place
        elif found:  # a value may have lines of its own
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line}")
    return found


def _filters(asked: QueryDict) -> list[tuple[str, str, str]]:
    """What was asked for: field, operator and value."""
    values = zip(asked.getlist("field"), asked.getlist("operator"), asked.getlist("value"), strict=False)
    return [(field.strip(), operator, value) for field, operator, value in values if field.strip()][:FILTERS]


def _boxes(filters: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [*filters, *[("", "equals", "")] * (FILTERS - len(filters))]


def _sent(filters: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """As a search takes them."""
    sent: list[dict[str, Any]] = []
    for field, operator, value in filters:
        told: dict[str, Any] = {"field": field, "operator": operator}
        if operator not in WITHOUT_VALUE:
            told["value"] = [part.strip() for part in value.split(",")] if operator in LISTS else value
        sent.append(told)
    return sent


def _pages(asked: QueryDict, offset: int, number: int) -> dict[str, Any]:
    """The addresses of the results before and behind these, "" where there are none."""
    behind = offset + LIMIT
    has_more = number == LIMIT and behind < MOST_RESULTS
    return {
        "first": offset + 1,
        "before": _address(asked, max(0, offset - LIMIT)) if offset else "",
        "behind": _address(asked, behind) if has_more else "",
    }


def _address(asked: QueryDict, offset: int) -> str:
    values = asked.copy()
    values["offset"] = str(offset)
    return f"?{values.urlencode()}"


def _offset(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_RESULTS))
    return min(int(text), MOST_RESULTS - LIMIT) if is_number else 0
