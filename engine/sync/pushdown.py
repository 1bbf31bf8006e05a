"""What of a filter its source can apply by itself: the parts that mean there exactly what they mean here."""

from collections.abc import Sequence
from typing import Any

from engine.contract import Condition, Driver, Judges, Operator
from engine.errors import ConfigError
from engine.schema import Stream
from engine.sync import paths
from engine.sync.control import Control
from engine.sync.filters import OPERATORS

Conditions = tuple[Condition, ...]

EMPTINESS = {
    "empty": Operator.EMPTY,
    "isempty": Operator.EMPTY,
    "notempty": Operator.NOT_EMPTY,
    "isnotempty": Operator.NOT_EMPTY,
}
COMPARISONS = {one.value: one for one in Operator if one not in {*EMPTINESS.values(), Operator.ANY_OF}}
ORDERINGS = {Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL}
MIRRORED = {
    Operator.EQUALS: Operator.EQUALS,
    Operator.NOT_EQUALS: Operator.NOT_EQUALS,
    Operator.LESS: Operator.GREATER,
    Operator.LESS_OR_EQUAL: Operator.GREATER_OR_EQUAL,
    Operator.GREATER: Operator.LESS,
    Operator.GREATER_OR_EQUAL: Operator.LESS_OR_EQUAL,
}
"""The same with the column on the other side."""


def split(rules: Sequence[Any], stream: Stream, driver: Driver) -> tuple[Conditions, list[Any]]:
    """The conditions of a filter that `driver` leaves out rows by, and what of it is left to be applied here."""
    if not rules or not isinstance(driver, Judges):
        return (), list(rules)
    pushed: list[Condition] = []
    rest: list[Any] = []
    for part in _parts(list(rules)):
        conditions = _conditions(part)
        if conditions and all(_is_judged(one, stream, driver) for one in conditions):
            pushed += conditions
        else:
            rest.append(part)
    return tuple(pushed), ["and", *rest] if rest else []


def tell(name: str, conditions: Conditions, rest: Sequence[Any], control: Control) -> None:
    """Says in the job's log what of the filter of `name` its source applies."""
    applied = ", ".join(f"{one.column} {one.operator}" for one in conditions)
    part = "part of the filter; the rest is applied to what it gives" if rest else "the filter"
    control.log("info", f"The source itself applies {part}: {applied}", step=name)


def _is_judged(condition: Condition, stream: Stream, driver: Judges) -> bool:
    column = stream.column(condition.column)
    return column is not None and driver.judges(condition, column)


def _parts(rule: Any) -> list[Any]:
    """What must all be true for the rule to be."""
    if isinstance(rule, list) and rule and rule[0] == "and":
        return [part for operand in rule[1:] for part in _parts(operand)]
    return [rule]


def _conditions(part: Any) -> Conditions:
    """The part as conditions that together are the same; () where there are none."""
    match part:
        case [str(name), operand] if name in EMPTINESS and (column := _column(operand)):
            return (Condition(column, EMPTINESS[name]),)
        case ["anyof", operand, choices] if column := _column(operand):
            values = _choices(choices)
            return (Condition(column, Operator.ANY_OF, values),) if values else ()
        case [str(name), left, right] if name in COMPARISONS:
            return _comparison(COMPARISONS[name], left, right)
    return ()


def _comparison(operator: Operator, left: Any, right: Any) -> Conditions:
    if operator in MIRRORED and not isinstance(left, list):
        operator, left, right = MIRRORED[operator], right, left
    if isinstance(right, list):
        return ()
    if column := _column(left):
        return (Condition(column, operator, right),)
    match left:
        case ["number", operand] if (column := _column(operand)) and _is_number(right):
            return _numeric(column, operator, right)
    return ()


def _numeric(column: str, operator: Operator, value: float) -> Conditions:
    """A column that is read as a number, whatever it holds: what is compared with a number by order always is."""
    if operator == Operator.EQUALS:
        bounds = (Operator.GREATER_OR_EQUAL, Operator.LESS_OR_EQUAL)
        return tuple(Condition(column, bound, value) for bound in bounds)
    return (Condition(column, operator, value),) if operator in ORDERINGS else ()


def _is_number(value: Any) -> bool:
    """Whether it is a number that a float holds exactly."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 2**53


def _choices(choices: Any) -> list[Any]:
    """The values that are asked for; a text holds them with commas between. [] for what is computed."""
    if isinstance(choices, str):
        return [choice.strip() for choice in choices.split(",")]
    is_rule = isinstance(choices, list) and choices and isinstance(choices[0], str) and choices[0] in OPERATORS
    return choices if isinstance(choices, list) and not is_rule else []


def _column(operand: Any) -> str:
    """The column that is read as it is, "" where more is done."""
    match operand:
        case ["extract", str(path)]:
            try:
                segments = paths.parse(path)
            except ConfigError:
                return ""  # the filter itself is told when it is compiled
            return str(segments[0]) if len(segments) == 1 else ""
    return ""
