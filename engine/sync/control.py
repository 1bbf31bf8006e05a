"""What the engine asks of whoever runs it: may it go on, and who hears how it goes."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.contract import Position


@dataclass(frozen=True, slots=True)
class Refusal:
    """One record that a step refused: its place in the page, why, and the record to edit and try again.

    `source` is where it happened: "mapping", "output_filter", "import_filter", "application" …
    """

    index: int
    source: str
    code: str
    message: str
    record: dict[str, Any] | None = None
    trace_key: str = ""


@dataclass(slots=True)
class StepFigures:
    """`records`: read by a generator, or written by a write step."""

    records: int = 0
    ignored: int = 0
    failed: int = 0
    pages: int = 0
    lane: str = ""
    delivery: str = ""


@dataclass(slots=True)
class Figures:
    """How far a run got, by step uid. `expected`: rows the source's statistics promise, None when they say nothing."""

    steps: dict[str, StepFigures] = field(default_factory=dict)
    bytes_moved: int = 0
    expected: int | None = None
    snapshots: int = 0

    def of(self, step: str) -> StepFigures:
        return self.steps.setdefault(step, StepFigures())


class Control(Protocol):
    """Whoever runs a chain. Every call may raise FenceLost; `raise_if_stopped` raises Stopped.

    `progress` tells of a checkpoint, `pulse` of life between two. `refuse` answers how many records of the step were
    refused so far, `refused` the same without adding any. `keep` and `recall` hold our own copy of a step's position.
    """

    job: str
    fence: int

    def raise_if_stopped(self) -> None: ...
    def long_statement(self) -> AbstractContextManager[None]: ...
    def log(self, level: str, message: str, **data: Any) -> None: ...
    def refuse(self, *, step: str, page: int, refusals: Sequence[Refusal]) -> int: ...
    def refused(self, *, step: str) -> int: ...
    def progress(self, figures: Figures) -> None: ...
    def pulse(self, figures: Figures) -> None: ...
    def keep(self, *, step: str, stream: str, position: Position) -> None: ...
    def recall(self, *, step: str, stream: str) -> Position | None: ...
