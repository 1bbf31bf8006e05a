"""A run that is cancelled, and whose flow, mapping and connections are changed or removed while it moves rows."""

import random
import time
from collections.abc import Callable

import pytest
from django.utils import timezone

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.errors import Conflict
from apps.flows import services as flows
from apps.flows.models import Flow
from apps.jobs import services as jobs
from apps.jobs.models import ENDED, State
from tests.faults.effort import IS_LONG
from tests.faults.machine import Machine, eventually
from tests.faults.runs import has_ended, start
from tests.faults.scenario import CAST, count, fill, make_flow, make_slow_table, same_rows
from tests.faults.web import told

pytestmark = pytest.mark.faults

ROWS = 300_000
ROUNDS = 20 if IS_LONG else 4
UPPER = [{"generate": "id", "extract": "$.id"}, {"generate": "name", "hardCodedValue": "changed"}]


@pytest.fixture
def flow(machine: Machine, systems: tuple[str, str]) -> Flow:
    fill(systems[0], ROWS)
    make_slow_table(systems[1])
    machine.dispatcher()
    machine.worker()
    return make_flow(systems, mapping=CAST, mode="append")


def test_a_run_is_cancelled_at_any_moment(
    machine: Machine, systems: tuple[str, str], flow: Flow, say: Callable[[str], None]
) -> None:
    """What is written stays, nothing follows, and the next run brings the rest."""
    seconds = []
    moments = random.Random(8)
    for _ in range(ROUNDS):
        job = flows.run_flow(flow=flow, at=timezone.now())
        time.sleep(moments.uniform(0, 1.5))
        began = time.monotonic()
        try:
            jobs.cancel(job=job)
        except Conflict:
            assert job.state in ENDED
            break
        assert eventually(lambda job=job: has_ended(job)), machine.logs()
        seconds.append(time.monotonic() - began)
        assert job.state == State.CANCELLED
        left = count(systems[1])
        time.sleep(0.5)
        assert count(systems[1]) == left
    say(f"{len(seconds)} cancelled: {told(seconds)}")

    last = flows.run_flow(flow=flow, at=timezone.now())
    assert eventually(lambda: has_ended(last)), machine.logs()
    assert last.state == State.COMPLETED, last.error_message
    assert same_rows(systems)


def test_nothing_is_removed_under_a_run(machine: Machine, systems: tuple[str, str], flow: Flow) -> None:
    job = start(flow, machine)
    for connection in Connection.objects.all():
        with pytest.raises(Conflict) as caught:
            connections.remove(connection=connection)
        assert caught.value.code == "in_use"
    with pytest.raises(Conflict) as caught:
        flows.remove_flow(flow=flow)
    assert caught.value.code == "in_use"

    jobs.cancel(job=job)
    assert eventually(lambda: has_ended(job)), machine.logs()
    flows.remove_flow(flow=flow)
    left = count(systems[1])
    assert not Flow.objects.exists()
    time.sleep(0.5)
    assert count(systems[1]) == left


def test_a_run_goes_by_the_mapping_that_it_began_with(machine: Machine, systems: tuple[str, str], flow: Flow) -> None:
    """Also after its worker was killed."""
    job = start(flow, machine)
    import_ = flow.steps.get(role="processor").destination
    flows.change_import(import_=import_, values={"mapping": UPPER, "filter": ["equals", ["extract", "id"], 1]})
    [worker] = [process for process in machine.running if process.pid in machine.names]
    machine.kill(worker)
    machine.worker()

    assert eventually(lambda: has_ended(job), 120), machine.logs()
    assert (job.state, job.records_written, job.attempt) == (State.COMPLETED, ROWS, 2)
    assert same_rows(systems)
