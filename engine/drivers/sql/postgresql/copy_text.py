"""Rows as lines of PostgreSQL's COPY text format."""

from collections.abc import Callable, Sequence
from typing import Any

from engine.drivers.sql.write_values import (
    Convert,
    Converters,
    RowConverter,
    UnwritableError,
    each,
    json_list,
    json_text,
)
from engine.schema import Column, Kind, RawJson, Row, Type

NULL = "\\N"

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_ELEMENT_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"'})


class CopyText:
    """Makes lines of what PostgreSQL could take; whether it does is for the server to judge."""

    def __init__(self, columns: Sequence[Column]) -> None:
        names = [column.name for column in columns]
        self._converter = RowConverter(names, [converters(column.type) for column in columns], NULL)

    def lines(self, rows: Sequence[Row]) -> list[bytes]:
        """Raises UnwritableError when PostgreSQL has no way to write a value of these rows."""
        try:
            return [line.encode() for line in map("\t".join, self._converter.tuples(rows))]
        except UnicodeEncodeError:
            raise UnwritableError("The text holds half of a surrogate pair, which is no character.") from None


def _escaped(values: Sequence[str]) -> Sequence[str]:
    # A few scans of the whole column are far cheaper than one look at every value.
    everything = "".join(values)
    if "\0" in everything:
        raise UnwritableError("PostgreSQL text cannot hold the character U+0000.")
    if "\\" in everything or "\t" in everything or "\n" in everything or "\r" in everything:
        return [value.translate(_ESCAPES) for value in values]
    return values


def _then_escaped(text: Callable[[Any], str]) -> Convert:
    return lambda values: _escaped([text(value) for value in values])


def _number_text(value: float) -> str:
    # "3.0" is no integer to PostgreSQL, "3" is both.
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _array_text(elements: list[Any], element_kind: Kind | None) -> str:
    return "{" + ",".join([_element_text(element, element_kind) for element in elements]) + "}"


def _element_text(element: Any, kind: Kind | None) -> str:
    if element is None:
        return "NULL"
    if kind is Kind.JSON:
        text = json_text(element)
    elif isinstance(element, list):
        return _array_text(element, kind)
    elif isinstance(element, bool):
        text = "t" if element else "f"
    elif isinstance(element, bytes):
        text = f"\\x{element.hex()}"
    elif isinstance(element, dict):
        text = json_text(element)
    else:
        text = str(element)
    return f'"{text.translate(_ELEMENT_ESCAPES)}"'


_BYTES: Converters = {
    bytes: each(lambda value: f"\\\\x{value.hex()}"),
    str: each(lambda value: f"\\\\x{value.encode().hex()}"),
}
_TEXTS: Converters = {
    str: _escaped,
    RawJson: _escaped,
    int: each(str),
    float: each(repr),
    bool: each(lambda value: "true" if value else "false"),
    dict: _then_escaped(json_text),
    list: _then_escaped(json_text),
}
_FLOATS: Converters = {**_TEXTS, bool: each(lambda value: "1" if value else "0")}
_NUMBERS: Converters = {**_FLOATS, float: each(_number_text)}
_JSON: Converters = {
    **dict.fromkeys((str, int, float, bool, dict, list), _then_escaped(json_text)),
    RawJson: _escaped,
}
_BY_KIND: dict[Kind, Converters] = {
    Kind.BINARY: _BYTES,
    Kind.INTEGER: _NUMBERS,
    Kind.FLOAT: _FLOATS,
    Kind.DECIMAL: _NUMBERS,
    Kind.JSON: _JSON,
}


def converters(column_type: Type) -> Converters:
    """What a column of this type takes."""
    if column_type.kind is not Kind.ARRAY:
        return _BY_KIND.get(column_type.kind, _TEXTS)
    element_kind = column_type.element.kind if column_type.element else None
    return {
        str: _escaped,  # PostgreSQL's own literal
        RawJson: _then_escaped(lambda text: _array_text(json_list(text), element_kind)),
        list: _then_escaped(lambda elements: _array_text(elements, element_kind)),
    }
