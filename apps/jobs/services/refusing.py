"""Records that a step refuses: every one is counted, the first of each step are kept to be edited and tried again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from django.db.models import Sum

from apps.jobs.models import JobEvent, RecordError, RefusalCount
from apps.jobs.services import events
from engine.sync.control import Refusal

NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""In JSON; behind an even number of backslashes, else it is the text of an escape."""


@dataclass(frozen=True, slots=True)
class PageOfStep:
    """Where records are refused; `stream` is the generator that gave the page."""

    job_id: int
    step_uid: str
    stream: str
    page: int


def keep(place: PageOfStep, refusals: Sequence[Refusal], *, count: int) -> None:
    """Sets the page's `count`, and keeps `refusals` as far as the step's share goes. May be done twice."""
    room = settings.JOB_RECORD_ERRORS - _of_step(place).count()
    rows = [_row(place, refusal) for refusal in refusals[: max(0, room)]]
    RecordError.objects.bulk_create(rows, ignore_conflicts=True)
    RefusalCount.objects.bulk_create(
        [RefusalCount(**_columns(place), records=count)],
        update_conflicts=True,
        unique_fields=["job", "step_uid", "stream", "page"],
        update_fields=["records"],
    )
    if len(refusals) > room:
        _tell_once(place)


def refused(*, job_id: int, step_uid: str) -> int:
    """How many records the step has refused in this job, kept or not."""
    counts = RefusalCount.objects.filter(job_id=job_id, step_uid=step_uid)
    return int(counts.aggregate(total=Sum("records", default=0))["total"])


def forget(*, job_id: int, step_uid: str, stream: str, behind: int) -> None:
    """Drops what was refused in pages behind that one."""
    for model in (RecordError, RefusalCount):
        model.objects.filter(job_id=job_id, step_uid=step_uid, stream=stream, page__gt=behind).delete()


def _of_step(place: PageOfStep) -> Any:
    return RecordError.objects.filter(job_id=place.job_id, step_uid=place.step_uid)


def _tell_once(place: PageOfStep) -> None:
    """In the transaction that keeps the last of them: its attempt may be followed by another."""
    data = {"step_uid": place.step_uid, "kept": settings.JOB_RECORD_ERRORS}
    if JobEvent.objects.filter(job_id=place.job_id, data=data).exists():
        return
    message = f"A step refused more than {data['kept']:,} records: those above are counted and not kept."
    events.append(place.job_id, JobEvent.Level.WARNING, message, data)


def _columns(place: PageOfStep) -> dict[str, Any]:
    return {"job_id": place.job_id, "step_uid": place.step_uid, "stream": place.stream, "page": place.page}


def _row(place: PageOfStep, refusal: Refusal) -> RecordError:
    return RecordError(
        **_columns(place),
        index=refusal.index,
        source=refusal.source,
        code=refusal.code,
        message=refusal.message,
        trace_key=refusal.trace_key[:512],
        record=storable(refusal.record),
    )


def storable(record: dict[str, Any] | None) -> Any:
    """The record as JSON can hold it: bytes as hex, NUL characters shown as the Unicode symbol for them."""
    if record is None:
        return None
    text = orjson.dumps(record, default=_shown).decode()
    return orjson.loads(NUL.sub("\\1\u2400", text))


def _shown(value: Any) -> str:
    return value.hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)
