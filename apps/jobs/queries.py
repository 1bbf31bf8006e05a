"""Reads of jobs."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import Q, QuerySet

from apps.jobs.models import ENDED, Job, RecordError, Result, State


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a run goes and how long it may take yet; None where nobody can know."""

    records_per_second: float | None
    seconds_left: int | None


def pace(*, records: int, expected: int | None, seconds: float | None, is_over: bool) -> Pace:
    """The pace of a run that has read `records` of the `expected` ones in `seconds`."""
    if not seconds or not records:
        return Pace(None, None)
    speed = records / seconds
    if is_over:
        return Pace(round(speed, 1), 0)
    left = None if expected is None else round(max(0, expected - records) / speed)
    return Pace(round(speed, 1), left)


def underway(*, kind: str, subject_id: int) -> Job | None:
    """The subject's job that runs and is not to stop, or else the one that waits."""
    jobs = Job.objects.filter(kind=kind, subject_id=subject_id, parent=None, state__in=(State.RUNNING, State.QUEUED))
    return jobs.order_by("id").first()


def answer(job: Job) -> dict[str, Any] | None:
    """What an interactive job answered; None where it did not, or its answer has been taken or has expired."""
    result = Result.objects.filter(job=job).first()
    found: dict[str, Any] | None = None if result is None else orjson.loads(bytes(result.body))
    return found


def open_errors_for_update(job: Job, *, uids: Collection[str] | None) -> QuerySet[RecordError]:
    """The job's errors that can be tried again (all, or those named): unsolved, and in no retry that goes on."""
    is_free = Q(retry=None) | Q(retry__state__in=ENDED)
    errors = RecordError.objects.select_for_update(of=("self",)).order_by("id")
    errors = errors.filter(is_free, job=job, resolved_at=None, record__isnull=False)
    return errors if uids is None else errors.filter(uid__in=uids)
