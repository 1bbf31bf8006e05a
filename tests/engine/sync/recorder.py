"""Whoever runs a chain, in memory: what it is told, and when it wants a run to stop."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from engine.contract import Position
from engine.errors import Stopped
from engine.sync.control import Refusal
from engine.sync.figures import Figures

Place = tuple[str, str, int, int]


class Notes:
    """What outlives an attempt: what was logged, refused and kept."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.refusals: dict[Place, Refusal] = {}
        self.positions: dict[tuple[str, str], Position] = {}


class Recorder:
    """One attempt. `stop` is "", "drain" or "cancel"; `at_checkpoint` is called at each, with the figures."""

    def __init__(
        self,
        notes: Notes | None = None,
        *,
        job: str = "job",
        fence: int = 1,
        at_checkpoint: Callable[[Figures], None] = lambda figures: None,
    ) -> None:
        self.notes = notes or Notes()
        self.job = job
        self.fence = fence
        self.begun_at = datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)
        self.stop = ""
        self.at_checkpoint = at_checkpoint
        self.figures: list[Figures] = []
        self.pulses: list[int] = []
        self.interrupts: list[Callable[[], None]] = []
        self.long = 0

    def ask_to_stop(self, reason: str) -> None:
        self.stop = reason
        for interrupt in list(self.interrupts) if reason == "cancel" else ():
            interrupt()

    @contextmanager
    def asking_to_stop(self, reason: str, *, after: float) -> Iterator[Callable[[], None]]:
        """What is called inside begins to ask, in so many seconds and from another thread, again and again as a job's
        heartbeat does: one word alone may fall between two statements."""
        over = threading.Event()

        def ask() -> None:
            pause = after
            while not over.wait(pause):
                self.ask_to_stop(reason)
                pause = 0.2

        thread = threading.Thread(target=ask)
        try:
            yield thread.start
        finally:
            over.set()
            if thread.is_alive():
                thread.join()

    def raise_if_stopped(self, *, may_hand_back: bool) -> None:
        if self.stop and (may_hand_back or self.stop != "drain"):
            raise Stopped(self.stop)

    @contextmanager
    def interruptible(self, interrupt: Callable[[], None]) -> Iterator[None]:
        self.interrupts.append(interrupt)
        try:
            yield
        finally:
            self.interrupts.remove(interrupt)

    @contextmanager
    def long_statement(self) -> Iterator[None]:
        self.long += 1
        try:
            yield
        finally:
            self.long -= 1

    def log(self, level: str, message: str, **data: Any) -> None:
        self.notes.lines.append(message)

    def refuse(self, *, step: str, stream: str, page: int, refusals: Sequence[Refusal]) -> None:
        for refusal in refusals:
            self.notes.refusals.setdefault((step, stream, page, refusal.index), refusal)

    def refused(self, *, step: str) -> int:
        return sum(place[0] == step for place in self.notes.refusals)

    def forget_behind(self, *, step: str, stream: str, page: int) -> None:
        for place in [one for one in self.notes.refusals if one[:2] == (step, stream) and one[2] > page]:
            del self.notes.refusals[place]

    def progress(self, figures: Figures) -> None:
        self.figures.append(deepcopy(figures))
        self.at_checkpoint(figures)

    def pulse(self, figures: Figures) -> None:
        self.pulses.append(figures.bytes_moved)

    def keep(self, *, step: str, stream: str, position: Position) -> None:
        self.notes.positions[step, stream] = dict(position)

    def recall(self, *, step: str, stream: str) -> Position | None:
        return self.notes.positions.get((step, stream))
