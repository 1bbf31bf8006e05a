"""Values for databases whose statements take parameters."""

from collections.abc import Callable, Sequence
from typing import Any

from engine.drivers.sql.write_values import Converters, RowConverter, UnwritableError, each, json_text, unchanged
from engine.schema import Column, RawJson, Row


class Parameters:
    """`converters`: what a database takes for the values of a column."""

    def __init__(self, columns: Sequence[Column], converters: Callable[[Column], Converters]) -> None:
        self._converter = RowConverter([column.name for column in columns], list(map(converters, columns)), None)

    def tuples(self, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Raises UnwritableError when a value of these rows can never be written."""
        return list(self._converter.tuples(rows))


def encodable(values: Sequence[str]) -> Sequence[str]:
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        raise UnwritableError("the text holds half of a surrogate pair, which is no character.") from None
    return values


def _as_json(values: Sequence[Any]) -> Sequence[Any]:
    return encodable([json_text(value) for value in values])


def _as_bytes(values: Sequence[str]) -> Sequence[Any]:
    return [value.encode() for value in encodable(values)]


TEXTS: Converters = {
    str: encodable,
    RawJson: encodable,
    int: each(str),
    float: each(repr),
    bool: each(lambda value: "true" if value else "false"),
    dict: _as_json,
    list: _as_json,
}
JSON: Converters = {
    **dict.fromkeys((str, int, float, bool, dict, list), _as_json),
    RawJson: encodable,
}
BINARY: Converters = {bytes: unchanged, str: _as_bytes}
