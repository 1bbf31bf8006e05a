"""The engine's control over a job's `Work`: figures into the job's row, refused records into its errors."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from django.utils import timezone

from apps.flows.models import FlowStep
from apps.jobs.models import JobStep, RecordError
from apps.jobs.services import Work
from apps.jobs.services.control import steadily
from engine.contract import Delivery, Position
from engine.sync.control import Figures, Refusal


class FlowControl:
    """One attempt at a flow's job. `rows`: the job's steps by step uid."""

    def __init__(self, work: Work, rows: dict[str, JobStep]) -> None:
        self.work = work
        self.rows = rows
        self.job = work.job.uid
        self.fence = work.job.fence

    def raise_if_stopped(self) -> None:
        self.work.raise_if_stopped()

    def long_statement(self) -> AbstractContextManager[None]:
        return self.work.long_statement()

    def log(self, level: str, message: str, **data: Any) -> None:
        self.work.log(level, message, **data)

    def refuse(self, *, step: str, page: int, refusals: Sequence[Refusal]) -> int:
        self.work.refuse(step_uid=step, page=page, refusals=refusals)
        return self.refused(step=step)

    def refused(self, *, step: str) -> int:
        return RecordError.objects.filter(job_id=self.work.job.id, step_uid=step).count()

    def progress(self, figures: Figures) -> None:
        for uid, row in self.rows.items():
            step = figures.of(uid)
            row.records, row.ignored, row.failed, row.pages = step.records, step.ignored, step.failed, step.pages
            row.lane, row.delivery = step.lane, step.delivery
        self.work.progress(list(self.rows.values()), **totals(self.rows.values(), figures))

    def pulse(self, figures: Figures) -> None:
        self.work.pulse(bytes_moved=figures.bytes_moved)

    def keep(self, *, step: str, stream: str, position: Position) -> None:
        """Our own copy: all there is where the destination keeps none, and what a finished step shows."""
        if position.get("done") or self.rows[step].delivery != Delivery.EXACTLY_ONCE:
            steadily(lambda: _merge(step, stream, position))

    def recall(self, *, step: str, stream: str) -> Position | None:
        positions = FlowStep.objects.values_list("position", flat=True).get(uid=step)
        return (positions or {}).get(stream)


class RetryControl(FlowControl):
    """A retry of refused records: what is refused again stays an open error of the parent job.

    `errors`: by step uid, the errors in the order in which their records are written, in one page.
    """

    def __init__(self, work: Work, rows: dict[str, JobStep], errors: dict[str, list[RecordError]]) -> None:
        super().__init__(work, rows)
        self.errors = errors
        self.refused_again: dict[int, Refusal] = {}

    def refuse(self, *, step: str, page: int, refusals: Sequence[Refusal]) -> int:
        del page
        self.refused_again |= {self.errors[step][refusal.index].id: refusal for refusal in refusals}
        return self.refused(step=step)

    def refused(self, *, step: str) -> int:
        return sum(error.id in self.refused_again for error in self.errors[step])

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


def make_rows(work: Work, steps: Sequence[tuple[str, str, str, str]]) -> dict[str, JobStep]:
    """The job's step rows by step uid, made at its first attempt; `steps`: (step uid, role, resource uid, name)."""
    for step_uid, role, resource_uid, name in steps:
        defaults = {"role": role, "resource_uid": resource_uid, "name": name, "started_at": timezone.now()}
        JobStep.objects.get_or_create(job_id=work.job.id, step_uid=step_uid, defaults=defaults)
    return {row.step_uid: row for row in JobStep.objects.filter(job_id=work.job.id)}


def _merge(step: str, stream: str, position: Position) -> None:
    row = FlowStep.objects.select_for_update().filter(uid=step).first()
    if row is not None:  # the flow may have been changed while it runs
        row.position = {**(row.position or {}), stream: position}
        row.save(update_fields=["position"])
