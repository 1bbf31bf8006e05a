"""Which rows satisfy a request's conditions, judged by columns and exactly as the engine's own filters judge them."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from engine.bulk import Batch
from engine.contract import Condition, Operator
from engine.schema import Column, Kind
from engine.toolkit.arrow_types import Array
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")
pc: Any = Deferred("pyarrow.compute")

EMPTINESS = {Operator.EMPTY, Operator.NOT_EMPTY}
ORDERINGS = {
    Operator.LESS: "less",
    Operator.LESS_OR_EQUAL: "less_equal",
    Operator.GREATER: "greater",
    Operator.GREATER_OR_EQUAL: "greater_equal",
}
PARTS = {
    Operator.STARTS_WITH: "starts_with",
    Operator.ENDS_WITH: "ends_with",
    Operator.CONTAINS: "match_substring",
}
PLAIN_NUMBER = r"^-?[0-9]{1,300}(\.[0-9]{1,300})?$"
"""What Arrow and Python read as the same number."""
INT64 = range(-(2**63), 2**63)


def judges(condition: Condition, column: Column) -> bool:
    """Whether `mask` means by the condition what the engine does."""
    if column.type.kind not in {Kind.TEXT, Kind.INTEGER}:
        return False
    if condition.operator in EMPTINESS:
        return True
    values = condition.value if condition.operator is Operator.ANY_OF else [condition.value]
    if column.type.kind is Kind.INTEGER:
        return condition.operator not in PARTS and all(_is_whole(value) for value in values)
    if condition.operator in ORDERINGS and _is_number(condition.value):
        return True
    return all(isinstance(value, str) and _is_unicode(value) for value in values)


def kept(batch: Batch, conditions: Sequence[Condition]) -> Batch:
    """The rows that satisfy all of the conditions."""
    for condition in conditions:
        batch = batch.filter(mask(batch.column(condition.column), condition))
    return batch


def mask(array: Array, condition: Condition) -> Array:
    """For each value whether it satisfies the condition."""
    found = _mask(array, condition)
    return pc.fill_null(found, condition.operator in {Operator.NOT_EQUALS, Operator.EMPTY})


def _mask(array: Array, condition: Condition) -> Array:
    operator, value = condition.operator, condition.value
    is_text = pa.types.is_string(array.type)
    if operator in EMPTINESS:
        is_empty = pc.equal(array, "") if is_text else pc.is_null(array)
        return is_empty if operator is Operator.EMPTY else pc.invert(is_empty)
    if operator in PARTS:
        return getattr(pc, PARTS[operator])(array, value)
    if operator in ORDERINGS:
        compare: Callable[[Array, Any], Array] = getattr(pc, ORDERINGS[operator])
        is_number = not isinstance(value, str)
        return compare(_numbers(array), float(value)) if is_number else compare(array, value)
    if operator is Operator.ANY_OF:
        return pc.is_in(array, pa.array(value, array.type))
    return (pc.equal if operator is Operator.EQUALS else pc.not_equal)(array, pa.scalar(value, array.type))


def _numbers(array: Array) -> Array:
    """The values as numbers, NULL for what is none."""
    if not pa.types.is_string(array.type):
        return array.cast(pa.float64(), safe=False)
    is_plain = pc.match_substring_regex(array, PLAIN_NUMBER)
    if pc.all(is_plain).as_py() is not False:
        return array.cast(pa.float64())
    return pa.array(map(_number, array.to_pylist()), pa.float64())


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in INT64


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _is_unicode(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)
