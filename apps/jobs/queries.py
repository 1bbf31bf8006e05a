"""Reads of jobs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a run goes and how long it may take yet; None where nobody can know."""

    records_per_second: float | None
    seconds_left: int | None


def pace(*, records: int, expected: int | None, seconds: float | None, is_over: bool) -> Pace:
    """The pace of a run that has read `records` of the `expected` ones in `seconds`."""
    if not seconds or not records:
        return Pace(None, None)
    speed = records / seconds
    if is_over:
        return Pace(round(speed, 1), 0)
    left = None if expected is None else round(max(0, expected - records) / speed)
    return Pace(round(speed, 1), left)
