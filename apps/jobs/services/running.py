"""One attempt at a job, from its claim to its end."""

import logging
import os
import signal
from datetime import timedelta

from django.conf import settings
from django.db import Error, close_old_connections
from django.db.models.functions import Now

from apps.errors import ServiceError
from apps.jobs.models import Job, JobEvent, State
from apps.jobs.runners import longest, runner
from apps.jobs.services import events
from apps.jobs.services.claiming import claim_next
from apps.jobs.services.control import steadily
from apps.jobs.services.heartbeat import Heartbeat
from apps.jobs.services.states import move
from apps.jobs.services.stopping import CHILDREN, HAND_BACK, TIMED_OUT
from apps.jobs.services.work import Work
from engine.errors import DriverBug, EngineError, FenceLost, Stopped, TransientError

log = logging.getLogger(__name__)
BACK_OFF_SECONDS = (1, 2, 5, 15, 60)
MOST_SECONDS = 600


def work_through(*, job_id: int, worker: str) -> None:
    """Runs what is due in the job's queue, in turn, until nothing is or this worker is to stop."""
    close_old_connections()
    try:
        queue = Job.objects.filter(id=job_id).values_list("queue", flat=True).first()
        job = None if queue is None else claim_next(queue=queue, worker=worker)
        while job is not None:
            run(job)
            job.refresh_from_db(fields=["is_draining"])
            job = None if job.is_draining else claim_next(queue=job.queue, worker=worker)
    except Error as error:  # what is due now is published again
        log.warning("The control database is away: %s", type(error).__name__)


def run(job: Job) -> None:
    """One attempt at a claimed job. What goes wrong ends in the job's row, never in an exception."""
    try:
        if job.stalled >= settings.JOB_ATTEMPTS:
            _fail(job, "poison", f"The job was given up: {job.stalled} attempts in a row ended without any progress.")
            return
        work = Work(job)
        with Heartbeat(work, give_up=_give_up):
            _attempt(work)
    except Error as error:  # our own database is away: the lease runs out and somebody resumes
        log.warning("Job %s is left to its lease: %s", job.uid, type(error).__name__)


def drain(*, worker: str) -> int:
    """Asks every job on this worker to hand back at its next checkpoint; how many were asked."""
    return Job.objects.filter(worker=worker, state=State.RUNNING, is_draining=False).update(is_draining=True)


def _attempt(work: Work) -> None:
    job = work.job
    try:
        with work.stop.telling():
            runner(job.kind).load()(work)
        _end(job, State.COMPLETED)
    except Stopped as stop:
        _stop(job, stop)
    except FenceLost:
        log.info("Job %s was taken over", job.uid)
    except TransientError as error:
        _try_later(job, error)
    except (EngineError, ServiceError) as error:
        if isinstance(error, DriverBug):
            log.exception("Job %s failed by a fault of its driver", job.uid)
        _fail(job, error.code, error.message)
    except Error:
        raise
    except Exception:  # the job's owner gets a plain answer, the operator the traceback
        log.exception("Job %s failed by a fault of ours", job.uid)
        _fail(job, "internal", "An internal error ended this run. The operator's log has the details.")


def _stop(job: Job, stop: Stopped) -> None:
    """A lost lease is no end: whoever holds the next one goes on."""
    if stop.reason == "cancel":
        _end(job, State.CANCELLED)
    elif stop.reason == TIMED_OUT:
        _fail_late(job)
    elif stop.reason == CHILDREN:
        _hand_back(job, seconds=0)
    elif stop.reason == HAND_BACK:
        job.refresh_from_db(fields=["is_draining"])
        reason = "the worker stops" if job.is_draining else "another organization waits"
        _hand_back(job, seconds=0, message=f"Handed back at the last checkpoint: {reason}.")


def _end(job: Job, state: State, **fields: str) -> None:
    """A job that somebody wants cancelled is cancelled, however it ended."""

    def store() -> None:
        if state == State.CANCELLED or not move(
            job_id=job.id, start=State.RUNNING, to=state, fence=job.fence, **fields
        ):
            move(job_id=job.id, start=State.CANCELLING, to=State.CANCELLED, fence=job.fence)

    steadily(store)


def _fail(job: Job, code: str, message: str) -> None:
    _end(job, State.FAILED, error_code=code, error_message=message)


def _fail_late(job: Job) -> None:
    seconds = longest(job.kind)
    _fail(job, TIMED_OUT, f"Ended after {seconds:g} seconds, the longest that an interactive job may take.")


def _give_up(job: Job) -> None:
    """Ends the job, and with this process whatever it hangs in; the worker starts another one."""
    try:
        _fail_late(job)
    finally:
        os.kill(os.getpid(), signal.SIGKILL)


def _try_later(job: Job, error: TransientError) -> None:
    """Hands the job back to be tried again, unless it has been tried often enough without progress."""
    job.refresh_from_db(fields=["stalled"])
    if job.queue == "interactive" or job.stalled + 1 >= settings.JOB_ATTEMPTS:
        _fail(job, error.code, error.message)
        return
    pause = error.retry_after if error.retry_after is not None else BACK_OFF_SECONDS[min(job.stalled, 4)]
    _hand_back(job, seconds=max(0, min(pause, MOST_SECONDS)), message=error.message, stalled=job.stalled + 1)


def _hand_back(job: Job, *, seconds: float, message: str = "", **fields: int) -> None:
    """The job stays `running` and keeps its place; without a lease it is due again after `seconds`. Its log tells of
    it by the `message`, if there is one."""

    def store() -> None:
        row = Job.objects.filter(id=job.id, fence=job.fence, state=State.RUNNING)
        due = Now() + timedelta(seconds=seconds)
        if row.update(lease_until=None, not_before=due, published_at=None, updated_at=Now(), **fields):
            text = f"{message} Next attempt in {seconds:g} s." if seconds else message
            if text:
                events.append(job.id, JobEvent.Level.WARNING, text)
        else:
            move(job_id=job.id, start=State.CANCELLING, to=State.CANCELLED, fence=job.fence)

    steadily(store)
