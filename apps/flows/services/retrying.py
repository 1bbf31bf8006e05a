"""Tries refused records again: the same step, fed from the errors instead of the source."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django.utils import timezone

from apps.flows.services.control import RetryControl, make_rows
from apps.jobs.models import Job, RecordError
from apps.jobs.services import Work
from apps.jobs.services.control import steadily
from engine.contract import Mode, Page, Request, Spec
from engine.schema import Kind, RawJson, Row, Stream, Table
from engine.sync.chain import Chain, Generator, WriteStep
from engine.sync.run import run as move

GENERATIONS_OF_RETRIES = 1_000_000_000


@dataclass(slots=True)
class ReplayReading:
    """Records that were kept with their errors, as one page."""

    stream: Stream
    rows: list[Row]
    until: Any = None

    def pages(self) -> Iterator[Page]:
        yield Page(self.rows, None)

    def close(self) -> None:
        pass


class Replay:
    """A driver that reads errors' records: values come back from JSON as the columns' types say."""

    spec: ClassVar[Spec] = Spec("replay", "Records to try again", "internal", ())

    def __init__(self, stream: Stream, records: list[Row]) -> None:
        restore = {column.name: RESTORE[column.type.kind] for column in stream.columns if column.type.kind in RESTORE}
        self.stream = stream
        self.rows = [_restored(record, restore) for record in records]

    def check(self) -> None:
        pass

    def streams(self) -> Iterator[Table]:
        yield from ()

    def read(self, request: Request) -> ReplayReading:
        del request
        return ReplayReading(self.stream, self.rows)

    def close(self) -> None:
        pass


def run(work: Work, chain: Chain) -> None:
    """Writes the records whose errors this job was started for; then settles each error, and credits the parent."""
    errors: dict[str, list[RecordError]] = {}
    for error in RecordError.objects.filter(retry=work.job).order_by("id"):
        errors.setdefault(error.step_uid, []).append(error)
    steps = [step for step in chain.steps if step.uid in errors]
    rows = make_rows(work, [(step.uid, "import", step.uid, step.name) for step in steps])
    control = RetryControl(work, rows, errors)
    for step in steps:
        generator = _generator(chain.generators[0], errors[step.uid])
        move(Chain((generator,), (_for_retry(step, work.job),)), control)
    _settle(work, errors, control)


def _generator(original: Generator, errors: list[RecordError]) -> Generator:
    reading = original.driver.read(original.request)
    reading.close()
    stream = replace(reading.stream, key=())
    records = [error.record or {} for error in errors]
    return Generator(original.uid, original.name, Replay(stream, records), replace(original.request, cursor=""))


def _for_retry(step: WriteStep, job: Job) -> WriteStep:
    """The same step with a memory of its own (its generation is the job's number, far above any step's own count);
    a table that is replaced as a whole takes single records as upserts."""
    mode = step.target.mode
    if mode == Mode.REPLACE:
        mode = Mode.UPSERT if step.target.key else Mode.APPEND
    return replace(step, target=replace(step.target, mode=mode), generation=GENERATIONS_OF_RETRIES + job.id)


def _settle(work: Work, errors: dict[str, list[RecordError]], control: RetryControl) -> None:
    every = [error for group in errors.values() for error in group]
    again = [error for error in every if error.id in control.refused_again]
    solved = [error.id for error in every if error.id not in control.refused_again]

    def store() -> None:
        for error in again:
            refusal = control.refused_again[error.id]
            error.code, error.message, error.retry = refusal.code, refusal.message, None
        RecordError.objects.bulk_update(again, ["code", "message", "retry"])
        open_ones = RecordError.objects.filter(id__in=solved, resolved_at=None)
        count = open_ones.update(resolved_at=timezone.now(), resolved_by="retry")
        work.add_to_parent(written=count, failed=count)

    steadily(store)


def _restored(record: Row, restore: dict[str, Any]) -> Row:
    return {name: restore[name](value) if name in restore else value for name, value in record.items()}


def _raw_json(value: Any) -> Any:
    return RawJson(value) if isinstance(value, str) else value


def _bytes(value: Any) -> Any:
    return bytes.fromhex(value) if isinstance(value, str) else value


RESTORE = {Kind.JSON: _raw_json, Kind.ARRAY: _raw_json, Kind.BINARY: _bytes}
