"""Tables and queries of further databases, with what reading them in pages needs besides."""

import datetime
from collections.abc import Iterable
from typing import Any

from sqlalchemy import CursorResult

from engine.drivers.sql import description
from engine.drivers.sql.alchemy import selects, types
from engine.drivers.sql.alchemy.inspection import Inspection, Shape
from engine.drivers.sql.alchemy.session import Line
from engine.drivers.sql.description import Description
from engine.schema import Column, Kind, Query, Stream, Table, Type

SAMPLED_ROWS = 100
MOST_DIGITS = 6

# What a client's objects say where nothing says more.
BY_CLASS: dict[str, Type] = {
    "bool": types.BOOLEAN,
    "int": types.BIG,
    "float": types.DOUBLE,
    "Decimal": types.DECIMAL,
    "str": types.TEXT,
    "bytes": types.BINARY,
    "bytearray": types.BINARY,
    "date": types.DATE,
    "time": types.TIME,
    "timedelta": Type(Kind.INTERVAL),
    "UUID": Type(Kind.UUID),
    "list": types.ARRAY,
    "tuple": types.ARRAY,
    "dict": types.JSON,
}


def table(inspection: Inspection, found: Table, kind: str, *, keeps_keys: bool, has_all_digits: bool) -> Description:
    """`keeps_keys`: whether no two rows can have one key; `has_all_digits`: whether moments are read as texts."""
    shape = inspection.shape(found.schema, found.name)
    stream = Stream(found, shape.columns)
    unique = _unique(shape) if kind == "table" and keeps_keys else None
    return description.keyed(stream, unique, () if has_all_digits else _shortened(shape.columns))


def query(line: Line, source: Query, *, names_types: bool, natives: types.Natives, has_all_digits: bool) -> Description:
    """`names_types`: whether the client tells of a result's columns what their types are called."""
    with line.reports.translated():
        result = line.execute(selects.empty(source, 0 if names_types else SAMPLED_ROWS), {})
        told = _told(result)
        rows = result.fetchall()
    if names_types:
        columns = tuple(Column(name, types.portable(str(code), natives), native=str(code)) for name, code in told)
    else:
        columns = tuple(Column(name, _by_values([row[i] for row in rows])) for i, (name, _) in enumerate(told))
    unordered = () if has_all_digits else _shortened(columns)
    return Description(Stream(source, columns), unordered=frozenset(unordered))


def names(result: CursorResult[Any]) -> list[str]:
    """As the database gives them: a dialect may fold what it calls a column."""
    return [name for name, _ in _told(result)]


def by_class(value: Any) -> Type:
    if isinstance(value, datetime.datetime):
        return types.TIMESTAMPTZ if value.tzinfo else types.TIMESTAMP
    return BY_CLASS.get(type(value).__name__, types.TEXT)


def _told(result: CursorResult[Any]) -> list[tuple[str, Any]]:
    return [(str(name), code) for name, code, *_ in result.cursor.description or ()]


def _by_values(values: list[Any]) -> Type:
    seen = {by_class(value) for value in values if value is not None}
    if seen == {types.BIG, types.DECIMAL}:
        return types.DECIMAL
    return seen.pop() if len(seen) == 1 else types.TEXT


def _unique(shape: Shape) -> list[tuple[str, ...]]:
    required = {column.name for column in shape.columns if not column.nullable}
    candidates = [shape.primary_key, *shape.unique]
    return [names for names in candidates if names and required.issuperset(names)]


def _shortened(columns: Iterable[Column]) -> list[str]:
    """Moments of more digits than the client keeps: what it gives is not what the database compares by."""
    return [
        column.name
        for column in columns
        if column.type.kind in types.MOMENTS and (column.type.precision is None or column.type.precision > MOST_DIGITS)
    ]
