"""What must be true of the jobs after any fault: over everything that happened to them, not only at the end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from apps.jobs.models import ENDED, MOVES, Job, JobEvent, State

ALONE = ("flow",)
"""Kinds of which one runs at a time for each subject."""


@dataclass(frozen=True)
class Change:
    """One change of state, as the job's own log has it."""

    state: State
    at: datetime
    fence: int | None
    attempt: int | None


def breaches(jobs: Iterable[Job]) -> list[str]:
    """Every rule that the jobs' rows and histories break, in plain words; the jobs are to have ended."""
    jobs = list(jobs)
    histories = {job.id: _history(job) for job in jobs}
    found = [f"{job.id}: {problem}" for job in jobs for problem in _of_one(job, histories[job.id])]
    return [*found, *_at_the_same_time(jobs, histories)]


def take_overs(deaths: Iterable[tuple[int, int, datetime]]) -> list[float]:
    """For (job, fence, when its worker was killed): after how many seconds each was claimed anew. What ended or was
    handed back in the same moment is left out."""
    seconds = []
    for job_id, fence, moment in deaths:
        claims = JobEvent.objects.filter(job_id=job_id, level="state", message="running", data__fence__gt=fence)
        later = claims.order_by("number").values_list("at", flat=True).first()
        if later is not None:
            seconds.append((later - moment).total_seconds())
    return sorted(seconds)


def _history(job: Job) -> list[Change]:
    events = job.events.filter(level=JobEvent.Level.STATE).values_list("message", "at", "data")
    return [Change(State(name), at, data.get("fence"), data.get("attempt")) for name, at, data in events]


def _of_one(job: Job, history: list[Change]) -> Iterable[str]:
    numbers = list(job.events.values_list("number", flat=True))
    if numbers != list(range(1, job.event_count + 1)):
        yield "its log has gaps"
    if job.state not in ENDED:
        yield f"is still {job.state} (attempt {job.attempt}, worker {job.worker}, lease until {job.lease_until})"
    elif job.ended_at is None or job.lease_until is not None or job.sealed_params:
        yield f"has ended as {job.state}, and yet holds a lease or a secret, or does not say when"
    if not history or history[0].state != State.QUEUED or history[-1].state != job.state:
        yield f"is {job.state}, and its log says {[change.state.value for change in history]}"
    yield from _moves(history)
    yield from _attempts(job, history)


def _moves(history: list[Change]) -> Iterable[str]:
    for before, after in pairwise(history):
        is_another_attempt = before.state == after.state == State.RUNNING
        if after.state not in MOVES[before.state] and not is_another_attempt:
            yield f"went from {before.state} to {after.state}"


def _attempts(job: Job, history: list[Change]) -> Iterable[str]:
    claims = [change for change in history if change.state == State.RUNNING]
    fences = [change.fence or 0 for change in claims]
    if fences != sorted(set(fences)):
        yield f"was claimed under the fences {fences}"
    if [change.attempt for change in claims] != list(range(1, job.attempt + 1)):
        yield f"had {job.attempt} attempts, and its log has {len(claims)}"
    ends = [change for change in history if change.state in ENDED and change.fence is not None]
    if any(end.fence != fences[-1] for end in ends):
        yield f"was ended under the fence {ends[-1].fence}, and {fences[-1]} was the last"


def _at_the_same_time(jobs: list[Job], histories: dict[int, list[Change]]) -> Iterable[str]:
    spans: dict[Any, list[tuple[datetime, datetime, int]]] = {}
    for job in jobs:
        moments = [change.at for change in histories[job.id] if change.state != State.QUEUED]
        if job.kind in ALONE and job.parent_id is None and any(c.state == State.RUNNING for c in histories[job.id]):
            spans.setdefault((job.kind, job.subject_id), []).append((moments[0], moments[-1], job.id))
    for (kind, subject), runs in spans.items():
        for (_, ended, one), (began, _, other) in pairwise(sorted(runs)):
            if began < ended:
                yield f"{one} and {other}: two runs of {kind} {subject} at the same time"
