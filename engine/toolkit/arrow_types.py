"""The types that columns of a batch have, as `engine.toolkit.arrow` describes them, and the way of any column there."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson

from engine.schema import Kind, RawJson, Type
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")
pc: Any = Deferred("pyarrow.compute")

Array = Any
"""A `pyarrow.Array`."""
ArrowType = Any
"""A `pyarrow.DataType`."""

DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
"""How many digits behind the second a unit of time has."""
EXTENSIONS = {"arrow.uuid": Kind.UUID, "arrow.json": Kind.JSON}
MOST_DIGITS_128, MOST_DIGITS_256 = 38, 76


def type_of(arrow: ArrowType) -> Type:
    """The portable type of what `portable` makes of an Arrow column."""
    types = pa.types
    if isinstance(arrow, pa.BaseExtensionType):
        kind = EXTENSIONS.get(arrow.extension_name)
        return Type(kind) if kind else type_of(arrow.storage_type)
    if types.is_dictionary(arrow) or types.is_run_end_encoded(arrow):
        return type_of(arrow.value_type)
    if types.is_boolean(arrow):
        return Type(Kind.BOOLEAN)
    return (
        _number(arrow) or _moment(arrow) or _octets(arrow) or Type(Kind.JSON if types.is_nested(arrow) else Kind.TEXT)
    )


def _number(arrow: ArrowType) -> Type | None:
    types = pa.types
    if types.is_decimal(arrow):
        return Type(Kind.DECIMAL, precision=arrow.precision - min(arrow.scale, 0), scale=max(arrow.scale, 0))
    if types.is_floating(arrow):
        return Type(Kind.FLOAT, size=max(arrow.bit_width, 32))
    if not types.is_integer(arrow):
        return None
    if arrow == pa.uint64():
        return Type(Kind.DECIMAL, precision=20, scale=0)
    bits = arrow.bit_width * (2 if types.is_unsigned_integer(arrow) else 1)
    return Type(Kind.INTEGER, size=max(bits, 16))


def _moment(arrow: ArrowType) -> Type | None:
    types = pa.types
    if types.is_date(arrow):
        return Type(Kind.DATE)
    if types.is_time(arrow):
        return Type(Kind.TIME, precision=DIGITS[arrow.unit])
    if types.is_timestamp(arrow):
        return Type(Kind.TIMESTAMPTZ if arrow.tz else Kind.TIMESTAMP, precision=DIGITS[arrow.unit])
    return Type(Kind.INTERVAL) if types.is_duration(arrow) else None


def _octets(arrow: ArrowType) -> Type | None:
    types = pa.types
    if types.is_fixed_size_binary(arrow):
        return Type(Kind.BINARY, size=arrow.byte_width)
    if types.is_binary(arrow) or types.is_large_binary(arrow) or types.is_binary_view(arrow):
        return Type(Kind.BINARY)
    return None


def loose_type(type_: Type) -> ArrowType:
    """The Arrow type of a column whose values are those of the value model: utf8 for all that travels as text."""
    plain = {
        Kind.BOOLEAN: pa.bool_,
        Kind.INTEGER: pa.int64,
        Kind.FLOAT: pa.float64,
        Kind.BINARY: pa.binary,
    }
    return plain.get(type_.kind, pa.string)()


def strict_type(type_: Type) -> ArrowType:
    """The Arrow type that says most: decimals and moments are no text. A decimal without digits stays text, since no
    Arrow type holds each of them, and so does one of more than 76."""
    if type_.kind is Kind.DECIMAL and type_.precision is not None and type_.precision <= MOST_DIGITS_256:
        make = pa.decimal128 if type_.precision <= MOST_DIGITS_128 else pa.decimal256
        return make(max(type_.precision, 1), type_.scale or 0)
    unit = "us" if type_.precision is None or type_.precision <= DIGITS["us"] else "ns"
    moments: dict[Kind, Callable[[], ArrowType]] = {
        Kind.DATE: pa.date32,
        Kind.TIME: lambda: pa.time64(unit),
        Kind.TIMESTAMP: lambda: pa.timestamp(unit),
        Kind.TIMESTAMPTZ: lambda: pa.timestamp(unit, "UTC"),
    }
    return moments[type_.kind]() if type_.kind in moments else loose_type(type_)


def portable(array: Array) -> Array:
    """A column of any Arrow type as one of those that batches have here. What is nested becomes JSON."""
    types, arrow = pa.types, array.type
    if types.is_dictionary(arrow):
        return portable(array.dictionary_decode())
    if types.is_run_end_encoded(arrow):
        return portable(pc.run_end_decode(array))
    kind = type_of(arrow).kind
    if isinstance(arrow, pa.BaseExtensionType) and kind is not Kind.UUID:
        return portable(array.storage)
    if kind in WAYS:
        return WAYS[kind](array)
    wanted = loose_type(type_of(arrow))
    return array if arrow == wanted else array.cast(wanted)


def _of_a_scale(array: Array) -> Array:
    """Decimals in at least 128 bits and with a scale of at least nothing, as other systems know them."""
    if array.type == pa.uint64():
        return array.cast(pa.decimal128(20, 0))
    wanted = strict_type(type_of(array.type))
    return array if array.type == wanted else array.cast(wanted)


def _durations(array: Array) -> Array:
    """As ISO 8601 writes them, in seconds."""
    digits = DIGITS[array.type.unit]
    counts = array.cast(pa.int64()).to_pylist()
    seconds = [None if count is None else Decimal(count).scaleb(-digits) for count in counts]
    return pa.array([None if value is None else f"PT{value.normalize():f}S" for value in seconds], pa.string())


def json_text(value: Any) -> str | None:
    """A value as JSON; text that already is JSON stays as it is, at any depth. Raises TypeError for what has none."""
    if value is None:
        return None
    options = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS
    return orjson.dumps(value, default=_json_leaf, option=options).decode()


def _json_leaf(value: Any) -> Any:
    if isinstance(value, RawJson):
        return orjson.Fragment(value.encode())
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    raise TypeError


def _nested(array: Array) -> Array:
    return pa.array(map(json_text, array.to_pylist(maps_as_pydicts="lossy")), pa.string())


def _uuids(array: Array) -> Array:
    return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())


def _unchanged(array: Array) -> Array:
    return array


WAYS: dict[Kind, Callable[[Array], Array]] = {
    Kind.DECIMAL: _of_a_scale,
    Kind.DATE: lambda array: array.cast(pa.date32()),
    Kind.TIME: _unchanged,
    Kind.TIMESTAMP: _unchanged,
    Kind.TIMESTAMPTZ: lambda array: array.cast(pa.timestamp(array.type.unit, "UTC")),
    Kind.INTERVAL: _durations,
    Kind.UUID: _uuids,
    Kind.JSON: _nested,
}
"""How columns of these kinds become portable; the others are cast."""
