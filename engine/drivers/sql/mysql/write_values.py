"""Values as MySQL and MariaDB take them for parameters."""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from engine.drivers.sql.write_values import (
    Converters,
    RowConverter,
    UnwritableError,
    each,
    json_text,
    unchanged,
)
from engine.schema import Column, Kind, RawJson, Row


class Parameters:
    def __init__(self, columns: Sequence[Column]) -> None:
        names = [column.name for column in columns]
        self._converter = RowConverter(names, [_BY_KIND.get(column.type.kind, _TEXTS) for column in columns], None)

    def tuples(self, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Raises UnwritableError when a value of these rows can never be written."""
        return list(self._converter.tuples(rows))


def _encodable(values: Sequence[str]) -> Sequence[str]:
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        raise UnwritableError("the text holds half of a surrogate pair, which is no character.") from None
    return values


def _finite(values: Sequence[float]) -> Sequence[float]:
    if not all(map(isfinite, values)):
        raise UnwritableError("the database has numbers only, no infinity.")
    return values


def _in_utc(text: str) -> str:
    """A moment without its offset, which these databases have no place for."""
    if text.endswith("+00:00"):
        return text[:-6]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text  # for the server to judge
    if moment.tzinfo is None:
        return text
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def _as_json(values: Sequence[Any]) -> Sequence[Any]:
    return _encodable([json_text(value) for value in values])


def _bytes(values: Sequence[str]) -> Sequence[Any]:
    return [value.encode() for value in _encodable(values)]


_TEXTS: Converters = {
    str: _encodable,
    RawJson: _encodable,
    int: each(str),
    float: each(repr),
    bool: each(lambda value: "true" if value else "false"),
    dict: _as_json,
    list: _as_json,
}
_NUMBERS: Converters = {str: _encodable, RawJson: _encodable, int: unchanged, float: _finite, bool: each(int)}
_MOMENTS: Converters = {str: each(_in_utc), RawJson: _encodable, int: each(str)}
_JSON: Converters = {
    **dict.fromkeys((str, int, float, bool, dict, list), _as_json),
    RawJson: _encodable,
}
_BINARY: Converters = {bytes: unchanged, str: _bytes}
_BY_KIND: dict[Kind, Converters] = {
    **dict.fromkeys((Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL), _NUMBERS),
    **dict.fromkeys((Kind.TIMESTAMP, Kind.TIMESTAMPTZ), _MOMENTS),
    **dict.fromkeys((Kind.JSON, Kind.ARRAY), _JSON),
    Kind.BINARY: _BINARY,
}
