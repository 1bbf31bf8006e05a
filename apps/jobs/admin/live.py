"""A job as its page follows it: asked for every second while it lives, so told apart by a version first."""

from datetime import datetime
from typing import Any

import orjson
from django.db.models import Count, Max, Q, QuerySet
from django.urls import reverse

from apps.jobs.admin import subjects
from apps.jobs.models import ENDED, LIVE, Job, JobEvent, JobStep, RecordError, State
from apps.jobs.queries import pace
from apps.jobs.services.dispatching import is_anybody_dispatching

LINES = 500
"""So many lines of a job's log are shown; of a longer one the last."""
PATIENCE_SECONDS = 10
STEP_FIELDS = ("name", "role", "lane", "delivery", "records", "ignored", "failed", "pages")


def version(job: Job, *, waits: str) -> str:
    """Changes with everything that `shown` tells of a job."""
    tasks = _runs_of_tasks(job).aggregate(latest=Max("updated_at"))["latest"]
    moments = [moment.timestamp() for moment in (job.updated_at, tasks) if moment]
    return f'"{job.state}-{moments}-{job.event_count}-{job.records_failed}-{len(waits)}"'


def shown(job: Job, *, after: int, waits: str, at: datetime) -> dict[str, Any]:
    """The job's figures, its steps, the lines of its log behind number `after`, and its answer once it has one."""
    return {
        "state": job.state,
        "label": job.get_state_display(),
        "ended": job.state in ENDED,
        "waits": waits,
        "error": {"code": job.error_code, "message": job.error_message} if job.error_code else None,
        "attempt": job.attempt,
        "worker": job.worker,
        "startedAt": job.started_at,
        "endedAt": job.ended_at,
        "figures": _figures(job, at),
        "tasks": _tasks(job),
        "steps": [_step(step) for step in JobStep.objects.filter(job=job).order_by("id")],
        "events": _lines(job, after),
        "refused": _refused(job),
        "answer": _answer(job),
    }


def reason_to_wait(job: Job, *, at: datetime) -> str:
    """Why a job does not move, for people; "" when it does."""
    if job.state == State.QUEUED:
        return _reason_in_queue(job, at)
    if job.state == State.RUNNING and _runs_of_tasks(job).exclude(state__in=ENDED).exists():
        return "Waits for the run of its present task to end."
    if job.state == State.RUNNING and job.lease_until is None:
        return "Handed back: it goes on behind its last checkpoint as soon as a worker takes it."
    if job.state in LIVE and job.lease_until is not None and job.lease_until < at:
        return "Its worker has gone silent: another one takes over from its last checkpoint."
    return ""


def _reason_in_queue(job: Job, at: datetime) -> str:
    if not is_anybody_dispatching():
        return "No dispatcher is running, so nothing starts: run `manage.py dispatch`, or `manage.py up` for all parts."
    same_subject = Job.objects.filter(kind=job.kind, subject_id=job.subject_id, state__in=LIVE)
    if job.is_exclusive and same_subject.exists():
        return "Waits for the run before it to end."
    if (at - job.created_at).total_seconds() > PATIENCE_SECONDS:
        return "No worker has taken it yet: all are busy, or none is running."
    return ""


def _figures(job: Job, at: datetime) -> dict[str, Any]:
    seconds = ((job.ended_at or at) - job.started_at).total_seconds() if job.started_at else None
    rhythm = pace(records=job.records_read, expected=job.records_expected, seconds=seconds, is_over=job.state in ENDED)
    return {
        "read": job.records_read,
        "written": job.records_written,
        "ignored": job.records_ignored,
        "failed": job.records_failed,
        "expected": job.records_expected,
        "bytes": job.bytes_moved,
        "pages": job.pages_read,
        "snapshots": job.snapshots,
        "seconds": seconds,
        "perSecond": rhythm.records_per_second,
        "secondsLeft": rhythm.seconds_left,
    }


def _runs_of_tasks(job: Job) -> QuerySet[Job]:
    """Those that it has begun, in their order."""
    return Job.objects.filter(parent=job, origin=Job.Origin.TASK).order_by("id")


def _tasks(job: Job) -> list[dict[str, Any]]:
    runs = list(_runs_of_tasks(job))
    names = subjects.names(runs)
    return [
        {
            "name": names.get((run.kind, run.subject_id), subjects.label(run.kind)),
            "url": reverse("admin:jobs_job_change", args=[run.pk]),
            "state": run.state,
            "label": run.get_state_display(),
            "read": run.records_read,
            "written": run.records_written,
            "failed": run.records_failed,
        }
        for run in runs
    ]


def _step(step: JobStep) -> dict[str, Any]:
    return {name: getattr(step, name) for name in STEP_FIELDS}


def _lines(job: Job, after: int) -> list[dict[str, Any]]:
    events = JobEvent.objects.filter(job=job, number__gt=after).order_by("-number")[:LINES]
    lines: list[Any] = list(events.values("number", "at", "level", "message", "data"))
    return lines[::-1]


def _refused(job: Job) -> list[dict[str, Any]]:
    """How many records were refused and are still open, by code; counted once the run is over."""
    if job.state not in ENDED or not RecordError.objects.filter(job=job).exists():
        return []
    codes = RecordError.objects.filter(job=job).values("code").order_by("code")
    counted: list[Any] = list(codes.annotate(total=Count("id"), open=Count("id", filter=Q(resolved_at=None))))
    return counted


def _answer(job: Job) -> Any:
    result = getattr(job, "result", None) if job.state in ENDED else None
    return None if result is None else orjson.loads(bytes(result.body))
