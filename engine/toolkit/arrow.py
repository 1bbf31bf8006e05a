"""Tables in memory: what a `pyarrow.RecordBatch` holds here, and its ways from and to the value model.

A batch has the names and the order of its columns. Their Arrow types follow the portable ones; where two stand, readers
give what is cheaper and writers take both:

===========================  ===================================================
BOOLEAN                      bool
INTEGER                      int64
FLOAT                        float64
BINARY                       binary
DECIMAL                      decimal128 or decimal256 of any scale; utf8
DATE                         date32; utf8
TIME                         time32 or time64 of any unit; utf8
TIMESTAMP                    timestamp of any unit; utf8
TIMESTAMPTZ                  timestamp of any unit in UTC; utf8
TEXT, UUID, INTERVAL         utf8
JSON, ARRAY                  utf8 that holds JSON
===========================  ===================================================

What is utf8 is the text that `engine.schema` describes, and null is null.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import repeat
from types import NoneType
from typing import Any

from engine.bulk import Batch
from engine.errors import RecordError
from engine.schema import Column, Kind, RawJson, Row
from engine.toolkit.arrow_types import DIGITS, Array, ArrowType, json_text, loose_type, strict_type
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")
pc: Any = Deferred("pyarrow.compute")

PLAIN = frozenset({Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT, Kind.BINARY})
JSON = frozenset({Kind.JSON, Kind.ARRAY})


def texts(batch: Batch, columns: Sequence[Column]) -> Batch:
    """The batch with every decimal and moment as the text of the value model."""
    return batch_of([text(array, column) for array, column in zip(batch.columns, columns, strict=True)], columns)


def text(array: Array, column: Column) -> Array:
    """One column with every decimal and moment as the text of the value model."""
    return array if column.type.kind in PLAIN else _text_of(array)


def _text_of(array: Array) -> Array:
    types, arrow = pa.types, array.type
    if types.is_string(arrow):
        return array
    if types.is_decimal(arrow):
        return _plainly(array.cast(pa.string()))
    if not (types.is_timestamp(arrow) or types.is_time(arrow)):
        return array.cast(pa.string())
    has_zone = types.is_timestamp(arrow) and arrow.tz
    # an instant in Arrow is in UTC whatever its zone is
    text = (array.view(pa.timestamp(arrow.unit)) if has_zone else array).cast(pa.string())
    if DIGITS[arrow.unit]:
        text = pc.ascii_rtrim(pc.ascii_rtrim(text, "0"), ".")
    return pc.binary_join_element_wise(text, "+00:00", "") if has_zone else text


def _plainly(text: Array) -> Array:
    """Arrow writes small decimals with an exponent."""
    odd = pc.match_substring(text, "E")
    if not pc.any(odd).as_py():
        return text
    plain = [f"{Decimal(value):f}" for value in text.filter(odd).to_pylist()]
    return pc.replace_with_mask(text, pc.fill_null(odd, False), pa.array(plain, pa.string()))  # noqa: FBT003


def typed(batch: Batch, columns: Sequence[Column]) -> Batch:
    """The batch with every column in the type of `strict_type`. Raises RecordError for a value that has none there."""
    arrays = [
        _cast(array, strict_type(column.type), column) for array, column in zip(batch.columns, columns, strict=True)
    ]
    return batch_of(arrays, columns)


def _cast(array: Array, wanted: ArrowType, column: Column) -> Array:
    if array.type == wanted:
        return array
    try:
        if pa.types.is_string(wanted):
            return _text_of(array)
        if not pa.types.is_string(array.type):
            return array.cast(wanted)
        if pa.types.is_time(wanted):
            day = pc.binary_join_element_wise("1970-01-01", array, " ")
            return day.cast(pa.timestamp(wanted.unit)).cast(wanted)
        if pa.types.is_timestamp(wanted) and wanted.tz:
            return _with_zone(array, wanted)
        return array.cast(wanted)
    except pa.ArrowInvalid as error:
        raise _refusal(column) from error


def _with_zone(array: Array, wanted: ArrowType) -> Array:
    try:
        return array.cast(wanted)
    except pa.ArrowInvalid:  # without an offset a moment is one in UTC
        return array.cast(pa.timestamp(wanted.unit)).view(wanted)


def rows(batch: Batch, columns: Sequence[Column]) -> list[Row]:
    """The batch's rows in the value model."""
    lists = [values(array, column) for array, column in zip(batch.columns, columns, strict=True)]
    names = [column.name for column in columns]
    # in C throughout: this is the most that a row costs here
    return list(map(dict, map(zip, repeat(names), zip(*lists, strict=True))))


def values(array: Array, column: Column) -> list[Any]:
    """One column's values in the value model."""
    found: list[Any] = text(array, column).to_pylist()
    if column.type.kind not in JSON:
        return found
    return [None if value is None else RawJson(value) for value in found]


def batch(rows: Iterable[Row], columns: Sequence[Column]) -> Batch:
    """Rows of the value model as a batch of loose types; a field that a row lacks is null.

    Raises RecordError when one of the values does not fit its column.
    """
    rows = list(rows)
    return batch_of([array([row.get(column.name) for row in rows], column) for column in columns], columns)


def array(values: list[Any], column: Column) -> Array:
    """Values of the value model as one column of a loose type. Raises RecordError when one of them does not fit it."""
    types = set(map(type, values)) - {NoneType}
    exact, convert = CONVERTERS.get(column.type.kind, (frozenset({str}), _text_value))
    try:
        if not types <= exact:
            values = [None if value is None else convert(value) for value in values]
        return pa.array(values, loose_type(column.type))
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise _refusal(column) from error


def _text_value(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    return json_text(value) if isinstance(value, dict | list) else str(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or value != int(value):
        raise ValueError
    return int(value)


def _no_other(_value: Any) -> Any:
    raise TypeError


def _float(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else _no_other(value)


CONVERTERS: dict[Kind, tuple[frozenset[type], Callable[[Any], Any]]] = {
    Kind.BOOLEAN: (frozenset({bool}), _no_other),
    Kind.INTEGER: (frozenset({int}), _whole),
    Kind.FLOAT: (frozenset({float}), _float),
    Kind.BINARY: (frozenset({bytes}), _no_other),
    Kind.JSON: (frozenset({RawJson}), json_text),
    Kind.ARRAY: (frozenset({RawJson}), json_text),
}
"""By kind: the Python types that Arrow takes as they are, and what makes a value of any other fit."""


def _refusal(column: Column) -> RecordError:
    kind = column.type.kind
    return RecordError(f"A value of the column {column.name!r} is not a valid {kind}.", code="invalid_value")


def batch_of(arrays: Sequence[Array], columns: Sequence[Column]) -> Batch:
    """The columns under their names."""
    return pa.RecordBatch.from_arrays(list(arrays), [column.name for column in columns])
