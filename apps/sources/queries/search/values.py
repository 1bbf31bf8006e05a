"""Values of filters, as the columns of a kind hold theirs: numbers, moments in one spelling, words."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from engine.schema import Kind

NUMBER = r"^\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?\s*$"
LONGEST_NUMBER = 200
"""What PostgreSQL certainly takes for a number; the length is asked for apart, as counting makes a pattern slow."""
DATE = re.compile(r"\d{4}-\d\d-\d\d")
TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?")

NUMBERS = frozenset({Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL})
MOMENTS = frozenset({Kind.DATE, Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMPTZ})
NESTED = frozenset({Kind.JSON, Kind.ARRAY})


def number(value: Any) -> Decimal | None:
    """None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value)
    if len(text) > LONGEST_NUMBER or not re.match(NUMBER, text, re.ASCII):
        return None
    return Decimal(text.strip())


def words(value: Any) -> str | None:
    """None for what is nested."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float | str) else None


def boolean(value: Any) -> str | None:
    """As words, as JSON holds it."""
    text = str(value).strip().lower()
    if text in {"true", "1", "yes"}:
        return "true"
    return "false" if text in {"false", "0", "no"} else None


def moment(kind: str) -> Callable[[Any], str | None]:
    """What gives a value in the spelling of the columns of this kind, in which earlier ones sort first."""
    return MOMENT_SPELLINGS[kind]


def _date(value: Any) -> str | None:
    found = _parsed(value)
    return f"{found:%Y-%m-%d}" if found else None


def _time(value: Any) -> str | None:
    if not isinstance(value, str) or not TIME.fullmatch(value.strip()):
        return None
    text = value.strip()
    return text if len(text) > len("00:00") else f"{text}:00"


def _timestamp(value: Any) -> str | None:
    found = _parsed(value)
    return _spelled(found) if found else None


def _timestamptz(value: Any) -> str | None:
    """What names no offset is meant in UTC."""
    found = _parsed(value)
    return f"{_spelled(found)}+00:00" if found else None


def _parsed(value: Any) -> datetime | None:
    if not isinstance(value, str) or not DATE.match(value.strip()):
        return None
    try:
        return datetime.fromisoformat(value.strip())
    except (ValueError, OverflowError):
        return None


def _spelled(at: datetime) -> str:
    """ "2024-02-29 23:59:59.5" in UTC, without zeros behind a fraction."""
    text = (at.astimezone(UTC) if at.tzinfo else at).replace(tzinfo=None).isoformat(" ")
    return text.rstrip("0").rstrip(".") if "." in text else text


MOMENT_SPELLINGS: Mapping[str, Callable[[Any], str | None]] = {
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.TIMESTAMP: _timestamp,
    Kind.TIMESTAMPTZ: _timestamptz,
}
