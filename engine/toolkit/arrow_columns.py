"""What a mapping does to whole columns: other types, defaults, and one value for every row."""

from collections.abc import Callable
from typing import Any

from engine.errors import RecordError
from engine.schema import Column, Kind, Type
from engine.toolkit import arrow
from engine.toolkit.arrow_types import Array
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")
pc: Any = Deferred("pyarrow.compute")

Cast = Callable[[Any], Any]

MOST_DIGITS = 300
SAME_TEXT = frozenset(Kind) - {Kind.FLOAT, Kind.BINARY}
"""Kinds whose values are the same text in Arrow and in Python."""


def cast(array: Array, source: Column, target: Column, convert: Cast) -> Array:
    """The column in another type, as `convert` makes it of every value. Raises RecordError for one that it refuses."""
    if target.type.kind is Kind.TEXT and source.type.kind in SAME_TEXT:
        return _text(arrow.text(array, source), target)
    if target.type.kind is Kind.FLOAT and _fits_a_float(source.type):
        return arrow.text(array, source).cast(pa.float64(), safe=False)
    return converted(array, source, target, convert)


def converted(array: Array, source: Column, target: Column, convert: Cast) -> Array:
    """The column as `convert` makes it, value by value. Raises RecordError for a value that it refuses."""
    if source.type.kind is Kind.FLOAT:  # 0.0 and -0.0 are one to Arrow's encoding
        return arrow.array([convert(value) for value in arrow.values(array, source)], target)
    encoded = array.dictionary_encode()
    distinct = arrow.array([convert(value) for value in arrow.values(encoded.dictionary, source)], target)
    return distinct.take(encoded.indices)


def _fits_a_float(source: Type) -> bool:
    """Whether the number is one that a float can come near to, whichever it is."""
    is_short = source.precision is not None and source.precision <= MOST_DIGITS
    return source.kind is Kind.INTEGER or (source.kind is Kind.DECIMAL and is_short)


def _text(array: Array, target: Column) -> Array:
    text = array if pa.types.is_string(array.type) else array.cast(pa.string())
    if target.type.size is None:
        return text
    longest = pc.max(pc.utf8_length(text)).as_py() or 0
    if longest > target.type.size:
        message = f"The text has {longest} characters, {target.type.size} are allowed"
        raise RecordError(message, code="value_too_long")
    return text


def with_default(array: Array, column: Column, default: Any) -> Array:
    """`default` in place of null and of an empty text."""
    array = arrow.text(array, column)
    value = arrow.array([default], column)[0]
    if pa.types.is_string(array.type):
        array = pc.if_else(pc.equal(array, ""), None, array)
    return pc.fill_null(array, value)


def repeated(value: Any, count: int, column: Column) -> Array:
    """One value for every row."""
    return pa.repeat(arrow.array([value], column)[0], count)
