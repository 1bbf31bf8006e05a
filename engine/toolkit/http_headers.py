"""What an answer's headers say of time."""

import time
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx2

LONGEST_PAUSE = 3600


def moment(headers: httpx2.Headers, name: str) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get(name, ""))
    except ValueError:
        return None


def retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds that the server asks us to wait, at most an hour; None where it does not say."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return min(float(value), LONGEST_PAUSE)
    until = moment(headers, "retry-after")
    return None if until is None else min(max(0.0, until.timestamp() - time.time()), LONGEST_PAUSE)
