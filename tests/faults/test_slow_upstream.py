"""A system that hangs, drips or is gone holds no slot for long, and says so on the job."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.flows import services as flows
from apps.flows.models import Flow
from apps.jobs import services as jobs
from apps.jobs.models import Job, State
from tests.faults import kinds
from tests.faults.conftest import SERVER
from tests.faults.effort import IS_LONG
from tests.faults.machine import Machine, eventually
from tests.faults.proxy import Manner, Proxy, place_of, proxy_to
from tests.faults.runs import has_ended
from tests.faults.scenario import CAST, fill, make_flow, same_rows, source_of

pytestmark = pytest.mark.faults

ROWS = 120_000
LANES: dict[str, list[Any]] = {"bytes": [], "rows": CAST}
CASES = [(Manner.HANG, "bytes"), (Manner.DRIP, "rows"), (Manner.LOSE, "bytes")]
if IS_LONG:
    CASES += [(Manner.HANG, "rows"), (Manner.DRIP, "bytes"), (Manner.LOSE, "rows")]


@pytest.fixture
def line() -> Iterator[Proxy]:
    with proxy_to(place_of(SERVER)) as proxy:
        yield proxy


@pytest.fixture
def flow(machine: Machine, systems: tuple[str, str], line: Proxy) -> Flow:
    """Its source is at the other end of the line. One worker, with one slot, that gives up at the first failure."""
    machine.more |= {"JOB_SYNC_SLOTS": "1", "JOB_ATTEMPTS": "1"}
    fill(systems[0], ROWS)
    flow = make_flow(systems, mapping=CAST)
    lead(source_of(flow), line)
    return flow


def lead(connection: Connection, line: Proxy) -> None:
    connection.settings |= {"host": "127.0.0.1", "port": line.port}
    connection.save()


def start(machine: Machine, flow: Flow) -> Job:
    machine.dispatcher()
    machine.worker()
    return flows.run_flow(flow=flow, at=timezone.now())


def is_running(job: Job) -> bool:
    job.refresh_from_db()
    return job.state == State.RUNNING


def test_a_connection_that_is_never_answered_ends_in_a_clear_error(machine: Machine, flow: Flow, line: Proxy) -> None:
    line.manner = Manner.HANG
    job = start(machine, flow)

    assert eventually(lambda: has_ended(job)), machine.logs()
    assert (job.state, job.error_code) == (State.FAILED, "unreachable")
    assert job.error_message == f"127.0.0.1:{line.port} could not be reached."


@pytest.mark.parametrize(("manner", "lane"), CASES)
def test_what_hangs_is_cancelled_and_its_slot_is_free(
    machine: Machine, flow: Flow, line: Proxy, manner: Manner, lane: str, say: Callable[[str], None]
) -> None:
    flows.change_import(import_=flow.steps.get(role="processor").destination, values={"mapping": LANES[lane]})
    line.change_after(1_000_000, manner)
    job = start(machine, flow)
    assert eventually(lambda: line.manner is manner and is_running(job)), machine.logs()
    time.sleep(1)  # until whatever was on its way has come

    began = time.monotonic()
    jobs.cancel(job=job)
    assert eventually(lambda: has_ended(job), 30), machine.logs()
    say(f"{lane}, {manner}: cancelled after {time.monotonic() - began:.1f} s")
    assert job.state == State.CANCELLED

    line.manner = Manner.CARRY
    again = flows.run_flow(flow=flow, at=timezone.now())
    assert eventually(lambda: has_ended(again)), machine.logs()
    assert again.state == State.COMPLETED


@pytest.mark.parametrize("lane", LANES if IS_LONG else ["bytes"])
def test_what_stands_still_goes_on_when_the_line_is_there_again(
    machine: Machine, flow: Flow, systems: tuple[str, str], line: Proxy, lane: str
) -> None:
    machine.more |= {"JOB_STANDSTILL_SECONDS": "2", "JOB_ATTEMPTS": "5"}
    flows.change_import(import_=flow.steps.get(role="processor").destination, values={"mapping": LANES[lane]})
    line.change_after(1_000_000, Manner.LOSE)
    job = start(machine, flow)
    assert eventually(lambda: line.manner is Manner.LOSE and is_running(job)), machine.logs()
    assert eventually(lambda: is_running(job) and job.lease_until < timezone.now()), machine.logs()
    line.manner = Manner.CARRY

    assert eventually(lambda: has_ended(job), 120), machine.logs()
    assert (job.state, job.records_read, job.records_written) == (State.COMPLETED, ROWS, ROWS)
    assert job.attempt > 1
    assert same_rows(systems)


def test_a_test_of_a_connection_that_hangs_ends_in_time(machine: Machine, flow: Flow, line: Proxy) -> None:
    machine.more["JOB_INTERACTIVE_SECONDS"] = "2"
    line.change_after(400, Manner.LOSE)  # the sign-in is through
    machine.dispatcher()
    machine.worker()
    job = connections.start_test(connection=source_of(flow), at=timezone.now())

    assert eventually(lambda: has_ended(job)), machine.logs()
    assert (job.state, job.error_code) == (State.FAILED, "timed_out")
    assert job.error_message == "Ended after 2 seconds, the longest that an interactive job may take."
    assert job.attempt == 1


def test_what_cannot_be_interrupted_ends_with_its_process(machine: Machine, settings: Settings) -> None:
    """The worker has two processes, and starts others in their place."""
    machine.more |= {
        "JOB_SYNC_SLOTS": "1",
        "JOB_INTERACTIVE_SECONDS": "1",
        "DJANGO_SETTINGS_MODULE": "tests.faults.kinds",
    }
    settings.JOB_RUNNERS = kinds.JOB_RUNNERS
    organization = Organization.objects.create(name="Faults")
    machine.dispatcher()
    worker = machine.worker()
    assert eventually(lambda: len(machine.pool(worker)) > 0)
    found = [
        jobs.start(
            kind="hang",
            subject_id=number,
            subject_uid=f"{number:024x}",
            organization_id=organization.id,
            params={"address": SERVER},
            at=timezone.now(),
        )
        for number in range(3)
    ]
    for job in found:
        assert eventually(lambda job=job: has_ended(job), 90), machine.logs()
        assert (job.state, job.error_code, job.attempt) == (State.FAILED, "timed_out", 1)
