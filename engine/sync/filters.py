"""Filters: prefix S-expressions as Celigo writes them, compiled once into a predicate."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import re2

from engine.errors import ConfigError, RecordError
from engine.schema import Row
from engine.sync import paths

Value = Callable[[Row], Any]
Predicate = Callable[[Row], bool]

PATTERN = re2.Options()
PATTERN.log_errors = False


def compile_filter(rules: list[Any]) -> Predicate | None:
    """The predicate, or None for no rules. Raises ConfigError naming the operator that is not understood.

    The predicate raises RecordError for a record that it cannot judge.
    """
    if not rules:
        return None
    value = _compile(rules)
    return lambda row: bool(value(row))


def _compile(rule: Any) -> Value:
    if not isinstance(rule, list):
        return lambda _row: rule
    if not rule or not isinstance(rule[0], str):
        raise ConfigError("A filter rule is a list that begins with its operator", code="invalid_filter")
    operator, *operands = rule
    if operator in SPECIAL and (value := SPECIAL[operator](operands)) is not None:
        return value
    values = [_compile(operand) for operand in operands]
    if operator in JOINERS:
        return JOINERS[operator](values)
    if operator in UNARY and len(values) == 1:
        return _unary(UNARY[operator], values[0])
    if operator in BINARY and len(values) == 2:
        return _binary(BINARY[operator], *values)
    raise ConfigError(
        f"The filter operator {operator!r} with {len(values)} operands is not understood", code="invalid_filter"
    )


def _extract(operands: list[Any]) -> Value:
    if len(operands) != 1 or not isinstance(operands[0], str):
        raise ConfigError("`extract` takes one path", code="invalid_filter")
    return paths.getter(paths.parse(operands[0]))


def _matches_text(operands: list[Any]) -> Value | None:
    """`matches` with the pattern itself, which is compiled once."""
    if len(operands) != 2 or not isinstance(operands[1], str):
        return None
    pattern = _pattern(operands[1], ConfigError, "invalid_filter")
    return _unary(lambda value: value is not None and _is_found(pattern, value), _compile(operands[0]))


def _any_of_list(operands: list[Any]) -> Value | None:
    """`anyof` with the list of values itself, which is no rule."""
    if len(operands) != 2 or not isinstance(operands[1], list) or _is_rule(operands[1]):
        return None
    choices = operands[1]
    return _unary(lambda value: _any_of(value, choices), _compile(operands[0]))


def _is_rule(operand: list[Any]) -> bool:
    return bool(operand) and isinstance(operand[0], str) and operand[0] in OPERATORS


def _unary(function: Callable[[Any], Any], operand: Value) -> Value:
    return lambda row: function(operand(row))


def _binary(function: Callable[[Any, Any], bool], left: Value, right: Value) -> Value:
    return lambda row: function(left(row), right(row))


def _all(values: list[Value]) -> Value:
    return lambda row: all(value(row) for value in values)


def _any(values: list[Value]) -> Value:
    return lambda row: any(value(row) for value in values)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number


def _epoch(value: Any) -> float | None:
    """Milliseconds since 1970, of a number or an ISO moment."""
    if value is None or isinstance(value, int | float):
        return value
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000


def _string(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _boolean(value: Any) -> bool:
    return value not in (None, False, 0, "", "false", "0")


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Numbers with numbers, texts with texts; nothing compares with what is not there."""

    def function(left: Any, right: Any) -> bool:
        if left is None or right is None:
            return False
        if not (isinstance(left, str) and isinstance(right, str)):
            left, right = _number(left), _number(right)
            if left is None or right is None:
                return False
        return compare(left, right)

    return function


def _matches(value: Any, pattern: Any) -> bool:
    """Against a pattern that comes out of the record itself."""
    if value is None or pattern is None:
        return False
    return _is_found(_pattern(str(pattern), RecordError, "invalid_value"), value)


def _is_found(pattern: Any, value: Any) -> bool:
    text = str(value)
    if not text.isascii():
        text = text.encode(errors="replace").decode()  # half a surrogate pair has no UTF-8
    return pattern.search(text) is not None


def _pattern(text: str, error: type[ConfigError | RecordError], code: str) -> Any:
    """In RE2, which takes time in proportion to the text whatever the pattern is."""
    try:
        return re2.compile(text, PATTERN)
    except re2.error as reason:
        told = str(reason.args[0], errors="replace")
    except UnicodeEncodeError:
        told = "it is no Unicode text"
    raise error(
        f"{text!r} is not a pattern that is understood here, where none has back-references or look-around: {told}",
        code=code,
    )


def _any_of(value: Any, choices: Any) -> bool:
    """`choices`: a list, or a text with commas."""
    if value is None or choices is None:
        return False
    if not isinstance(choices, list):
        choices = [choice.strip() for choice in str(choices).split(",")]
    return value in choices or _string(value) in choices


def _text_pair(compare: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: left is not None and right is not None and compare(str(left), str(right))


def _if_number(function: Callable[[float], Any]) -> Callable[[Any], Any]:
    def rounded(value: Any) -> Any:
        number = _number(value)
        return None if number is None or math.isinf(number) else function(number)

    return rounded


JOINERS: dict[str, Callable[[list[Value]], Value]] = {"and": _all, "or": _any}
UNARY: dict[str, Callable[[Any], Any]] = {
    "not": lambda value: not value,
    "empty": _is_empty,
    "isempty": _is_empty,
    "notempty": lambda value: not _is_empty(value),
    "isnotempty": lambda value: not _is_empty(value),
    "number": _number,
    "string": _string,
    "boolean": _boolean,
    "epochtime": _epoch,
    "lowercase": lambda value: None if value is None else str(value).lower(),
    "uppercase": lambda value: None if value is None else str(value).upper(),
    "ceiling": _if_number(math.ceil),
    "floor": _if_number(math.floor),
    "abs": _if_number(abs),
}
BINARY: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda left, right: left == right,
    "notequals": lambda left, right: left != right,
    "greaterthan": _ordered(lambda left, right: left > right),
    "greaterthanequals": _ordered(lambda left, right: left >= right),
    "lessthan": _ordered(lambda left, right: left < right),
    "lessthanequals": _ordered(lambda left, right: left <= right),
    "startswith": _text_pair(str.startswith),
    "endswith": _text_pair(str.endswith),
    "contains": _text_pair(lambda left, right: right in left),
    "doesnotcontain": lambda left, right: left is None or str(right) not in str(left),
    "matches": _matches,
    "anyof": _any_of,
}
SPECIAL: dict[str, Callable[[list[Any]], Value | None]] = {
    "extract": _extract,
    "matches": _matches_text,
    "anyof": _any_of_list,
}
"""Operators that look at their operands before those are compiled; None: then they are like any other."""
OPERATORS = {*SPECIAL, *JOINERS, *UNARY, *BINARY}
