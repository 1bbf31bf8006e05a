"""Organisations share what workers there are, whoever has queued how much."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.jobs import services as jobs
from apps.jobs.models import Job, State
from apps.jobs.services import Work
from apps.jobs.services.states import move
from apps.jobs.services.yielding import make_room
from engine.errors import Stopped
from tests.apps.jobs.conftest import Begin, expire_lease

pytestmark = pytest.mark.django_db(transaction=True)
Queue = Callable[[Organization, int], list[Job]]


@pytest.fixture
def queue(begin: Begin) -> Queue:
    """`queue(organization, count)`: so many of its jobs wait, and were published a while ago."""

    def queue(organization: Organization, count: int) -> list[Job]:
        published = timezone.now() - timedelta(seconds=9)
        found = [begin(organization.id * 1000 + n, organization=organization) for n in range(count)]
        Job.objects.filter(id__in=[job.id for job in found]).update(published_at=published)
        return found

    return queue


@pytest.fixture
def globex(db: None) -> Organization:
    return Organization.objects.create(name="Globex")


@pytest.fixture
def initech(db: None) -> Organization:
    return Organization.objects.create(name="Initech")


def take(worker: str = "w1", queue: str = "sync") -> Job:
    job = jobs.claim_next(queue=queue, worker=worker)
    assert job is not None
    return job


def end(job: Job) -> None:
    assert move(job_id=job.id, start=State.RUNNING, to=State.COMPLETED)


def test_who_came_later_does_not_wait_for_all_who_came_before(
    queue: Queue, organization: Organization, globex: Organization
) -> None:
    queue(organization, 10)
    [only] = queue(globex, 1)
    first = take()
    assert first.organization == organization
    assert take() == only


def test_a_slot_goes_to_whoever_has_the_least_running(
    queue: Queue, organization: Organization, globex: Organization, settings: Settings
) -> None:
    settings.JOB_SYNC_SLOTS = 6
    queue(organization, 10)
    queue(globex, 2)
    taken = [take().organization.name for _ in range(6)]
    assert sorted(taken[:4]) == ["Acme", "Acme", "Globex", "Globex"]
    assert taken[4:] == ["Acme", "Acme"]


def test_those_with_equally_many_take_turns(
    queue: Queue, organization: Organization, globex: Organization, initech: Organization
) -> None:
    for one in (organization, globex, initech):
        queue(one, 5)
    running, order = [take(), take()], []
    for _ in range(9):
        end(running.pop(0))
        running.append(take())
        order.append(running[-1].organization.name)
    assert [order.count(name) for name in ("Acme", "Globex", "Initech")] == [3, 3, 3]


def test_jobs_of_one_organization_keep_their_order(queue: Queue, organization: Organization) -> None:
    found = queue(organization, 3)
    for job in found:
        assert take() == job
        end(job)


def test_questions_take_turns_too(begin: Begin, globex: Organization) -> None:
    asked = [begin(kind="question") for _ in range(3)]
    other = begin(kind="question", organization=globex)
    assert [take(queue="interactive") for _ in range(3)] == [asked[0], other, asked[1]]


def test_what_was_handed_back_waits_for_its_turn_too(
    queue: Queue, organization: Organization, globex: Organization
) -> None:
    queue(organization, 2)
    first, second = take(), take()
    [other] = queue(globex, 1)
    Job.objects.filter(id=second.id).update(lease_until=None, not_before=timezone.now())
    assert take() == other
    end(first)
    assert take() == second


def test_what_a_killed_worker_held_counts_for_nobody(
    queue: Queue, organization: Organization, globex: Organization
) -> None:
    [dead] = queue(organization, 1)
    assert take() == dead
    queue(globex, 1)
    expire_lease(dead)
    assert take("w2") in {dead, Job.objects.latest("id")}
    assert jobs.claim_next(queue="sync", worker="w2") is not None


def test_whoever_has_more_than_its_share_makes_room(
    queue: Queue, organization: Organization, globex: Organization
) -> None:
    queue(organization, 4)
    first, second = take(), take()
    assert make_room(queue="sync") == 0  # nobody else waits
    queue(globex, 3)
    assert make_room(queue="sync") == 1
    assert make_room(queue="sync") == 0  # one is enough
    assert [Job.objects.get(id=job.id).is_yielding for job in (first, second)] == [False, True]


def test_nobody_makes_room_for_what_has_just_come(
    queue: Queue, begin: Begin, organization: Organization, globex: Organization
) -> None:
    queue(organization, 2)
    take(), take()
    begin(7, organization=globex)
    assert make_room(queue="sync") == 0


def test_a_share_is_not_taken_away(
    queue: Queue, organization: Organization, globex: Organization, initech: Organization, settings: Settings
) -> None:
    settings.JOB_SYNC_SLOTS = 4
    settings.JOB_ORGANIZATION_SLOTS = 2
    queue(organization, 2), queue(globex, 2)
    for _ in range(4):
        take()
    queue(initech, 1)
    assert make_room(queue="sync") == 0
    settings.JOB_ORGANIZATION_SLOTS = 1
    assert make_room(queue="sync") == 1


def test_room_is_made_by_handing_back_at_a_checkpoint(
    play: Callable[..., Job], queue: Queue, globex: Organization
) -> None:
    ran = []

    def make_way(work: Work) -> None:
        ran.append(work.job.id)
        if len(ran) == 1:
            [other] = queue(globex, 1)
            Job.objects.filter(id=other.id).update(params={"play": "make_way"})
            Job.objects.filter(id=work.job.id).update(is_yielding=True)
            raise Stopped("drain")

    job = play(make_way)
    jobs.work_through(job_id=job.id, worker="w1")
    other = Job.objects.exclude(id=job.id).get()
    assert ran[0] == job.id
    assert sorted(ran[1:]) == sorted([job.id, other.id])
    assert "Handed back at the last checkpoint: another organization waits." in {
        event.message for event in job.events.all()
    }
    assert Job.objects.filter(is_yielding=True).count() == 0
