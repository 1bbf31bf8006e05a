"""A worker that is asked to stop hands its job back, and a job that is cancelled stops."""

import time
from typing import Any

import pytest
from django.utils import timezone

from apps.flows import services as flows
from apps.jobs import services as jobs
from apps.jobs.models import Job, State
from tests.faults.machine import Machine, eventually
from tests.faults.runs import has_ended, has_written
from tests.faults.scenario import BY_ROWS, at, count, fill, make_flow, same_rows

TABLE = "CREATE TABLE events (id bigint PRIMARY KEY, name text, amount numeric(12,2), at timestamptz)"
SLEEP = "CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep({}); RETURN NULL; END'"
SLOW = "CREATE TRIGGER slow BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION sleep()"
# rows, seconds for each statement, and the filter: two ranges, or a dozen pages
LANES: dict[str, tuple[int, float, list[Any]]] = {"bytes": (300_000, 3, []), "rows": (60_000, 0.5, BY_ROWS)}


@pytest.mark.parametrize("lane", LANES)
def test_a_stopping_worker_hands_its_job_back(machine: Machine, systems: tuple[str, str], lane: str) -> None:
    rows, *_ = LANES[lane]
    job = begin(machine, systems, lane)
    worker = machine.worker()
    assert eventually(lambda: has_written(job)), machine.logs()
    worker.terminate()
    worker.wait()

    job.refresh_from_db()
    assert (job.state, job.lease_until) == (State.RUNNING, None), machine.logs()
    assert job.events.last().message == "Handed back at the last checkpoint: the worker stops."

    machine.worker()
    assert eventually(lambda: has_ended(job), 120), machine.logs()
    assert (job.state, job.attempt, job.stalled) == (State.COMPLETED, 2, 0)
    assert (job.records_read, job.records_written) == (rows, rows)
    assert list(job.steps.filter(role="import").values_list("lane", flat=True)) == [lane]
    assert same_rows(systems)


@pytest.mark.parametrize("lane", LANES)
def test_a_cancelled_job_stops_and_writes_nothing_more(machine: Machine, systems: tuple[str, str], lane: str) -> None:
    rows, *_ = LANES[lane]
    job = begin(machine, systems, lane)
    machine.worker()
    assert eventually(lambda: has_written(job)), machine.logs()
    jobs.cancel(job=job)
    assert eventually(lambda: has_ended(job)), machine.logs()
    assert job.state == State.CANCELLED
    left = count(systems[1])
    time.sleep(1)
    assert 0 < left == count(systems[1]) < rows


def begin(machine: Machine, systems: tuple[str, str], lane: str) -> Job:
    """A run into a table that takes its time, so that a test comes in between."""
    rows, seconds, filter_ = LANES[lane]
    fill(systems[0], rows)
    with at(systems[1]) as target:
        for statement in (TABLE, SLEEP.format(seconds), SLOW):
            target.execute(statement)
    machine.dispatcher()
    return flows.run_flow(flow=make_flow(systems, filter=filter_, mode="append"), at=timezone.now())
