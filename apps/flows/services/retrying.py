"""Tries refused records again: the same step, fed from the errors instead of the source."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import orjson
from django.utils import timezone

from apps.flows.services.control import RetryControl, Step, make_rows
from apps.jobs.models import RecordError
from apps.jobs.services import Work
from engine.contract import Mode, Page, Request, Spec
from engine.schema import Kind, RawJson, Row, Stream, Table
from engine.sync.chain import Chain, Generator, WriteStep
from engine.sync.figures import Figures
from engine.sync.run import run as move


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


Errors = dict[tuple[str, str], list[RecordError]]
"""By step uid and generator, in the order in which their records are tried again."""


Pair = tuple[WriteStep, Generator]


def run(work: Work, chains: Sequence[Chain], steps: Sequence[Step]) -> None:
    """Writes the records whose errors this job was started for; then settles each error, and credits the parent."""
    pairs = [(step, generator) for chain in chains for step in chain.steps for generator in chain.generators]
    errors = _errors(work, pairs)
    uids = {uid for pair in errors for uid in pair}
    control = RetryControl(work, make_rows(work, [step for step in steps if step[0] in uids]), errors)
    figures = Figures()
    for step, generator in pairs:
        if group := errors.get((step.uid, generator.uid)):
            move(Chain((_generator(generator, group),), (_single(step),)), control, figures)
    _settle(work, errors)


def _errors(work: Work, pairs: Sequence[Pair]) -> Errors:
    """What is to be tried again; an error of a step that the flow no longer has stays open."""
    present = {(step.uid, generator.uid) for step, generator in pairs}
    errors: Errors = {}
    for error in RecordError.objects.filter(retry=work.job, record__isnull=False).order_by("id"):
        pair = (error.step_uid, error.stream)
        if pair in present:
            errors.setdefault(pair, []).append(error)
        else:
            work.log("warning", "A record was not tried again: the flow no longer has its step.", error=error.uid)
    return errors


def _generator(original: Generator, errors: list[RecordError]) -> Generator:
    request = replace(original.request, cursor="")
    with closing(original.driver.read(request)) as reading:
        stream = replace(reading.stream, key=(), rows=None)
    driver = Replay(stream, cast("list[Row]", [error.record for error in errors]))
    return Generator(original.uid, original.name, driver, request, filter=original.filter, purpose="retry")


def _single(step: WriteStep) -> WriteStep:
    """The same step; a table that is replaced as a whole takes single records as upserts."""
    mode = step.target.mode
    if mode == Mode.REPLACE:
        mode = Mode.UPSERT if step.target.key else Mode.APPEND
    return replace(step, target=replace(step.target, mode=mode))


def _settle(work: Work, errors: Errors) -> None:
    solved = [error.id for group in errors.values() for error in group if error.retry is not None]

    def store() -> None:
        open_ones = RecordError.objects.filter(id__in=solved, resolved_at=None)
        count = open_ones.update(resolved_at=timezone.now(), resolved_by="retry")
        work.add_to_parent(written=count, failed=count)

    work.store(store)


def _restored(record: Row, restore: dict[str, Any]) -> Row:
    return {name: restore[name](value) if name in restore else value for name, value in record.items()}


def _raw_json(value: Any) -> Any:
    return RawJson(value) if isinstance(value, str) else value


def _bytes(value: Any) -> Any:
    return bytes.fromhex(value) if isinstance(value, str) else value


def _array(value: Any) -> Any:
    """A list is JSON; anything else is the system's own literal."""
    try:
        is_list = isinstance(value, str) and isinstance(orjson.loads(value), list)
    except orjson.JSONDecodeError:
        is_list = False
    return RawJson(value) if is_list else value


RESTORE = {Kind.JSON: _raw_json, Kind.ARRAY: _array, Kind.BINARY: _bytes}
