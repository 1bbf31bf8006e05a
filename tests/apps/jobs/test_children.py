"""A job that begins others and goes on when they have ended."""

from collections.abc import Callable

import pytest

from apps.jobs import services as jobs
from apps.jobs.models import Job, JobEvent, State
from apps.jobs.services import Work
from apps.jobs.services.states import move
from engine.errors import Stopped
from tests.apps.jobs.conftest import Begin, expire_lease
from tests.apps.jobs.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
Claimed = Callable[..., Job]
COUNT = 2


@pytest.fixture
def parent(play: Callable[..., Job], begin: Begin) -> Job:
    """A job that begins two children, one after the other."""

    def act(work: Work) -> None:
        number = work.job.children.count()
        if number < COUNT:
            key = f"{work.job.uid}-{number}"
            work.begin(
                lambda: begin(10 + number, parent=work.job, idempotency_key=key), message=f"Begins child {number}."
            )
            work.wait_for_children()

    return play(act)


def attempt(job: Job) -> Job:
    claimed = jobs.claim(job_id=job.id, worker="w1")
    assert claimed is not None
    jobs.run(claimed)
    return Job.objects.get(id=job.id)


def child_of(job: Job) -> Job:
    return job.children.latest("id")


def end(job: Job, state: State = State.COMPLETED) -> None:
    assert move(job_id=job.id, start=State.RUNNING, to=state)


def test_goes_on_when_its_child_has_ended_and_keeps_no_worker_until_then(parent: Job) -> None:
    waiting = attempt(parent)
    assert (waiting.state, waiting.lease_until, waiting.stalled) == (State.RUNNING, None, 0)
    assert jobs.claim(job_id=parent.id, worker="w2") is None
    child = jobs.claim_next(queue="sync", worker="w2")
    assert child == child_of(parent)
    assert jobs.claim_next(queue="sync", worker="w3") is None
    end(child)
    assert jobs.claim_next(queue="sync", worker="w2") == parent


@pytest.mark.parametrize("ending", [State.COMPLETED, State.FAILED, State.CANCELLED])
def test_goes_on_however_its_child_has_ended(parent: Job, ending: State) -> None:
    attempt(parent)
    child = child_of(parent)
    if ending == State.CANCELLED:
        jobs.cancel(job=child)
    else:
        assert jobs.claim(job_id=child.id, worker="w2")
        end(child, ending)
    assert jobs.claim(job_id=parent.id, worker="w2") is not None


def test_its_log_tells_of_each_child_and_not_of_the_waiting(parent: Job) -> None:
    for _ in range(COUNT):
        attempt(parent)
        end(attempt_of_child(parent))
    assert attempt(parent).state == State.COMPLETED
    lines = parent.events.exclude(level=JobEvent.Level.STATE)
    assert list(lines.values_list("level", "message")) == [("info", "Begins child 0."), ("info", "Begins child 1.")]


def attempt_of_child(parent: Job) -> Job:
    child = jobs.claim(job_id=child_of(parent).id, worker="w1")
    assert child is not None
    return child


def test_a_worker_that_dies_behind_its_child_begins_no_second_one(parent: Job) -> None:
    attempt(parent)
    Job.objects.filter(id=parent.id).update(lease_until=parent.created_at)  # killed before it handed back
    assert jobs.claim(job_id=parent.id, worker="w2") is None
    end(attempt_of_child(parent))
    again = jobs.claim(job_id=parent.id, worker="w2")
    assert again is not None
    assert (again.attempt, again.stalled, again.children.count()) == (2, 1, 1)


def test_what_a_dead_attempt_begins_too_late_is_not_begun(claimed: Claimed, begin: Begin) -> None:
    first = claimed()
    expire_lease(first)
    assert jobs.claim(job_id=first.id, worker="w2") is not None
    with pytest.raises(Exception, match="taken this job over"):
        Work(first).begin(lambda: begin(10, parent=first), message="Too late.")
    assert (first.children.count(), first.events.filter(level="info").count()) == (0, 0)


def test_cancelling_it_stops_its_child_and_begins_no_further_one(parent: Job) -> None:
    attempt(parent)
    child = attempt_of_child(parent)
    assert jobs.cancel(job=parent).state == State.CANCELLING
    child.refresh_from_db()
    assert child.state == State.CANCELLING
    assert jobs.claim(job_id=parent.id, worker="w2") is None


def test_cancelling_it_cancels_a_child_that_waits(parent: Job) -> None:
    attempt(parent)
    jobs.cancel(job=parent)
    assert child_of(parent).state == State.CANCELLED


def test_a_job_that_is_to_be_cancelled_begins_nothing(claimed: Claimed, begin: Begin) -> None:
    job = claimed()
    jobs.cancel(job=job)
    with pytest.raises(Stopped):
        Work(job).begin(lambda: begin(10, parent=job), message="Too late.")
    assert job.children.count() == 0


def test_two_children_of_one_subject_never_run_at_once(claimed: Claimed, begin: Begin) -> None:
    parents = [claimed(subject, worker=f"p{subject}") for subject in range(6)]
    waiting = [begin(99, parent=parent).id for parent in parents] + [begin(99).id]
    claims = at_once(7, lambda number: jobs.claim(job_id=waiting[number], worker=f"w{number}"))
    assert [claim is not None for claim in claims].count(True) == 1
