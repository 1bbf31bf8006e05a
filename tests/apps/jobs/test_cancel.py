from collections.abc import Callable

import pytest

from apps.errors import Conflict
from apps.jobs import services as jobs
from apps.jobs.models import ENDED, MOVES, Job, State
from apps.jobs.services.states import move
from tests.apps.jobs.conftest import Begin
from tests.apps.jobs.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
Claimed = Callable[..., Job]


def test_a_waiting_job_is_cancelled_at_once(begin: Begin) -> None:
    job = jobs.cancel(job=begin(sealed_params="sealed"))
    assert (job.state, job.sealed_params) == (State.CANCELLED, "")
    assert job.ended_at is not None


def test_a_running_job_is_asked_to_stop_and_may_be_asked_twice(claimed: Claimed) -> None:
    job = claimed()
    assert jobs.cancel(job=job).state == State.CANCELLING
    assert jobs.cancel(job=job).state == State.CANCELLING
    assert [event.message for event in job.events.all()] == ["queued", "running", "cancelling"]


@pytest.mark.parametrize("state", ENDED)
def test_a_job_that_has_ended_cannot_be_cancelled(claimed: Claimed, state: State) -> None:
    job = claimed()
    if state == State.CANCELLED:
        move(job_id=job.id, start=State.RUNNING, to=State.CANCELLING)
        move(job_id=job.id, start=State.CANCELLING, to=State.CANCELLED)
    else:
        move(job_id=job.id, start=State.RUNNING, to=state)
    with pytest.raises(Conflict) as caught:
        jobs.cancel(job=job)
    assert (caught.value.code, caught.value.job) == ("job_ended", job.uid)
    assert Job.objects.get(id=job.id).state == state


@pytest.mark.parametrize(("start", "to"), [(start, to) for start in State for to in State if to not in MOVES[start]])
def test_a_move_that_is_not_in_the_table_is_a_fault(begin: Begin, start: State, to: State) -> None:
    with pytest.raises(ValueError, match="never moves"):
        move(job_id=begin().id, start=start, to=to)


def test_a_move_needs_the_state_and_the_fence_that_it_names(claimed: Claimed) -> None:
    job = claimed()
    assert not move(job_id=job.id, start=State.QUEUED, to=State.CANCELLED)
    assert not move(job_id=job.id, start=State.RUNNING, to=State.COMPLETED, fence=job.fence + 1)
    job.refresh_from_db()
    assert (job.state, job.event_count) == (State.RUNNING, 2)
    assert move(job_id=job.id, start=State.RUNNING, to=State.COMPLETED, fence=job.fence)


def test_cancelling_and_completing_at_once_has_one_winner(claimed: Claimed) -> None:
    held = [claimed(subject, worker=f"w{subject}") for subject in range(10)]

    def act(number: int) -> bool:
        job = held[number // 2]
        if number % 2:
            return move(job_id=job.id, start=State.RUNNING, to=State.COMPLETED, fence=job.fence)
        return move(job_id=job.id, start=State.RUNNING, to=State.CANCELLING)

    done = at_once(20, act)
    assert [done[place] + done[place + 1] for place in range(0, 20, 2)] == [1] * 10
