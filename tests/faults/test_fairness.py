"""Whoever queues much, runs long or crashes its worker keeps nobody else waiting."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.jobs import services as jobs
from apps.jobs.models import Job, State
from tests.faults import kinds
from tests.faults.effort import IS_LONG
from tests.faults.machine import Machine, eventually
from tests.faults.runs import has_ended
from tests.faults.web import told

pytestmark = pytest.mark.faults

NOISY = 1_000 if IS_LONG else 100
OTHERS = 8


@pytest.fixture(autouse=True)
def with_kinds(machine: Machine, settings: Settings) -> None:
    machine.more["DJANGO_SETTINGS_MODULE"] = "tests.faults.kinds"
    settings.JOB_RUNNERS = kinds.JOB_RUNNERS


@pytest.fixture
def noisy(db: None) -> Organization:
    return Organization.objects.create(name="Noisy")


@pytest.fixture
def quiet(db: None) -> Organization:
    return Organization.objects.create(name="Quiet")


def begin(organization: Organization, subject: int, *, kind: str = "nap", seconds: float = 0.1, **params: Any) -> Job:
    return jobs.start(
        kind=kind,
        subject_id=organization.id * 10_000 + subject,
        subject_uid=f"{subject:024x}",
        organization_id=organization.id,
        params={"seconds": seconds, **params},
        at=timezone.now(),
    )


def test_one_that_queues_much_keeps_nobody_waiting(
    machine: Machine, noisy: Organization, quiet: Organization, say: Callable[[str], None]
) -> None:
    for subject in range(NOISY):
        begin(noisy, subject)
    machine.dispatcher()
    machine.worker()
    assert eventually(lambda: Job.objects.filter(state=State.COMPLETED).exists()), machine.logs()

    found = [begin(quiet, subject) for subject in range(OTHERS)]
    for job in found:
        assert eventually(lambda job=job: has_ended(job)), machine.logs()
    meanwhile = (found[0].created_at, max(job.started_at for job in found))
    taken = Job.objects.filter(organization=noisy, started_at__range=meanwhile).count()
    assert taken <= OTHERS + 3, machine.logs()  # turn by turn, but for those that had been claimed already
    delays = [(job.started_at - job.created_at).total_seconds() for job in found]
    waiting = Job.objects.filter(organization=noisy, state=State.QUEUED).count()
    assert waiting > 0
    say(f"behind {waiting} waiting jobs of another organization a job begins after {told(delays)}")


def test_one_that_runs_long_hands_back_for_others(
    machine: Machine, noisy: Organization, quiet: Organization, say: Callable[[str], None]
) -> None:
    long_ones = [begin(noisy, subject, seconds=12) for subject in range(2)]
    machine.dispatcher()
    machine.worker()
    assert eventually(lambda: Job.objects.filter(state=State.RUNNING).count() == 2), machine.logs()

    job = begin(quiet, 1)
    assert eventually(lambda: has_ended(job)), machine.logs()
    assert not any(has_ended(long_one) for long_one in long_ones)
    say(f"beside two long runs a job begins after {told([(job.started_at - job.created_at).total_seconds()])}")

    for long_one in long_ones:
        assert eventually(lambda long_one=long_one: has_ended(long_one)), machine.logs()
        assert (long_one.state, long_one.records_read, long_one.stalled) == (State.COMPLETED, 120, 0)
    assert sorted(long_one.attempt for long_one in long_ones) == [1, 2]


def test_one_that_always_crashes_is_given_up(machine: Machine, noisy: Organization, quiet: Organization) -> None:
    machine.more |= {"JOB_ATTEMPTS": "2", "JOB_LEASE_SECONDS": "2"}
    poison = begin(noisy, 1, kind="crash")
    machine.dispatcher()
    machine.worker()
    subject = 0
    while not has_ended(poison) and subject < 300:
        subject += 1
        job = begin(quiet, subject)
        assert eventually(lambda job=job: has_ended(job)), machine.logs()
        assert job.state == State.COMPLETED
    assert (poison.state, poison.error_code, poison.attempt) == (State.FAILED, "poison", 3)
    assert poison.error_message == "The job was given up: 2 attempts in a row ended without any progress."
