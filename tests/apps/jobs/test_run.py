import time
from collections.abc import Callable
from typing import NoReturn

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from pytest_django import Settings

from apps.errors import NotFound
from apps.jobs import services as jobs
from apps.jobs.models import Job, State
from apps.jobs.services import Work
from engine.errors import ConfigError, CredentialsError, DriverBug, FenceLost, Stopped, TransientError
from tests.apps.jobs.conftest import Begin, expire_lease
from tests.apps.jobs.threads import Aside

pytestmark = pytest.mark.django_db(transaction=True)
PlayJob = Callable[..., Job]


def run(job: Job, worker: str = "worker") -> Job:
    """One attempt at it, and how it is afterwards."""
    claimed = jobs.claim(job_id=job.id, worker=worker)
    assert claimed is not None
    jobs.run(claimed)
    return Job.objects.get(id=job.id)


def due_again(job: Job) -> Job:
    Job.objects.filter(id=job.id).update(not_before=timezone.now())
    return job


def raising(error: BaseException) -> Callable[[Work], NoReturn]:
    def fail(work: Work) -> NoReturn:
        raise error

    return fail


def messages(job: Job) -> list[str]:
    return [event.message for event in job.events.all()]


def test_completes_what_its_runner_does(play: PlayJob) -> None:
    seen = []

    def look(work: Work) -> None:
        seen.append((work.job.state, work.params["play"], work.sealed_params))

    job = run(play(look, sealed_params="sealed"))
    assert seen == [(State.RUNNING, "look", "sealed")]
    assert (job.state, job.lease_until, job.sealed_params, job.error_code) == (State.COMPLETED, None, "", "")
    assert messages(job) == ["queued", "running", "completed"]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ConfigError("There is no such table."), "invalid_configuration", "There is no such table."),
        (CredentialsError("Refused."), "auth_failed", "Refused."),
        (NotFound("The flow of this job is gone."), "not_found", "The flow of this job is gone."),
        (DriverBug("It broke."), "driver_bug", "It broke."),
    ],
)
def test_an_error_that_nobody_may_repeat_ends_it(play: PlayJob, error: Exception, code: str, message: str) -> None:
    job = run(play(raising(error), sealed_params="sealed"))
    assert (job.state, job.error_code, job.error_message) == (State.FAILED, code, message)
    assert job.sealed_params == ""
    assert job.events.last().data["reason"] == message


def test_a_fault_of_ours_is_told_to_the_operator_alone(play: PlayJob, caplog: pytest.LogCaptureFixture) -> None:
    job = run(play(raising(ZeroDivisionError("password is hunter2"))))
    assert (job.state, job.error_code) == (State.FAILED, "internal")
    assert "hunter2" not in job.error_message
    assert "ZeroDivisionError" in caplog.text


def test_a_transient_error_is_tried_again_ever_later_and_then_given_up(play: PlayJob) -> None:
    job = play(raising(TransientError("The database is restarting.", code="unavailable")))
    pauses = []
    while job.state in {State.QUEUED, State.RUNNING}:
        before = timezone.now()
        job = run(due_again(job))
        if job.state == State.RUNNING:
            assert job.lease_until is None
            pauses.append(round((job.not_before - before).total_seconds()))
    assert pauses == [1, 2, 5, 15]
    assert (job.state, job.error_code, job.attempt) == (State.FAILED, "unavailable", 5)
    assert messages(job)[2] == "The database is restarting. Next attempt in 1 s."


@pytest.mark.parametrize(("asked", "pause"), [(30, 30), (1e9, 600), (-5, 0)])
def test_it_waits_as_long_as_it_was_asked_to_within_reason(play: PlayJob, asked: float, pause: int) -> None:
    before = timezone.now()
    job = run(play(raising(TransientError("Too many requests.", retry_after=asked))))
    assert round((job.not_before - before).total_seconds()) == pause


def test_progress_gives_it_all_its_attempts_again(play: PlayJob) -> None:
    def move_a_little(work: Work) -> NoReturn:
        work.progress(records_read=work.job.attempt)
        raise TransientError("Away.")

    job = play(move_a_little)
    for _ in range(8):
        job = run(due_again(job))
    assert (job.state, job.stalled, job.records_read) == (State.RUNNING, 1, 8)


def test_a_question_is_not_tried_again(play: PlayJob) -> None:
    job = run(play(raising(TransientError("Away.")), kind="question"))
    assert (job.state, job.error_code) == (State.FAILED, "unavailable")


def test_a_job_that_kills_its_workers_is_given_up(play: PlayJob, settings: Settings) -> None:
    settings.JOB_ATTEMPTS = 3
    job = play(raising(AssertionError("the runner is not to be called")))
    for attempt in range(3):
        assert jobs.claim(job_id=job.id, worker=f"w{attempt}") is not None
        expire_lease(job)
    job = run(job)
    assert (job.state, job.error_code) == (State.FAILED, "poison")
    assert job.error_message == "The job was given up: 3 attempts in a row ended without any progress."


@pytest.mark.parametrize("error", [OperationalError("server closed"), InterfaceError("connection already closed")])
def test_without_our_database_a_job_is_left_to_its_lease(play: PlayJob, error: Exception) -> None:
    job = run(play(raising(error)))
    assert job.state == State.RUNNING
    assert job.lease_until > timezone.now()


def test_a_job_that_was_taken_over_says_nothing(play: PlayJob) -> None:
    def lose(work: Work) -> NoReturn:
        expire_lease(work.job)
        assert jobs.claim(job_id=work.job.id, worker="w2") is not None
        raise FenceLost("Another attempt has taken this job over.")

    job = run(play(lose))
    assert (job.state, job.worker, job.attempt) == (State.RUNNING, "w2", 2)
    assert messages(job) == ["queued", "running", "running"]


def test_a_zombie_that_believes_to_be_done_changes_nothing(play: PlayJob) -> None:
    def be_slow(work: Work) -> None:
        expire_lease(work.job)
        assert jobs.claim(job_id=work.job.id, worker="w2") is not None

    job = run(play(be_slow))
    assert (job.state, job.worker) == (State.RUNNING, "w2")


def test_a_running_job_that_is_cancelled_stops(play: PlayJob) -> None:
    job = play(until_stopped)
    with Aside(lambda: cancel_once_running(job)):
        job = run(job)
    assert job.state == State.CANCELLED
    assert messages(job) == ["queued", "running", "cancelling", "cancelled"]


def test_a_cancelled_job_is_cancelled_also_when_it_was_too_late_to_stop(play: PlayJob) -> None:
    def be_cancelled(work: Work) -> None:
        jobs.cancel(job=work.job)

    assert run(play(be_cancelled)).state == State.CANCELLED


@pytest.mark.parametrize("error", [ConfigError("Broken."), TransientError("Away.")])
def test_a_cancelled_job_is_cancelled_also_when_it_fails(play: PlayJob, error: Exception) -> None:
    def be_cancelled(work: Work) -> NoReturn:
        jobs.cancel(job=work.job)
        raise error

    assert run(play(be_cancelled)).state == State.CANCELLED


def test_a_draining_worker_hands_its_jobs_back(play: PlayJob, begin: Begin) -> None:
    job = play(until_stopped)
    with Aside(lambda: drain_once_running(job)):
        job = run(job)
    assert (job.state, job.lease_until, job.published_at, job.stalled) == (State.RUNNING, None, None, 0)
    assert messages(job)[-1] == "Handed back at the last checkpoint: the worker stops."
    again = jobs.claim_next(queue="sync", worker="w2")
    assert again == job
    assert again.is_draining is False


def test_handing_back_keeps_the_order_and_the_constraints(play: PlayJob, begin: Begin) -> None:
    def queue_another(work: Work) -> NoReturn:
        begin()
        raise Stopped("drain")

    first = run(play(queue_another))
    assert Job.objects.filter(state=State.QUEUED).count() == 1
    assert jobs.claim_next(queue="sync", worker="w2") == first
    assert jobs.claim_next(queue="sync", worker="w2") is None


def test_a_worker_goes_on_with_whatever_else_is_due(play: PlayJob, begin: Begin) -> None:
    ran = []

    def note(work: Work) -> None:
        ran.append(work.job.subject_id)

    first, *_ = [play(note, subject=subject) for subject in (3, 1, 2)]
    begin(kind="question")
    jobs.work_through(job_id=first.id, worker="w1")
    assert ran == [3, 1, 2]
    assert Job.objects.filter(state=State.QUEUED).count() == 1


def test_a_worker_that_stops_takes_nothing_new(play: PlayJob) -> None:
    ran = []

    def be_told_to_stop(work: Work) -> None:
        ran.append(work.job.subject_id)
        assert jobs.drain(worker="w1") == 1

    first, _ = play(be_told_to_stop, subject=1), play(be_told_to_stop, subject=2)
    jobs.work_through(job_id=first.id, worker="w1")
    assert ran == [1]


def test_a_hint_that_comes_again_does_nothing(play: PlayJob) -> None:
    ran = []

    def note(work: Work) -> None:
        ran.append(work.job.id)

    job = play(note)
    for _ in range(3):
        jobs.work_through(job_id=job.id, worker="w1")
    jobs.work_through(job_id=0, worker="w1")
    assert ran == [job.id]


def test_draining_asks_only_the_jobs_of_that_worker(begin: Begin) -> None:
    mine, others = jobs.claim(job_id=begin(1).id, worker="w1"), jobs.claim(job_id=begin(2).id, worker="w2")
    assert jobs.drain(worker="w1") == 1
    assert jobs.drain(worker="w1") == 0
    assert [Job.objects.get(id=job.id).is_draining for job in (mine, others)] == [True, False]


def until_stopped(work: Work) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        work.stop.raise_if_shown(may_hand_back=True)
        time.sleep(0.01)


def cancel_once_running(job: Job) -> None:
    wait_until_running(job)
    jobs.cancel(job=job)


def drain_once_running(job: Job) -> None:
    wait_until_running(job)
    jobs.drain(worker="worker")


def wait_until_running(job: Job) -> None:
    deadline = time.monotonic() + 20
    while job.state == State.QUEUED and time.monotonic() < deadline:
        time.sleep(0.01)
        job.refresh_from_db()
