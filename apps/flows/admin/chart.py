"""Runs over time as stacked bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.jobs.models import State

STEP, BAR, HEIGHT = 30, 22, 110
KINDS = {
    "completed": (State.COMPLETED,),
    "failed": (State.FAILED,),
    "cancelled": (State.CANCELLING, State.CANCELLED),
    "unfinished": (State.QUEUED, State.RUNNING),
}
Counts = Mapping[tuple[datetime, str], int]
"""How many jobs, by the hour in which they were made and by their state."""


@dataclass(frozen=True, slots=True)
class Part:
    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """`says` is the whole bar in words."""

    x: int
    hour: datetime
    parts: Sequence[Part]
    says: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: Sequence[Bar]
    totals: Mapping[str, int]
    most: int
    width: int
    height: int = HEIGHT
    bar: int = BAR


def chart(counts: Counts, hours: Sequence[datetime]) -> Chart:
    by_hour = {hour: _by_kind(counts, hour) for hour in hours}
    most = max((sum(kinds.values()) for kinds in by_hour.values()), default=0)
    bars = [_bar(index * STEP, hour, by_hour[hour], most) for index, hour in enumerate(hours)]
    totals = {kind: sum(kinds[kind] for kinds in by_hour.values()) for kind in KINDS}
    return Chart(bars, totals, most, len(hours) * STEP)


def hours_until(end: datetime, count: int) -> list[datetime]:
    """The beginnings of the last `count` hours, the one that `end` is in included."""
    last = end.replace(minute=0, second=0, microsecond=0)
    return [last - timedelta(hours=back) for back in reversed(range(count))]


def _by_kind(counts: Counts, hour: datetime) -> dict[str, int]:
    return {kind: sum(counts.get((hour, state), 0) for state in states) for kind, states in KINDS.items()}


def _bar(x: int, hour: datetime, kinds: Mapping[str, int], most: int) -> Bar:
    parts: list[Part] = []
    y = float(HEIGHT)
    for kind, number in kinds.items():
        if number:
            height = max(2.0, round(number / most * HEIGHT, 1))  # one failure among thousands is still seen
            y = max(0.0, round(y - height, 1))
            parts.append(Part(kind, y, height))
    said = ", ".join(f"{number:,} {kind}" for kind, number in kinds.items() if number) or "no runs"
    return Bar(x, hour, parts, f"{hour:%H:%M}: {said}")
