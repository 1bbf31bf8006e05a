"""The one place where a job changes its state: by compare-and-set, with an event in the same transaction."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from apps.errors import Conflict
from apps.jobs.models import ENDED, MOVES, Job, JobEvent, JobStep, State
from apps.jobs.services import events


def move(*, job_id: int, start: State, to: State, fence: int | None = None, **fields: Any) -> bool:
    """Whether the job was in `start` (under `fence`, if given) and now is in `to`, with `fields` set as well."""
    if to not in MOVES[start]:
        raise ValueError(f"A job never moves from {start} to {to}")
    row = Job.objects.filter(id=job_id, state=start)
    if fence is not None:
        row = row.filter(fence=fence)
    if to in ENDED:
        fields |= {"ended_at": Now(), "lease_until": None, "sealed_params": ""}
    with transaction.atomic(savepoint=False):
        if not row.update(state=to, updated_at=Now(), **fields):
            return False
        if to == State.COMPLETED:
            JobStep.objects.filter(job_id=job_id, ended_at=None).update(ended_at=Now())
        reason = str(fields.get("error_message") or "")
        events.append(job_id, JobEvent.Level.STATE, to, {"from": start, "fence": fence, "reason": reason})
    return True


def cancel(*, job: Job) -> Job:
    """A waiting job is cancelled at once, a running one is asked to stop, and so are the children that it began.
    Raises Conflict when it has ended."""
    with transaction.atomic():
        is_asked = _ask_to_stop(job.id)
        job.refresh_from_db()
        if not is_asked and job.state != State.CANCELLING:
            raise Conflict(f"The job is already {job.state}.", code="job_ended", job=job.uid)
        for child in job.children.exclude(state__in=ENDED).values_list("id", flat=True):
            _ask_to_stop(child)  # from here on the job begins no further one
    return job


def _ask_to_stop(job_id: int) -> bool:
    """Whether there was somebody to be asked."""
    moves = ((State.QUEUED, State.CANCELLED), (State.RUNNING, State.CANCELLING))
    return any(move(job_id=job_id, start=start, to=to) for start, to in moves)
