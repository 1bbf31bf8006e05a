"""Moments in UTC and to the second, "2025-01-15T10:30:00Z", as Databasin and the Sources API write them."""

from datetime import UTC, datetime


def moment(expression: str) -> str:
    """An SQL expression that gives the moment as text."""
    return f"""to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def moment_of(at: datetime) -> str:
    """The same of a value."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
