"""Several dispatchers at once, killed at random: each slot of a schedule is taken once, and none is left out."""

import random
from datetime import datetime, timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import Organization
from apps.jobs import services as jobs
from apps.jobs.models import Job, Schedule
from tests.faults.machine import CAN_SHIFT_CLOCKS, Machine, eventually

pytestmark = pytest.mark.faults

SCHEDULES, ROUNDS = 10, 20
CLOCKS = (0, 7200, -7200) if CAN_SHIFT_CLOCKS else (0, 0, 0)


@pytest.fixture
def organization(transactional_db: None) -> Organization:
    return Organization.objects.create(name="Schedules")


def make_schedule(organization: Organization, subject: int) -> Schedule:
    """Of a kind whose jobs may wait side by side, so that every slot makes one."""
    return jobs.set_schedule(
        kind="connection_test",
        subject_id=subject,
        subject_uid=f"subject{subject}",
        organization_id=organization.id,
        interval=60,
        at=timezone.now(),
    )


def fall_due() -> datetime:
    Schedule.objects.update(next_at=Now())
    slot = Schedule.objects.values_list("next_at", flat=True).first()
    assert slot is not None
    return slot


def test_take_each_slot_once(machine: Machine, organization: Organization) -> None:
    for subject in range(SCHEDULES):
        make_schedule(organization, subject)
    dispatchers = [machine.dispatcher(clock=clock) for clock in CLOCKS]
    choice, slots = random.Random(1), set()
    for count in range(ROUNDS):
        slots.add(fall_due())
        if count % 4 == 0:
            place = choice.randrange(len(dispatchers))
            machine.kill(dispatchers[place])
            dispatchers[place] = machine.dispatcher(clock=CLOCKS[place])
        assert eventually(lambda: not Schedule.objects.filter(next_at__lte=Now()).exists()), machine.logs()

    taken = list(Job.objects.values_list("schedule", "slot_at"))
    assert len(taken) == len(set(taken)) == SCHEDULES * ROUNDS
    assert {slot for _, slot in taken} == slots


def test_make_one_run_of_all_that_was_missed(machine: Machine, organization: Organization) -> None:
    schedule = make_schedule(organization, 1)
    Schedule.objects.update(next_at=Now() - timedelta(minutes=5))
    schedule.refresh_from_db()
    first = schedule.next_at

    for clock in CLOCKS:
        machine.dispatcher(clock=clock)

    assert eventually(lambda: not Schedule.objects.filter(next_at__lte=Now()).exists()), machine.logs()
    assert list(Job.objects.values_list("slot_at", flat=True)) == [first]
    assert Schedule.objects.filter(next_at__lte=Now() + timedelta(seconds=60)).exists()
