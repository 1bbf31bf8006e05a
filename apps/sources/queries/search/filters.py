"""Filters as callers write them: `[{"field": "status", "operator": "equals", "value": "open"}]`; all must hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from apps.errors import Invalid

MOST_FILTERS, MOST_VALUES, LONGEST_FIELD = 20, 1_000, 1_000
EXISTS = "exists"
LISTS = frozenset({"in", "not_in"})
ORDERS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

ALIASES = {
    "equals": ("eq", "=", "==", "is", "equal"),
    "not_equals": ("ne", "neq", "!=", "<>", "is_not", "not_equal"),
    "gt": (">", "greater_than", "after"),
    "gte": (">=", "ge", "greater_than_or_equal"),
    "lt": ("<", "less_than", "before"),
    "lte": ("<=", "le", "less_than_or_equal"),
    "in": ("any_of", "one_of"),
    "not_in": ("nin", "none_of"),
    "contains": ("includes", "like"),
    "starts_with": ("startswith", "prefix"),
    EXISTS: ("is_not_null", "not_null"),
    "is_null": ("missing", "null"),
}
OPERATORS = {alias: name for name, aliases in ALIASES.items() for alias in (name, *aliases)}


@dataclass(frozen=True, slots=True)
class Filter:
    """`operator` is a key of ALIASES. `place`: where it stands in the list, for what is said of it."""

    field: str
    operator: str
    value: Any
    place: int

    def refusal(self, message: str, part: str = "value") -> Invalid:
        return Invalid(message, code="invalid_filter", field=f"filters.{self.place}.{part}")

    @property
    def is_negative(self) -> bool:
        return self.operator in {"not_equals", "not_in"}

    @property
    def values(self) -> list[Any]:
        """Those that are compared with."""
        return list(self.value) if self.operator in LISTS else [self.value]


def parsed(filters: object) -> list[Filter]:
    """Raises Invalid with every problem."""
    if filters in (None, ""):
        return []
    if not isinstance(filters, list) or len(filters) > MOST_FILTERS:
        raise Invalid(f"filters must be a list of at most {MOST_FILTERS} filters.", field="filters")
    found, problems = [], []
    for place, each in enumerate(filters):
        try:
            found.append(_parsed(each, place))
        except Invalid as problem:
            problems.append(problem)
    if problems:
        first = problems[0]
        raise Invalid(first.message, code=first.code, field=first.field, problems=problems)
    return found


def _parsed(each: object, place: int) -> Filter:
    if not isinstance(each, Mapping):
        raise Invalid("A filter is an object.", code="invalid_filter", field=f"filters.{place}")
    field, operator = each.get("field"), each.get("operator", "equals")
    told = Filter(str(field), str(operator), each.get("value"), place)
    if not isinstance(field, str) or not 0 < len(field) <= LONGEST_FIELD or "\0" in field:
        raise told.refusal("A filter needs a field.", "field")
    if not _is_storable(told.value):
        raise told.refusal("The value holds characters that no text may.")
    name = OPERATORS.get(operator.strip().lower()) if isinstance(operator, str) else None
    if name is None:
        raise told.refusal(f"There is no such operator. Known: {', '.join(ALIASES)}.", "operator")
    return _with_value(told, name, is_given="value" in each)


def _is_storable(value: object) -> bool:
    """Whether PostgreSQL knows all of its characters."""
    try:
        return b"\\u0000" not in orjson.dumps(value)
    except TypeError:
        return False


def _with_value(told: Filter, operator: str, *, is_given: bool) -> Filter:
    value = told.value
    if operator in {EXISTS, "is_null"}:
        if value not in (True, False, None):
            raise told.refusal(f"The value of {operator} is true, false or left out.")
        is_wanted = (value is not False) == (operator == EXISTS)
        return Filter(told.field, EXISTS, is_wanted, told.place)
    if operator in LISTS and not (isinstance(value, list) and len(value) <= MOST_VALUES):
        raise told.refusal(f"The value of {operator} must be a list of at most {MOST_VALUES:,} values.")
    if value is None and is_given and operator in {"equals", "not_equals"}:
        return Filter(told.field, EXISTS, operator == "not_equals", told.place)
    if value is None:
        raise told.refusal("A filter needs a value.")
    return Filter(told.field, operator, value, told.place)
