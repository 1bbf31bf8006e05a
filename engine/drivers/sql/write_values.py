"""Rows to what a database takes, a column at a time: a value costs only what its kind and Python type need."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from types import NoneType
from typing import Any

import orjson

from engine.schema import RawJson, Row

Convert = Callable[[Sequence[Any]], Sequence[Any]]
"""Takes a column's values, all of one Python type and none of them None; gives one converted value for each."""

Converters = Mapping[type, Convert]
"""What a column takes: how values of each Python type are written there."""


class UnwritableError(Exception):
    """A value that this database can never hold in this column."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RowConverter:
    """Turns pages of rows into tuples in column order."""

    def __init__(self, names: Sequence[str], converters: Sequence[Converters], null: Any) -> None:
        self._names = tuple(names)
        self._converters = tuple(converters)
        self._null = null

    def tuples(self, rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
        """Raises UnwritableError when any value of any row cannot be written."""
        if not rows:
            return iter(())
        columns = [
            column_of(name, values, converters, self._null)
            for name, converters, values in zip(self._names, self._converters, self._columns(rows), strict=True)
        ]
        return zip(*columns, strict=True)

    def _columns(self, rows: Sequence[Row]) -> Iterator[Sequence[Any]]:
        if len(self._names) == 1:  # itemgetter gives no tuple for one name
            return iter([[row.get(self._names[0]) for row in rows]])
        try:
            return zip(*map(itemgetter(*self._names), rows), strict=True)
        except KeyError:  # a record of an API may leave a field out: it is null
            return iter([[row.get(name) for row in rows] for name in self._names])


def column_of(name: str, values: Sequence[Any], converters: Converters, null: Any) -> Sequence[Any]:
    """One column's values, converted; `null` stands for None. Raises UnwritableError."""
    types = set(map(type, values))
    try:
        if NoneType not in types:
            return _converted(values, types, converters)
        present = [value for value in values if value is not None]
        texts = iter(_converted(present, types - {NoneType}, converters))
    except UnwritableError as error:
        raise UnwritableError(f"Column {name!r}: {error.message}") from None
    return [null if value is None else next(texts) for value in values]


def _converted(values: Sequence[Any], types: set[type], converters: Converters) -> Sequence[Any]:
    if len(types) == 1:
        (only,) = types
        return _converter(converters, only)(values)
    return [_converter(converters, type(value))([value])[0] for value in values]


def _converter(converters: Converters, python_type: type) -> Convert:
    convert = converters.get(python_type)
    if convert is None:
        raise UnwritableError(f"a value of type {python_type.__name__} does not fit it.")
    return convert


def each(function: Callable[[Any], Any]) -> Convert:
    """A converter that calls `function` for every value."""

    def convert(values: Sequence[Any]) -> Sequence[Any]:
        return list(map(function, values))

    return convert


def unchanged(values: Sequence[Any]) -> Sequence[Any]:
    return values


def json_text(value: Any) -> str:
    """A record's own value as JSON text; text that already is JSON is not encoded again, at any depth."""
    try:
        return orjson.dumps(value, default=_raw, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()
    except TypeError:
        raise UnwritableError("the value has no JSON form.") from None


def _raw(value: Any) -> orjson.Fragment:
    if type(value) is RawJson:
        return orjson.Fragment(value.encode())
    raise TypeError


def json_list(text: str) -> list[Any]:
    """The elements of a JSON list; numbers stay as they are written, since a float would lose digits."""
    try:
        value = json.loads(text, parse_float=RawJson, parse_int=RawJson, parse_constant=RawJson)
    except ValueError:
        raise UnwritableError("the value is no JSON list.") from None
    if not isinstance(value, list):
        raise UnwritableError("the value is no JSON list.")
    return value
