from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.jobs import services as jobs
from apps.jobs.models import Job, State
from apps.jobs.services.states import move
from tests.apps.jobs.conftest import Begin, expire_lease
from tests.apps.jobs.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
Claimed = Callable[..., Job]


def test_takes_a_job_under_a_new_fence(begin: Begin) -> None:
    job = jobs.claim(job_id=begin().id, worker="w1")
    assert job is not None
    assert (job.state, job.attempt, job.stalled, job.worker) == (State.RUNNING, 1, 0, "w1")
    assert job.fence > 0
    assert timedelta(seconds=55) < job.lease_until - timezone.now() < timedelta(seconds=65)
    assert job.started_at is not None
    event = job.events.last()
    assert (event.message, event.data) == ("running", {"fence": job.fence, "attempt": 1, "worker": "w1"})


def test_a_job_that_runs_is_nobody_elses(claimed: Claimed) -> None:
    job = claimed()
    assert jobs.claim(job_id=job.id, worker="w2") is None
    job.refresh_from_db()
    assert (job.worker, job.attempt) == ("worker", 1)


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.CANCELLING])
def test_a_job_that_ended_or_is_to_end_is_not_run_again(claimed: Claimed, state: State) -> None:
    job = claimed()
    assert move(job_id=job.id, start=State.RUNNING, to=state)
    expire_lease(job)
    assert jobs.claim(job_id=job.id, worker="w2") is None


def test_one_of_many_workers_gets_it(begin: Begin) -> None:
    job_id = begin().id
    claims = at_once(12, lambda number: jobs.claim(job_id=job_id, worker=f"w{number}"))
    assert [claim is not None for claim in claims].count(True) == 1


def test_an_expired_lease_is_taken_over_under_a_higher_fence(claimed: Claimed) -> None:
    first = claimed()
    expire_lease(first)
    second = jobs.claim(job_id=first.id, worker="w2")
    assert second is not None
    assert second.fence > first.fence
    assert (second.attempt, second.stalled, second.worker, second.started_at) == (2, 1, "w2", first.started_at)


def test_one_of_many_takes_an_expired_lease_over(claimed: Claimed) -> None:
    job = claimed()
    expire_lease(job)
    claims = at_once(12, lambda number: jobs.claim(job_id=job.id, worker=f"w{number}"))
    assert [claim is not None for claim in claims].count(True) == 1


def test_a_job_handed_back_costs_no_attempt_of_those_without_progress(claimed: Claimed) -> None:
    job = claimed()
    Job.objects.filter(id=job.id).update(lease_until=None, not_before=timezone.now())
    again = jobs.claim(job_id=job.id, worker="w2")
    assert again is not None
    assert (again.attempt, again.stalled) == (2, 0)


def test_nothing_is_taken_before_its_time(claimed: Claimed) -> None:
    job = claimed()
    Job.objects.filter(id=job.id).update(lease_until=None, not_before=timezone.now() + timedelta(seconds=60))
    assert jobs.claim(job_id=job.id, worker="w2") is None
    assert jobs.claim_next(queue="sync", worker="w2") is None


def test_a_waiting_run_stays_behind_the_one_that_was_handed_back(claimed: Claimed, begin: Begin) -> None:
    first = claimed()
    second = begin()
    Job.objects.filter(id=first.id).update(lease_until=None, not_before=timezone.now() + timedelta(seconds=60))
    assert jobs.claim(job_id=second.id, worker="w2") is None
    Job.objects.filter(id=first.id).update(not_before=timezone.now())
    assert jobs.claim_next(queue="sync", worker="w2") == first


def test_a_retry_waits_for_the_run_of_its_subject(claimed: Claimed, begin: Begin) -> None:
    parent = claimed()
    move(job_id=parent.id, start=State.RUNNING, to=State.COMPLETED)
    running, child = claimed(), begin(parent=parent)
    assert jobs.claim(job_id=child.id, worker="w2") is None
    move(job_id=running.id, start=State.RUNNING, to=State.COMPLETED)
    assert jobs.claim(job_id=child.id, worker="w2") is not None


def test_a_worker_keeps_a_process_free_for_questions(begin: Begin, settings: Settings) -> None:
    settings.JOB_SYNC_SLOTS = 2
    ids = [begin(subject).id for subject in range(3)]
    assert [jobs.claim(job_id=job_id, worker="w1") is not None for job_id in ids] == [True, True, False]
    assert jobs.claim(job_id=begin(kind="question").id, worker="w1") is not None
    assert jobs.claim(job_id=ids[2], worker="w2") is not None


def test_its_processes_do_not_take_more_together_than_it_has_slots(begin: Begin, settings: Settings) -> None:
    settings.JOB_SYNC_SLOTS = 2
    ids = [begin(subject).id for subject in range(8)]
    claims = at_once(8, lambda number: jobs.claim(job_id=ids[number], worker="w1"))
    assert [claim is not None for claim in claims].count(True) == 2


def test_what_a_killed_worker_held_takes_no_slot_of_its_successor(begin: Begin, settings: Settings) -> None:
    settings.JOB_SYNC_SLOTS = 1
    left, new = (begin(subject) for subject in range(2))
    jobs.claim(job_id=left.id, worker="w1")
    expire_lease(left)
    assert jobs.claim(job_id=new.id, worker="w1") is not None


def test_the_oldest_due_job_of_the_queue_comes_next(begin: Begin, claimed: Claimed) -> None:
    question = begin(kind="question")
    claimed(1)
    begin(1)
    second, third = begin(2), begin(3)
    assert jobs.claim_next(queue="sync", worker="w2") == second
    assert jobs.claim_next(queue="sync", worker="w2") == third
    assert jobs.claim_next(queue="sync", worker="w3") is None
    assert jobs.claim_next(queue="interactive", worker="w2") == question


def test_many_workers_share_a_queue_without_taking_anything_twice(begin: Begin, settings: Settings) -> None:
    settings.JOB_SYNC_SLOTS = 100
    ids = {begin(subject).id for subject in range(30)}

    def take_all(number: int) -> list[int]:
        taken = []
        misses = 0
        while misses < 5:
            job = jobs.claim_next(queue="sync", worker=f"w{number}")
            misses = 0 if job else misses + 1
            taken += [job.id] if job else []
        return taken

    taken = [job_id for ids_of_one in at_once(6, take_all) for job_id in ids_of_one]
    assert sorted(taken) == sorted(ids)
