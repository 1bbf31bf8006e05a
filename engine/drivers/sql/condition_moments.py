"""Moments that filters compare with as texts, and what they say to a database that compares them as moments."""

import re
from dataclasses import dataclass
from datetime import datetime

from engine.contract import Condition, Operator
from engine.schema import Column, Kind

TEXT = re.compile(r"(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(\+00:00)?)?", re.ASCII)

EQUALITY = {Operator.EQUALS: Operator.EQUALS, Operator.NOT_EQUALS: Operator.NOT_EQUALS}
# The text of a moment that only begins with what is asked for is greater than that.
BEHIND = {
    Operator.LESS: Operator.LESS,
    Operator.LESS_OR_EQUAL: Operator.LESS,
    Operator.GREATER: Operator.GREATER_OR_EQUAL,
    Operator.GREATER_OR_EQUAL: Operator.GREATER_OR_EQUAL,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A comparison of moments: `text` is one without an offset, in UTC."""

    operator: Operator
    text: str


def asked(condition: Condition, column: Column, *, has_all_digits: bool) -> Asked | None:
    """The comparison of moments that is the same as the condition's of texts; None where there is none.

    `has_all_digits`: the database writes as many digits of a second as the column has; else none that are zeros at
    the end.
    """
    operator = condition.operator
    found = TEXT.fullmatch(condition.value) if isinstance(condition.value, str) else None
    if found is None or not _is_real(found[0]) or operator not in {*BEHIND, *EQUALITY}:
        return None
    day, time, fraction, offset = found.groups(default="")
    kind = column.type.kind
    if kind is Kind.DATE:
        return None if time else Asked(operator, day)
    if offset and kind is Kind.TIMESTAMP:
        return None
    text = f"{day} {time or '00:00:00'}" + (f".{fraction}" if fraction else "")
    has_offset = bool(offset) or kind is Kind.TIMESTAMP
    missing = (column.type.precision or 0) - len(fraction) if has_all_digits else int(fraction.endswith("0")) * -1
    if time and has_offset and not missing:
        return Asked(operator, text)
    is_begun = missing >= 0 and (has_all_digits or not offset)
    return Asked(BEHIND[operator], text) if is_begun and operator in BEHIND else None


def _is_real(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).date().isoformat() == text[:10]
    except ValueError:
        return False
