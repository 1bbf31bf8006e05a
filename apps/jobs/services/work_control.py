"""What a chain asks of whoever runs it (`engine.sync.control`), as far as a job's `Work` answers it alone."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from apps.jobs.services.work import Work
from engine.sync.control import Refusal


class WorkControl:
    """One attempt at a job. `about`: what every line of its log tells besides."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.job = work.job.uid
        self.fence = work.job.fence
        self.begun_at = work.job.created_at
        self.about: dict[str, Any] = {}

    def raise_if_stopped(self, *, may_hand_back: bool) -> None:
        self.work.stop.raise_if_shown(may_hand_back=may_hand_back)

    def interruptible(self, interrupt: Callable[[], None]) -> AbstractContextManager[None]:
        return self.work.stop.interruptible(interrupt)

    def long_statement(self) -> AbstractContextManager[None]:
        return self.work.long_statement()

    def log(self, level: str, message: str, **data: Any) -> None:
        self.work.log(level, message, **self.about, **data)

    def refuse(self, *, step: str, stream: str, page: int, refusals: Sequence[Refusal]) -> None:
        self.work.refuse(step_uid=step, stream=stream, page=page, refusals=refusals)

    def refused(self, *, step: str) -> int:
        return self.work.refused(step_uid=step)

    def forget_behind(self, *, step: str, stream: str, page: int) -> None:
        if self.work.job.attempt > 1:
            self.work.forget_refusals(step_uid=step, stream=stream, behind=page)
