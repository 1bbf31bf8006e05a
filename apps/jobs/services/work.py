"""What a runner holds while it runs a job: every write goes under the attempt's fence."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NoReturn

import orjson
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from apps.jobs.models import LIVE, Job, JobEvent, JobStep, Result, State
from apps.jobs.services import events, refusing, steps
from apps.jobs.services.control import steadily
from apps.jobs.services.refusing import PageOfStep
from apps.jobs.services.stopping import CHILDREN, StopSign
from engine.errors import FenceLost, Stopped
from engine.sync.control import Refusal

MAX_ANSWER_BYTES = 5_000_000


class Work:
    """One attempt at a job. Raises FenceLost from any write once another attempt has taken over."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.params: dict[str, Any] = job.params
        self.sealed_params: str = job.sealed_params
        self.stop = StopSign(lease_seconds=settings.JOB_LEASE_SECONDS)
        self.moved_at = time.monotonic()
        self._long = 0
        self._told: dict[tuple[str, str], tuple[int, set[int]]] = {}

    @contextmanager
    def long_statement(self) -> Iterator[None]:
        """While a statement may run for long without moving a row (building an index, swapping a table)."""
        self._long += 1
        try:
            yield
        finally:
            self._long -= 1
            self.moved_at = time.monotonic()

    def is_alive(self, patience: float) -> bool:
        return self._long > 0 or time.monotonic() - self.moved_at < patience

    def store(self, act: Callable[[], object] = lambda: None, **fields: Any) -> None:
        """Does `act` and sets the job's `fields`, together, if this attempt still holds the fence."""

        def act_and_set() -> None:
            row = Job.objects.filter(id=self.job.id, fence=self.job.fence, state__in=LIVE)
            if not row.update(updated_at=Now(), **fields):
                raise FenceLost("Another attempt has taken this job over.")
            act()

        steadily(act_and_set)

    def log(self, level: str, message: str, **data: Any) -> None:
        """A line of the job's own log; `level` is "info", "warning" or "error"."""
        self.store(lambda: events.append(self.job.id, JobEvent.Level(level), message, data))

    def answer(self, value: Any) -> None:
        """The result of an interactive job, as JSON of at most 5 MB."""
        body = orjson.dumps(value, default=str)
        if len(body) > MAX_ANSWER_BYTES:
            body = orjson.dumps({"ok": False, "code": "too_large", "message": "The answer is larger than 5 MB."})
        values = {
            "content_type": "application/json",
            "body": body,
            "expires_at": Now() + timedelta(seconds=settings.JOB_RESULT_SECONDS),
        }
        self.store(lambda: Result.objects.update_or_create(job_id=self.job.id, defaults=values))

    def snapshot(self, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What the job runs with: made at its first attempt, the same again at every later one."""
        if self.job.config is None:
            config = make()
            self.store(config=config)
            self.job.config = config
        return self.job.config

    def progress(self, rows: Sequence[JobStep] = (), act: Callable[[], object] = lambda: None, **totals: Any) -> None:
        """Stores absolute figures of the job (its columns by name) and of its steps, and does `act` with it."""

        def store_and_act() -> None:
            if rows:
                steps.store(self.job.id, rows)
            act()

        self.store(store_and_act, stalled=0, **totals)
        self.moved_at = time.monotonic()

    def pulse(self, **totals: Any) -> None:
        """Stores figures between two checkpoints, which are no progress that an attempt could be resumed from."""
        self.store(**totals)
        self.moved_at = time.monotonic()

    def refuse(self, *, step_uid: str, stream: str, page: int, refusals: Sequence[Refusal]) -> None:
        """Counts refused records, and keeps the step's first ones; a place in a page counts once, however often it is
        told of. Pages are told of one after the other."""
        place = PageOfStep(self.job.id, step_uid, stream, page)
        last, told = self._told.get((step_uid, stream), (0, set[int]()))
        told = told if last == page else set()
        news = [refusal for refusal in refusals if refusal.index not in told]
        told |= {refusal.index for refusal in news}
        self.store(lambda: refusing.keep(place, news, count=len(told)))
        self._told[step_uid, stream] = (page, told)

    def refused(self, *, step_uid: str) -> int:
        """How many records the step has refused so far, in all attempts."""
        if self.job.attempt == 1 and not self._told:
            return 0
        return steadily(lambda: refusing.refused(job_id=self.job.id, step_uid=step_uid))

    def forget_refusals(self, *, step_uid: str, stream: str, behind: int) -> None:
        """Drops what was refused in pages behind that one: they were never committed, and come again."""
        self._told.pop((step_uid, stream), None)
        self.store(lambda: refusing.forget(job_id=self.job.id, step_uid=step_uid, stream=stream, behind=behind))

    def begin(self, start: Callable[[], Job], *, message: str) -> None:
        """Starts a child of this job, which the log tells of by the `message`, both or neither. Raises Stopped when
        somebody wants this job cancelled: then no other begins."""

        def start_and_tell() -> None:
            if not Job.objects.filter(id=self.job.id, state=State.RUNNING).exists():
                raise Stopped("cancel")
            start()
            events.append(self.job.id, JobEvent.Level.INFO, message)

        self.progress(act=start_and_tell)

    def wait_for_children(self) -> NoReturn:
        """Ends this attempt and keeps no worker; the next attempt begins once all children have ended."""
        raise Stopped(CHILDREN)

    def add_to_parent(self, *, written: int, failed: int) -> None:
        """Credits a retry's results to the job whose errors it retried."""
        Job.objects.filter(children=self.job.id).update(
            records_written=F("records_written") + written, records_failed=F("records_failed") - failed
        )
