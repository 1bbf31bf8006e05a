"""The wish that a running job stop: told by the heartbeat's thread, obeyed by the runner's."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.errors import EngineError, Stopped

HAND_BACK = "drain"
CHILDREN = "children"
TIMED_OUT = "timed_out"


class StopSign:
    """`reason`: "" to go on, "drain" to hand the job back where it can be continued, "cancel", "timed_out" or
    "lease_lost" to stop at once. Without news of the lease for half its length it counts as lost: somebody else may
    soon start."""

    def __init__(self, *, lease_seconds: float) -> None:
        self.reason = ""
        self._patience = lease_seconds / 2
        self._confirmed_at = time.monotonic()
        self._interrupts: list[Callable[[], None]] = []

    def show(self, reason: str) -> None:
        """May be shown again and again. What is to stop at once is interrupted even inside a statement."""
        if self.reason in {"", HAND_BACK}:
            self.reason = reason
        if self.reason != HAND_BACK:
            for interrupt in list(self._interrupts):
                interrupt()

    def confirm_lease(self) -> None:
        self._confirmed_at = time.monotonic()

    def check_lease(self) -> None:
        if time.monotonic() - self._confirmed_at > self._patience:
            self.show("lease_lost")

    def raise_if_shown(self, *, may_hand_back: bool) -> None:
        self.check_lease()
        if self.reason and (may_hand_back or self.reason != HAND_BACK):
            raise Stopped(self.reason)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Inside, what fails once the job is to stop at once raises Stopped: interrupted, it fails in its own words."""
        try:
            yield
        except EngineError:
            self.raise_if_shown(may_hand_back=False)
            raise

    @contextmanager
    def interruptible(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While open, `interrupt` is called, from the other thread, when the job is to stop at once."""
        self._interrupts.append(interrupt)
        try:
            yield
        finally:
            self._interrupts.remove(interrupt)
