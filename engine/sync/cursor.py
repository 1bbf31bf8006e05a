"""Where an incremental run begins: the last run's upper bound, taken back a little for rows that came late."""

import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.errors import ConfigError
from engine.schema import Kind, Type

MOMENTS = {Kind.TIMESTAMP, Kind.TIMESTAMPTZ}
LATE_SECONDS = 300
DAY_SECONDS = 86_400


def earlier(value: Any, type_: Type, overlap: float | None) -> Any:
    """`value` less `overlap`: seconds for moments and dates, a number for numbers; None: 5 minutes for moments, else 0.

    Raises ConfigError for a value that nothing can be taken from, such as the moment "infinity".
    """
    if overlap is None:
        overlap = LATE_SECONDS if type_.kind in MOMENTS else 0
    if value is None or not overlap:
        return value
    try:
        return _less(value, type_, overlap)
    except (ValueError, ArithmeticError) as error:
        message = f"The cursor's last value, {value}, is none that an overlap could be taken from."
        raise ConfigError(message, code="invalid_cursor") from error


def _less(value: Any, type_: Type, overlap: float) -> Any:
    if type_.kind in MOMENTS:
        return (datetime.fromisoformat(str(value)) - timedelta(seconds=overlap)).isoformat(" ")
    if type_.kind == Kind.DATE:
        return (date.fromisoformat(str(value)) - timedelta(days=math.ceil(overlap / DAY_SECONDS))).isoformat()
    if type_.kind == Kind.INTEGER:
        return int(value) - math.ceil(overlap)
    if type_.kind == Kind.FLOAT:
        return float(value) - overlap
    if type_.kind == Kind.DECIMAL:
        return str(Decimal(str(value)) - Decimal(str(overlap)))
    return value
