"""Many triggers of one flow at once: it runs once at a time, and one run waits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from django.utils import timezone

from apps.accounts.models import Organization
from apps.flows import services as flows
from apps.jobs.models import ENDED, Job, JobEvent, Schedule, State
from tests.faults.effort import IS_LONG
from tests.faults.machine import Machine, eventually
from tests.faults.scenario import fill, make_flow
from tests.faults.web import Web

pytestmark = pytest.mark.faults

ROUNDS = 200 if IS_LONG else 20
TRIGGERS = 50


def test_a_flow_runs_once_at_a_time(machine: Machine, systems: tuple[str, str], say: Callable[[str], None]) -> None:
    machine.more["RATE_LIMITS"] = "0"
    fill(systems[0], 2_000)
    flow = make_flow(systems, mode="upsert", key=["id"])
    flows.change_flow(flow=flow, values={"schedule": {"interval": 60}, "is_enabled": True}, at=timezone.now())
    web = Web(machine, Organization.objects.get())
    for _ in range(2):
        machine.dispatcher()
        machine.worker()

    statuses = []
    with ThreadPoolExecutor(TRIGGERS) as pool:
        for _ in range(ROUNDS):
            Schedule.objects.update(next_at=timezone.now())
            answers = list(pool.map(lambda _: web.call("POST", f"/v1/flows/{flow.uid}/run"), range(TRIGGERS)))
            statuses += [answer.status for answer in answers]
    assert set(statuses) == {201}
    # the slots were taken, though what they start may be a run that waits already
    assert eventually(lambda: Schedule.objects.filter(next_at__gt=timezone.now()).exists()), machine.logs()
    assert eventually(lambda: not Job.objects.exclude(state__in=ENDED).exists(), 120), machine.logs()
    say(f"{len(statuses)} triggers and {ROUNDS} slots became {Job.objects.count()} runs")

    assert set(Job.objects.values_list("state", flat=True)) == {State.COMPLETED}
    assert most_at_once(State.RUNNING) == 1
    assert most_at_once(State.QUEUED) == 1


def most_at_once(state: State) -> int:
    """How many jobs were in a state at the same time, by what their histories tell."""
    changes = []
    for job in Job.objects.all():
        told = list(job.events.filter(level=JobEvent.Level.STATE).order_by("number"))
        assert [event.message for event in told] == [State.QUEUED, State.RUNNING, State.COMPLETED]
        for event, following in pairwise(told):
            if event.message == state:
                changes += [(event.at, 1), (following.at, -1)]
    found = most = 0
    for _, change in sorted(changes):
        found += change
        most = max(most, found)
    return most
