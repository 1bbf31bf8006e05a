"""The engine's control over a sync: its figures by stream into the job's row, refused records into its errors."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import F, Sum
from django.db.models.functions import Now

from apps.jobs.models import JobStep
from apps.jobs.services import Work, WorkControl
from apps.sources.models import SourceConnection, Stream, StreamRun
from engine.contract import Position
from engine.errors import ConfigError
from engine.schema import Row
from engine.sync.control import Refusal
from engine.sync.figures import Figures


class SyncControl(WorkControl):
    """One attempt at a sync. `runs`: what it did to each stream, by the stream's id; `steps`: the same as the job's."""

    def __init__(self, work: Work, source: SourceConnection) -> None:
        super().__init__(work)
        self.source = source
        self.runs: dict[int, StreamRun] = {}
        self.steps: dict[str, JobStep] = {}
        self.snapshots = 0
        self._read: dict[str, int] = {}
        self._told: dict[str, Collection[str]] = {}
        self._expected: dict[int, int | None] = {}

    def begin(self, streams: Sequence[Stream]) -> None:
        """Makes the rows that the streams are counted in; those of an earlier attempt go on."""
        job = self.work.job
        runs = [StreamRun(job=job, stream=stream, was_empty=stream.record_count == 0) for stream in streams]
        known = set(JobStep.objects.filter(job=job).values_list("step_uid", flat=True))
        steps = [self._step(stream) for stream in streams if stream.uid not in known]

        def make() -> None:
            StreamRun.objects.bulk_create(runs, ignore_conflicts=True)
            JobStep.objects.bulk_create(steps, ignore_conflicts=True)

        self.work.store(make)
        self.runs = {run.stream_id: run for run in StreamRun.objects.filter(job=job)}
        self.steps = {step.step_uid: step for step in JobStep.objects.filter(job=job)}
        self._read = {uid: step.records + step.failed for uid, step in self.steps.items()}
        self._expected = {
            stream.id: None if self.runs[stream.id].was_empty else stream.record_count for stream in streams
        }

    def let_go(self, streams: Sequence[Stream], drop: Callable[[], None]) -> None:
        """Streams that are dropped, and how many records went with each."""
        runs = [
            StreamRun(job=self.work.job, stream=stream, was_empty=False, deleted=stream.record_count)
            for stream in streams
        ]

        def store() -> None:
            drop()
            StreamRun.objects.bulk_create(runs, ignore_conflicts=True)

        self.work.store(store)
        names = ", ".join(stream.label for stream in streams[:10])
        self.log("info", f"The source does not have these any more, their records went: {names}")

    def tell_only(self, stream: Stream, columns: Collection[str]) -> None:
        """Of a record that is refused no other column is kept; () for all."""
        self._told[stream.uid] = columns

    def expect(self, stream: Stream, rows: int | None) -> None:
        """How many rows will come of it, None where nobody knows."""
        self._expected[stream.id] = rows

    def count_read(self, stream: Stream, rows: int) -> None:
        """Counts rows that no chain has read; they are told with the next progress."""
        self._read[stream.uid] = self._read.get(stream.uid, 0) + rows
        self.steps[stream.uid].records += rows

    def is_done(self, stream: Stream) -> bool:
        """Whether an earlier attempt has done all of it."""
        run = self.runs[stream.id]
        return run.ended_at is not None or bool(run.error_code)

    def done(self, stream: Stream) -> None:
        run = StreamRun.objects.filter(id=self.runs[stream.id].id)

        def store() -> None:
            run.update(ended_at=Now())
            Stream.objects.filter(id=stream.id).update(synced_at=Now())
            JobStep.objects.filter(id=self.steps[stream.uid].id).update(ended_at=Now())

        self.work.progress(act=store)

    def fail(self, stream: Stream, error: ConfigError) -> None:
        """The others go on."""
        run = StreamRun.objects.filter(id=self.runs[stream.id].id)
        self.work.progress(act=lambda: run.update(error_code=error.code[:64], error_message=error.message))
        self.log("error", f"{stream.label}: {error.message}", code=error.code)

    def raise_failure(self) -> None:
        """Raises ConfigError for the first stream that could not be read, in this attempt or an earlier one."""
        failed = StreamRun.objects.filter(job=self.work.job).exclude(error_code="").select_related("stream")
        if run := failed.order_by("id").first():
            raise ConfigError(f"{run.stream.label}: {run.error_message}", code=run.error_code)

    def deleted(self, stream: Stream, count: int) -> None:
        """Counts records that went, inside the transaction in which they go."""
        StreamRun.objects.filter(id=self.runs[stream.id].id).update(deleted=F("deleted") + count)
        Stream.objects.filter(id=stream.id).update(record_count=F("record_count") - count)

    def refuse(self, *, step: str, stream: str, page: int, refusals: Sequence[Refusal]) -> None:
        if names := self._told.get(step):
            refusals = [replace(each, record=_part(each.record, names)) for each in refusals]
        super().refuse(step=step, stream=stream, page=page, refusals=refusals)
        self._count_refused(step)

    def forget_behind(self, *, step: str, stream: str, page: int) -> None:
        super().forget_behind(step=step, stream=stream, page=page)
        if self.work.job.attempt > 1:
            self._count_refused(step)

    def progress(self, figures: Figures) -> None:
        told = []
        for uid, step in figures.steps.items():
            row = self.steps.get(uid)
            if row is not None:
                told.append(row)
                row.records, row.failed, row.pages = step.records, step.failed, step.pages
                row.lane, row.delivery = step.lane, step.delivery
                self._read[uid] = step.records + step.failed
        self.snapshots = max(self.snapshots, figures.snapshots)
        self.tell(told)

    def tell(self, steps: Sequence[JobStep] | None = None) -> None:
        """Stores what was counted so far. `steps`: those that have got on; None for all."""
        self.work.progress(list(self.steps.values()) if steps is None else steps, **self._totals())

    def pulse(self, figures: Figures) -> None:
        self.work.pulse(bytes_moved=figures.bytes_moved)

    def keep(self, *, step: str, stream: str, position: Position) -> None:
        """The streams keep their positions themselves, with the records."""

    def recall(self, *, step: str, stream: str) -> Position | None:
        del step, stream
        return None

    def _count_refused(self, step: str) -> None:
        """Wherever they were refused, in all attempts."""
        if step in self.steps:
            run = StreamRun.objects.filter(job=self.work.job, stream__uid=step)
            count = self.refused(step=step)
            self.work.store(lambda: run.update(failed=count))

    def _totals(self) -> dict[str, Any]:
        sums = StreamRun.objects.filter(job=self.work.job).aggregate(
            written=Sum(F("inserted") + F("updated"), default=0),
            failed=Sum("failed", default=0),
            kept=Sum("kept", default=0),
        )
        return {
            "records_read": sum(self._read.values()),
            "records_written": sums["written"],
            "records_ignored": max(0, sums["kept"]),
            "records_failed": sums["failed"],
            "pages_read": sum(step.pages for step in self.steps.values()),
            "pages_written": sum(step.pages for step in self.steps.values()),
            "records_expected": self._total_expected(),
            "snapshots": self.snapshots,
        }

    def _total_expected(self) -> int | None:
        """How many rows will come of all of them; None while one of them does not tell."""
        known = [rows for rows in self._expected.values() if rows is not None]
        return sum(known) if len(known) == len(self._expected) else None

    def _step(self, stream: Stream) -> JobStep:
        return JobStep(
            job=self.work.job,
            step_uid=stream.uid,
            role="import",
            resource_uid=self.source.uid,
            name=stream.label[:200],
            started_at=Now(),
        )


def _part(record: Row | None, names: Collection[str]) -> Row | None:
    return None if record is None else {name: value for name, value in record.items() if name in names}
