"""Where an incremental run begins: the last run's upper bound, taken back a little for rows that came late."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.schema import Kind, Type

MOMENTS = {Kind.TIMESTAMP, Kind.TIMESTAMPTZ}
LATE_SECONDS = 300


def earlier(value: Any, type_: Type, overlap: float | None) -> Any:
    """`value` less `overlap`: seconds for moments and dates, a number for numbers; None: 5 minutes for moments, else 0."""
    if value is None:
        return None
    if type_.kind in MOMENTS:
        back = timedelta(seconds=LATE_SECONDS if overlap is None else overlap)
        return (datetime.fromisoformat(str(value)) - back).isoformat(" ")
    if not overlap:
        return value
    if type_.kind == Kind.DATE:
        return (date.fromisoformat(str(value)) - timedelta(days=-(-overlap // 86_400))).isoformat()
    if type_.kind == Kind.INTEGER:
        return int(value) - int(overlap)
    if type_.kind in {Kind.DECIMAL, Kind.FLOAT}:
        return str(Decimal(str(value)) - Decimal(str(overlap)))
    return value
