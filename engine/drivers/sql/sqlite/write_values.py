"""What SQLite takes for a column's values."""

from collections.abc import Mapping, Sequence
from math import isnan

from engine.drivers.sql.write_parameters import BINARY, JSON, TEXTS, encodable
from engine.drivers.sql.write_values import Converters, UnwritableError, each
from engine.schema import Column, Kind, RawJson

SMALLEST, LARGEST = -(2**63), 2**63 - 1


def _integers(values: Sequence[int]) -> Sequence[int]:
    if min(values) < SMALLEST or max(values) > LARGEST:
        raise UnwritableError("the number has more than 64 bits.")
    return values


def _floats(values: Sequence[float]) -> Sequence[float]:
    if any(map(isnan, values)):
        raise UnwritableError("SQLite has no NaN: it would keep NULL.")
    return values


_NUMBERS: Converters = {str: encodable, RawJson: encodable, int: _integers, float: _floats, bool: each(int)}

_BY_KIND: Mapping[Kind, Converters] = {
    **dict.fromkeys((Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL), _NUMBERS),
    **dict.fromkeys((Kind.JSON, Kind.ARRAY), JSON),
    Kind.BINARY: BINARY,
}


def converters(column: Column) -> Converters:
    return _BY_KIND.get(column.type.kind, TEXTS)
