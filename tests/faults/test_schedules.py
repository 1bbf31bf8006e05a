"""Schedules through real dispatchers and workers: what was missed runs once, and a crowd is no crush."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.flows import services as flows
from apps.flows.models import Flow
from apps.jobs.models import Job, Schedule, State
from apps.jobs.services import set_schedule
from tests.faults.machine import Machine, eventually
from tests.faults.scenario import fill, make_flow, same_rows

pytestmark = pytest.mark.faults

MINUTE = timedelta(minutes=1)
CROWD = 60


@pytest.mark.parametrize("schedule", [{"interval": 60}, {"cron": "* * * * *", "timezone": "UTC"}])
def test_what_was_due_five_times_while_all_was_down_runs_once(
    machine: Machine, systems: tuple[str, str], schedule: dict[str, object]
) -> None:
    fill(systems[0], 1_000)
    flow = make_flow(systems, mode="append")
    flows.change_flow(flow=flow, values={"schedule": schedule, "is_enabled": True}, at=timezone.now())
    missed = Schedule.objects.get().next_at - 6 * MINUTE
    Schedule.objects.update(next_at=missed)

    for _ in range(2):
        machine.dispatcher()
    machine.worker()
    assert eventually(lambda: Job.objects.filter(state=State.COMPLETED).exists(), 30), machine.logs()
    assert eventually(lambda: Schedule.objects.get().next_at > timezone.now()), machine.logs()

    ran = Job.objects.filter(slot_at__lt=missed + 6 * MINUTE)
    assert [(job.slot_at, job.state) for job in ran] == [(missed, State.COMPLETED)]
    assert (Schedule.objects.get().next_at - missed) % MINUTE == timedelta()
    assert same_rows(systems)


def test_a_crowd_begins_within_a_few_seconds(machine: Machine, systems: tuple[str, str]) -> None:
    """None of them does anything but fail: when they are published is what is looked at."""
    flow = make_flow(systems)
    for number in range(CROWD):
        other = Flow.objects.create(organization=flow.organization, name=f"Empty {number}")
        set_schedule(
            kind="flow",
            subject_id=other.id,
            subject_uid=other.uid,
            organization_id=flow.organization_id,
            interval=60,
            at=timezone.now(),
        )
    due = timezone.now()
    Schedule.objects.update(next_at=due)
    machine.dispatcher()

    assert eventually(lambda: Job.objects.exclude(published_at=None).count() == CROWD, 30), machine.logs()
    assert Job.objects.count() == CROWD
    for job in Job.objects.all():
        assert due <= job.not_before <= job.published_at
        assert job.not_before < job.created_at + timedelta(seconds=CROWD / 20)
