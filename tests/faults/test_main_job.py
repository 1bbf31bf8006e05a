"""The main job under a kill and without a broker: rows arrive once, whatever happens."""

from typing import Any

import pytest
from django.utils import timezone

from apps.flows import services as flows
from tests.faults.machine import Machine, eventually
from tests.faults.runs import has_ended, has_written
from tests.faults.scenario import BY_ROWS, CAST, fill, make_flow, same_rows

ROWS = 300_000
LANES: dict[str, dict[str, Any]] = {
    "bytes": {},
    "arrow": {"mapping": CAST},
    "rows": {"mapping": CAST, "filter": BY_ROWS},
}
"""Fields of the import that a lane is taken for."""


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("mode", ["append", "replace"])
def test_resumes_after_its_worker_was_killed(machine: Machine, systems: tuple[str, str], lane: str, mode: str) -> None:
    fill(systems[0], ROWS)
    job = flows.run_flow(flow=make_flow(systems, mode=mode, **LANES[lane]), at=timezone.now())
    machine.dispatcher()
    worker = machine.worker()

    assert eventually(lambda: has_written(job)), machine.logs()
    machine.kill(worker)
    machine.worker()

    assert eventually(lambda: has_ended(job), 120), machine.logs()
    assert (job.state, job.error_message) == ("completed", "")
    assert (job.records_read, job.records_written, job.records_failed) == (ROWS, ROWS, 0)
    assert list(job.steps.filter(role="import").values_list("lane", flat=True)) == [lane]
    assert same_rows(systems)


def test_waits_for_a_broker_that_is_away(machine: Machine, systems: tuple[str, str]) -> None:
    fill(systems[0], 1_000)
    flow = make_flow(systems, mapping=[], mode="append")
    machine.broker.stop()
    machine.dispatcher()
    machine.worker()

    job = flows.run_flow(flow=flow, at=timezone.now())
    machine.broker.start()

    assert eventually(lambda: has_ended(job)), machine.logs()
    assert job.state == "completed"
    assert same_rows(systems)


def test_waits_for_a_broker_that_is_frozen(machine: Machine, systems: tuple[str, str]) -> None:
    fill(systems[0], 1_000)
    flow = make_flow(systems, mapping=[], mode="append")
    machine.dispatcher()
    machine.worker()
    machine.broker.freeze()

    job = flows.run_flow(flow=flow, at=timezone.now())
    machine.broker.thaw()

    assert eventually(lambda: has_ended(job)), machine.logs()
    assert job.state == "completed"
    assert same_rows(systems)
