"""Filters on columns as SQL, each value compared as those of the column's kind are. Only constants of this module
become SQL; names of columns and values are parameters."""

from collections.abc import Callable
from typing import Any

import orjson

from apps.sources.queries.search.filters import EXISTS, ORDERS, Filter
from apps.sources.queries.search.values import (
    LONGEST_NUMBER,
    MOMENTS,
    NESTED,
    NUMBER,
    NUMBERS,
    boolean,
    moment,
    number,
    words,
)
from engine.schema import Kind

TEXT = "record.data ->> {field}"
JSON = "record.data -> {field}"
AS_NUMBER = f"""
CASE WHEN record.data ->> {{field}} ~ '{NUMBER}' AND length(record.data ->> {{field}}) <= {LONGEST_NUMBER}
  THEN (record.data ->> {{field}})::numeric END
"""

Bind = Callable[[Any], str]
"""Keeps a value as a parameter, and gives the name under which SQL finds it."""


class Unfit(Exception):
    """The value is none that columns of this kind could have; the message says what they have."""


def on_column(told: Filter, kind: str, bind: Bind) -> str:
    """The filter for columns of this kind. Raises Unfit."""
    if told.operator == EXISTS:
        return _with_field(f"({TEXT}) IS NOT NULL" if told.value else f"({TEXT}) IS NULL", told, bind)
    positive = _with_field(_positive(told, kind, bind), told, bind)
    return f"NOT coalesce({positive}, false)" if told.is_negative else f"coalesce({positive}, false)"


def on_text(told: Filter, expression: str, bind: Bind) -> str:
    """The filter for an expression that gives words. Raises Unfit."""
    if told.operator == EXISTS:
        return f"(coalesce({expression}, '') <> '') = {bind(told.value)}"
    positive = _of_words(told, expression, bind)
    return f"NOT coalesce({positive}, false)" if told.is_negative else f"coalesce({positive}, false)"


def _with_field(sql: str, told: Filter, bind: Bind) -> str:
    return sql.replace("{field}", bind(told.field))


def _positive(told: Filter, kind: str, bind: Bind) -> str:
    if told.operator in {"contains", "starts_with"}:
        return _containing(told, kind, bind)
    if kind in NUMBERS or (kind == Kind.TEXT and _means_numbers(told)):
        return _compared(told, f"({AS_NUMBER})", "numeric", _fit(told, number, "numbers"), bind)
    if kind in MOMENTS:
        expression = f'({TEXT}) COLLATE "C"'
        return _compared(told, expression, "text", _fit(told, moment(kind), "moments"), bind)
    if kind in NESTED or kind == Kind.BOOLEAN:
        return _unordered(told, kind, bind)
    return _of_words(told, f"({TEXT})", bind)


def _means_numbers(told: Filter) -> bool:
    """Of a column of words, as those of a CSV file are: compared with numbers, or put in order with what reads like
    them."""
    is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in told.values)
    return is_number or (told.operator in ORDERS and number(told.value) is not None)


def _compared(told: Filter, expression: str, cast: str, values: list[Any], bind: Bind) -> str:
    if sign := ORDERS.get(told.operator):
        return f"{expression} {sign} {bind(values[0])}::{cast}"
    return f"{expression} = ANY({bind(values)}::{cast}[])"


def _of_words(told: Filter, expression: str, bind: Bind) -> str:
    if told.operator in {"contains", "starts_with"}:
        return f"{expression} ILIKE {bind(_pattern(told))}"
    return _compared(told, expression, "text", _fit(told, words, "words"), bind)


def _containing(told: Filter, kind: str, bind: Bind) -> str:
    """Words within the value, whatever its case; a list contains its elements, an object its parts."""
    if kind not in NESTED:
        return f"({TEXT}) ILIKE {bind(_pattern(told))}"
    part = f"({JSON}) @> {bind(orjson.dumps(told.value).decode())}::jsonb"
    if told.operator == "contains" and words(told.value) is None:
        return part
    by_words = f"({TEXT}) ILIKE {bind(_pattern(told))}"
    return f"({part} OR {by_words})" if told.operator == "contains" else by_words


def _unordered(told: Filter, kind: str, bind: Bind) -> str:
    if told.operator in ORDERS:
        raise Unfit("cannot be put in order")
    if kind == Kind.BOOLEAN:
        return _compared(told, f"({TEXT})", "text", _fit(told, boolean, "true or false"), bind)
    whole = [orjson.dumps(value).decode() for value in told.values]
    texts = [text for value in told.values if (text := words(value)) is not None]
    return f"(({JSON}) = ANY({bind(whole)}::jsonb[]) OR ({TEXT}) = ANY({bind(texts)}::text[]))"


def _fit(told: Filter, convert: Callable[[Any], Any], what: str) -> list[Any]:
    found = [convert(value) for value in told.values]
    if None in found:
        raise Unfit(f"holds {what}")
    return found


def _pattern(told: Filter) -> str:
    text = words(told.value)
    if text is None:
        raise Unfit("is compared with words")
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%" if told.operator == "contains" else f"{escaped}%"
