"""What the engine asks of whoever runs it: may it go on, and who hears how it goes."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from engine.contract import Position
from engine.sync.figures import Figures


@dataclass(frozen=True, slots=True)
class Refusal:
    """One record that a step refused: its place in the page, why, and the record to edit and try again.

    `source` is where it happened: "output_filter", "import_filter", "mapping", "application" …
    """

    index: int
    source: str
    code: str
    message: str
    record: dict[str, Any] | None = None
    trace_key: str = ""


class Control(Protocol):
    """Whoever runs a chain. Every call may raise FenceLost.

    `raise_if_stopped` raises Stopped; a wish to hand back waits until the run `may_hand_back`, for a place that it can
    be continued from. While `interruptible` is open, every other wish to stop also calls `interrupt`, from another
    thread. `progress` tells of a checkpoint, `pulse` of life between two. `refused` answers how many records a step
    has refused so far; `forget_behind` drops what was told of pages that were never committed. `keep` and `recall` hold
    our own copy of a step's position, which is stored with the next `progress`. `begun_at` is when the job was asked
    for, the same in all its attempts.
    """

    job: str
    fence: int
    begun_at: datetime

    def raise_if_stopped(self, *, may_hand_back: bool) -> None: ...
    def interruptible(self, interrupt: Callable[[], None]) -> AbstractContextManager[None]: ...
    def long_statement(self) -> AbstractContextManager[None]: ...
    def log(self, level: str, message: str, **data: Any) -> None: ...
    def refuse(self, *, step: str, stream: str, page: int, refusals: Sequence[Refusal]) -> None: ...
    def refused(self, *, step: str) -> int: ...
    def forget_behind(self, *, step: str, stream: str, page: int) -> None: ...
    def progress(self, figures: Figures) -> None: ...
    def pulse(self, figures: Figures) -> None: ...
    def keep(self, *, step: str, stream: str, position: Position) -> None: ...
    def recall(self, *, step: str, stream: str) -> Position | None: ...
