"""What MySQL and MariaDB take for a column's values."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite

from engine.drivers.sql.write_parameters import BINARY, JSON, TEXTS, encodable
from engine.drivers.sql.write_values import Converters, UnwritableError, each, unchanged
from engine.schema import Column, Kind, RawJson


def _finite(values: Sequence[float]) -> Sequence[float]:
    if not all(map(isfinite, values)):
        raise UnwritableError("the database has numbers only, no NaN and no infinity.")
    return values


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UnwritableError("the value is no whole number.") from None


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


_NUMBERS: Converters = {str: encodable, RawJson: encodable, int: unchanged, float: _finite, bool: each(int)}
# To these columns a text is the bytes of its characters.
_BITS: Converters = {str: each(_integer), int: unchanged, bool: each(int)}
_MOMENTS: Converters = {str: each(_in_utc), RawJson: encodable, int: each(str)}

_BY_KIND: Mapping[Kind, Converters] = {
    **dict.fromkeys((Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL), _NUMBERS),
    **dict.fromkeys((Kind.TIMESTAMP, Kind.TIMESTAMPTZ), _MOMENTS),
    **dict.fromkeys((Kind.JSON, Kind.ARRAY), JSON),
    Kind.BINARY: BINARY,
}


def converters(column: Column) -> Converters:
    return _BITS if column.native.startswith("bit") else _BY_KIND.get(column.type.kind, TEXTS)
