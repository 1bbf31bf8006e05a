"""The engine's control over a job's `Work`: figures into the job's row, refused records into its errors."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from apps.flows.models import FlowStep
from apps.jobs.models import JobStep, RecordError
from apps.jobs.services import Work, WorkControl
from engine.contract import Delivery, Position
from engine.sync.chain import Chain
from engine.sync.control import Refusal
from engine.sync.figures import Figures

Step = tuple[str, str, str, str]
"""Step uid, role, resource uid, name."""

KEEP = """
UPDATE flows_flowstep SET position = COALESCE(position, '{}') || jsonb_build_object(%s::text, %s::jsonb) WHERE uid = %s
"""


class FlowControl(WorkControl):
    """One attempt at a flow's job. `rows`: the job's steps by step uid."""

    def __init__(self, work: Work, rows: dict[str, JobStep]) -> None:
        super().__init__(work)
        self.rows = rows
        self._kept: dict[tuple[str, str], Position] = {}

    @contextmanager
    def track(self, number: int, chain: Chain) -> Iterator[None]:
        """Inside, one of several chains is run: its log says so, and its steps begin and end by themselves."""
        self.about = {"track": number, "steps": [step.uid for step in chain.steps]}
        uids = [generator.uid for generator in chain.generators] + self.about["steps"]
        steps = JobStep.objects.filter(job_id=self.work.job.id, step_uid__in=uids)
        self.work.store(lambda: steps.filter(started_at=None).update(started_at=Now()))
        yield
        self.work.store(lambda: steps.filter(ended_at=None).update(ended_at=Now()))

    def progress(self, figures: Figures) -> None:
        """Steps that this attempt has not come to yet keep what an earlier one told of them."""
        for uid, step in figures.steps.items():
            row = self.rows[uid]
            row.records, row.ignored, row.failed, row.pages = step.records, step.ignored, step.failed, step.pages
            row.lane, row.delivery = step.lane, step.delivery
        kept, self._kept = self._kept, {}
        rows = list(self.rows.values())
        self.work.progress(rows, lambda: _keep(kept), **totals(rows, figures))

    def pulse(self, figures: Figures) -> None:
        self.work.pulse(bytes_moved=figures.bytes_moved)

    def keep(self, *, step: str, stream: str, position: Position) -> None:
        """Our own copy: all there is where the destination keeps none, and what a finished step shows."""
        if position.get("done") or self.rows[step].delivery != Delivery.EXACTLY_ONCE:
            self._kept[step, stream] = position

    def recall(self, *, step: str, stream: str) -> Position | None:
        """None as well when the flow was changed while it runs, and has no such step any more."""
        positions = FlowStep.objects.filter(uid=step).values_list("position", flat=True).first()
        return (positions or {}).get(stream)


class RetryControl(FlowControl):
    """A retry of refused records: what is refused again is an open error of the parent job again.

    `errors`: by step uid and generator, the errors in the order in which their records are written, in one page.
    """

    def __init__(self, work: Work, rows: dict[str, JobStep], errors: dict[tuple[str, str], list[RecordError]]) -> None:
        super().__init__(work, rows)
        self.errors = errors

    def refuse(self, *, step: str, stream: str, page: int, refusals: Sequence[Refusal]) -> None:
        """At once, and not when the retry ends: no kill may lose what was told before its page was committed."""
        del page
        again = []
        for refusal in refusals:
            error = self.errors[step, stream][refusal.index]
            error.source, error.code, error.message = refusal.source, refusal.code, refusal.message
            error.retry = None
            again.append(error)
        columns = ["source", "code", "message", "retry"]
        self.work.store(lambda: RecordError.objects.bulk_update(again, columns))

    def refused(self, *, step: str) -> int:
        return sum(error.retry is None for (one, _), errors in self.errors.items() if one == step for error in errors)

    def forget_behind(self, *, step: str, stream: str, page: int) -> None:
        """What was refused again has left the retry already."""

    def keep(self, *, step: str, stream: str, position: Position) -> None:
        """A retry has one page: it is written or it is not."""

    def recall(self, *, step: str, stream: str) -> Position | None:
        del step, stream
        return None


def totals(rows: Any, figures: Figures) -> dict[str, Any]:
    """The job's columns from its steps' figures."""
    reads = [row for row in rows if row.role == "export"]
    writes = [row for row in rows if row.role == "import"]
    return {
        "records_read": sum(row.records for row in reads),
        "pages_read": sum(row.pages for row in reads),
        "records_written": sum(row.records for row in writes),
        "records_ignored": sum(row.ignored for row in writes),
        "records_failed": sum(row.failed for row in writes),
        "pages_written": sum(row.pages for row in writes),
        "records_expected": figures.expected,
        "bytes_moved": figures.bytes_moved,
        "snapshots": figures.snapshots,
    }


def make_rows(work: Work, steps: Sequence[Step], *, are_begun: bool = True) -> dict[str, JobStep]:
    """The job's step rows by step uid, made at its first attempt."""
    found = JobStep.objects.filter(job_id=work.job.id) if work.job.attempt > 1 else ()
    rows = {row.step_uid: row for row in found}
    begun = timezone.now() if are_begun else None
    missing = [_row(work.job.id, step, begun) for step in steps if step[0] not in rows]
    if missing:
        work.store(lambda: JobStep.objects.bulk_create(missing, ignore_conflicts=True))
    return rows | {row.step_uid: row for row in missing}


def _row(job_id: int, step: Step, begun: datetime | None) -> JobStep:
    uid, role, resource_uid, name = step
    return JobStep(job_id=job_id, step_uid=uid, role=role, resource_uid=resource_uid, name=name, started_at=begun)


def _keep(positions: Mapping[tuple[str, str], Position]) -> None:
    """A flow may have been changed while it runs, and have no such step any more."""
    with connection.cursor() as cursor:
        for (step, stream), position in positions.items():
            cursor.execute(KEEP, [stream, orjson.dumps(position).decode(), step])
