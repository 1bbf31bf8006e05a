"""An automation's tasks run once each and in their order, however often its workers are killed."""

import time
from itertools import pairwise

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from apps.flows import services as flows
from apps.jobs.models import Job, State
from tests.apps.jobs.history import assert_legal
from tests.faults.machine import Machine, eventually
from tests.faults.runs import has_ended
from tests.faults.scenario import BY_ROWS, at, count, fill, make_flow

pytestmark = pytest.mark.faults

ROWS, TASKS, KILLS = 20_000, 3, 4
TABLE = "CREATE TABLE events (id bigint, name text, amount numeric(12,2), at timestamptz)"
SLEEP = "CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END'"
SLOW = "CREATE TRIGGER slow BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION sleep()"


def test_no_kill_makes_a_task_run_twice(machine: Machine, systems: tuple[str, str]) -> None:
    fill(systems[0], ROWS)
    with at(systems[1]) as target:
        for statement in (TABLE, SLEEP, SLOW):
            target.execute(statement)
    job = begin(systems)
    machine.dispatcher()
    for number in range(KILLS):
        worker = machine.worker()
        held = Job.objects.filter(worker=machine.names[worker.pid], lease_until__gt=Now())
        assert eventually(held.exists), machine.logs()
        time.sleep(number * 0.4)  # at its first job, or at one that follows
        machine.kill(worker)
    machine.worker()
    assert eventually(lambda: has_ended(job), 120), machine.logs()
    assert (job.state, job.error_message) == (State.COMPLETED, "")
    runs = list(job.children.order_by("id"))
    assert [run.state for run in runs] == [State.COMPLETED] * TASKS
    assert all(before.ended_at <= after.created_at for before, after in pairwise(runs))
    assert sum(each.attempt for each in (job, *runs)) > 2 * TASKS + 1  # as many as without a kill
    assert count(systems[1]) == TASKS * ROWS
    for each in (job, *runs):
        assert_legal(each)


def begin(systems: tuple[str, str]) -> Job:
    """The same flow, which appends, as every task."""
    flow = make_flow(systems, filter=BY_ROWS)
    owner = {"organization_id": flow.organization_id, "project_id": None}
    values = {"name": "Thrice", "tasks": [{"flow": flow}] * TASKS}
    automation = flows.create_automation(**owner, values=values, at=timezone.now())
    return flows.run_automation(automation=automation, at=timezone.now())
