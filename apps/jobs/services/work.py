"""What a runner holds while it runs a job: every write goes under the attempt's fence."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from apps.jobs.models import LIVE, Job, JobEvent, JobStep, RecordError, Result
from apps.jobs.services import events
from apps.jobs.services.control import steadily
from engine.errors import FenceLost, Stopped
from engine.sync.control import Refusal

MAX_ANSWER_BYTES = 5_000_000


class Work:
    """One attempt at a job. Raises FenceLost from any write once another attempt has taken over."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.params: dict[str, Any] = job.params
        self.sealed_params: str = job.sealed_params
        self.moved_at = time.monotonic()
        self._stop = threading.Event()
        self._reason = ""
        self._long = 0

    # Stopping: asked for by the heartbeat's thread, obeyed by the runner's
    def ask_to_stop(self, reason: str) -> None:
        self._reason = self._reason or reason
        self._stop.set()

    def stop_reason(self) -> str:
        """ "cancel", "drain" or "lease_lost" when the runner must stop at its next safe place, else ""."""
        return self._reason

    def raise_if_stopped(self) -> None:
        if self._stop.is_set():
            raise Stopped(self._reason)

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

    # Telling
    def log(self, level: str, message: str, **data: Any) -> None:
        """A line of the job's own log; `level` is "info", "warning" or "error"."""
        steadily(lambda: events.append(self.job.id, JobEvent.Level(level), message, data))

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
        steadily(lambda: Result.objects.update_or_create(job_id=self.job.id, defaults=values))

    def snapshot(self, config: dict[str, Any]) -> dict[str, Any]:
        """What the job runs with: `config` at its first attempt, the same again at every later one."""
        if self.job.config is None:
            self._update(config=config)
            self.job.config = config
        return self.job.config

    def progress(self, steps: Sequence[JobStep] = (), **totals: Any) -> None:
        """Stores absolute figures of the job (its columns by name) and of its steps."""

        def store() -> None:
            self._update(stalled=0, **totals)
            if steps:
                JobStep.objects.bulk_update(
                    steps, ["records", "ignored", "failed", "pages", "ended_at", "lane", "delivery"]
                )

        steadily(store)
        self.moved_at = time.monotonic()

    def pulse(self, **totals: Any) -> None:
        """Stores figures between two checkpoints, which are no progress that an attempt could be resumed from."""
        steadily(lambda: self._update(**totals))
        self.moved_at = time.monotonic()

    def refuse(self, *, step_uid: str, page: int, refusals: Sequence[Refusal]) -> None:
        """Keeps refused records; the same place in the same page is kept once, however often the page is read."""
        rows = [
            RecordError(
                job_id=self.job.id,
                step_uid=step_uid,
                page=page,
                index=refusal.index,
                source=refusal.source,
                code=refusal.code,
                message=refusal.message,
                trace_key=refusal.trace_key[:512],
                record=storable(refusal.record),
            )
            for refusal in refusals
        ]
        steadily(lambda: RecordError.objects.bulk_create(rows, ignore_conflicts=True))

    def _update(self, **fields: Any) -> None:
        row = Job.objects.filter(id=self.job.id, fence=self.job.fence, state__in=LIVE)
        if not row.update(updated_at=Now(), **fields):
            raise FenceLost("Another attempt has taken this job over.")

    def add_to_parent(self, *, written: int, failed: int) -> None:
        """Credits a retry's results to the job whose errors it retried."""
        Job.objects.filter(children=self.job.id).update(
            records_written=F("records_written") + written, records_failed=F("records_failed") - failed
        )


def storable(record: dict[str, Any] | None) -> Any:
    """The record as JSON can hold it: bytes as hex, NUL characters shown as the Unicode symbol for them."""
    if record is None:
        return None
    text = orjson.dumps(record, default=_shown).decode()
    return orjson.loads(text.replace("\\u0000", "\u2400"))


def _shown(value: Any) -> str:
    return value.hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)
