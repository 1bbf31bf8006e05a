"""A flow as a picture: what it reads on the left, what it writes on the right, its tracks one below the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.text import Truncator

from apps.flows.admin.wording import reading, writing
from apps.flows.models import Export, FlowStep

WIDTH, HEIGHT, GAP = 250, 82, 16
BETWEEN = 130
LETTERS = 30
MOST_TRACKS = 40
"""A pipeline may copy thousands of tables: of so many tracks a picture is drawn."""


@dataclass(frozen=True, slots=True)
class Box:
    x: int
    y: int
    title: str
    connection: str
    does: str
    lane: str
    is_offline: bool
    url: str

    @property
    def middle(self) -> int:
        return self.y + HEIGHT // 2


@dataclass(frozen=True, slots=True)
class Picture:
    """`lines` are the paths between the boxes; `alternative` says it all in words; `more`: tracks that are left out."""

    boxes: Sequence[Box]
    lines: Sequence[str]
    width: int
    height: int
    alternative: str
    more: int = 0


def draw(steps: Sequence[FlowStep], lanes: Mapping[str, str]) -> Picture | None:
    """`lanes`: by a step's uid, the one that its records took when the flow ran last. None for a flow without steps."""
    boxes: list[Box] = []
    lines: list[str] = []
    words = []
    top = 1
    tracks = sorted({step.track for step in steps})
    for track in tracks[:MOST_TRACKS]:
        sources, targets = _track([step for step in steps if step.track == track], top, lanes)
        boxes += [*sources, *targets]
        lines += [_line(source, target) for source in sources for target in targets]
        words.append(f"From {_listed(sources)} to {_listed(targets)}.")
        top += max(len(sources), len(targets)) * (HEIGHT + GAP)
    if not boxes:
        return None
    more = len(tracks[MOST_TRACKS:])
    return Picture(boxes, lines, 2 * WIDTH + BETWEEN + 1, top - GAP + 1, " ".join(words), more)


def _track(steps: Sequence[FlowStep], top: int, lanes: Mapping[str, str]) -> tuple[list[Box], list[Box]]:
    """What a track reads and what it writes, the shorter column in the middle of the other."""
    left = [step for step in steps if step.role == FlowStep.Role.GENERATOR]
    right = [step for step in steps if step.role == FlowStep.Role.PROCESSOR]
    height = max(len(left), len(right)) * (HEIGHT + GAP) - GAP
    return _column(left, 1, top, height, lanes), _column(right, WIDTH + BETWEEN, top, height, lanes)


def _column(steps: Sequence[FlowStep], x: int, top: int, height: int, lanes: Mapping[str, str]) -> list[Box]:
    used = len(steps) * (HEIGHT + GAP) - GAP
    top += (height - used) // 2
    return [_box(step, x, top + index * (HEIGHT + GAP), lanes.get(step.uid, "")) for index, step in enumerate(steps)]


def _box(step: FlowStep, x: int, y: int, lane: str) -> Box:
    resource = step.export or step.destination
    assert resource is not None
    does = reading(resource) if isinstance(resource, Export) else writing(resource)
    return Box(
        x,
        y,
        Truncator(resource.name).chars(LETTERS),
        Truncator(resource.connection.name).chars(LETTERS - 12 if lane else LETTERS),
        Truncator(does).chars(LETTERS + 6),
        lane,
        resource.connection.is_offline,
        reverse(f"admin:flows_{'export' if step.export else 'import'}_change", args=[resource.pk]),
    )


def _line(source: Box, target: Box) -> str:
    begin, end = source.x + WIDTH, target.x - 7
    bend = (begin + end) // 2
    return f"M{begin} {source.middle} C{bend} {source.middle} {bend} {target.middle} {end} {target.middle}"


def _listed(boxes: Sequence[Box]) -> str:
    return ", ".join(f"{box.title} ({box.connection})" for box in boxes) or "nothing"
