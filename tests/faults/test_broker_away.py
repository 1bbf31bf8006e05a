"""A run is taken on whether the broker answers or not, once, also when nobody heard of it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Organization
from apps.flows import services as flows
from apps.flows.models import Flow
from apps.jobs.models import Job, JobEvent, State
from tests.faults.effort import IS_LONG
from tests.faults.machine import Machine, database_url, eventually
from tests.faults.proxy import Manner, Proxy, proxy_to, server_of
from tests.faults.scenario import fill, make_flow
from tests.faults.web import Web, told

pytestmark = pytest.mark.faults

RUNS = 100 if IS_LONG else 40
KEYS = 10 if IS_LONG else 2


@pytest.fixture
def found(systems: tuple[str, str], machine: Machine) -> list[Flow]:
    """So many flows over the same export and import."""
    machine.more["RATE_LIMITS"] = "0"  # of a hundred requests in a second some would be refused
    fill(systems[0], 10)
    first = make_flow(systems, mode="upsert", key=["id"])
    export, import_ = first.steps.get(role="generator").export, first.steps.get(role="processor").destination
    steps = {"generators": [{"export": export}], "processors": [{"destination": import_}]}
    owner = {"organization_id": first.organization_id, "project_id": None}
    return [
        flows.create_flow(**owner, values={"name": f"Events {number}", **steps}, at=timezone.now())
        for number in range(RUNS)
    ]


@pytest.mark.parametrize("fault", ["stop", "freeze"])
def test_runs_are_taken_on_without_the_broker(
    machine: Machine, found: list[Flow], fault: str, say: Callable[[str], None]
) -> None:
    web = Web(machine, Organization.objects.get())
    assert web.call("GET", "/v1/flows").status == 200
    getattr(machine.broker, fault)()

    answers = [web.call("POST", f"/v1/flows/{flow.uid}/run") for flow in found]
    say(f"{RUNS} runs, broker {fault}: {told([answer.seconds for answer in answers])}")
    assert {answer.status for answer in answers} == {201}
    assert Job.objects.filter(state=State.QUEUED).count() == RUNS
    keyed = [web.call("POST", f"/v1/flows/{found[0].uid}/run", Idempotency_Key="again") for _ in range(2)]
    assert {answer.document["_id"] for answer in keyed} == {answers[0].document["_id"]}

    machine.dispatcher()
    machine.worker()
    machine.broker.start() if fault == "stop" else machine.broker.thaw()
    assert eventually(lambda: not Job.objects.exclude(state=State.COMPLETED).exists(), 180), machine.logs()
    assert Job.objects.count() == RUNS
    began = JobEvent.objects.filter(level=JobEvent.Level.STATE, message=State.RUNNING)
    assert began.count() == RUNS


@pytest.fixture
def line(machine: Machine) -> Iterator[Proxy]:
    """Between the web server and our own database."""
    with proxy_to(server_of(connection.settings_dict)) as proxy:
        machine.more["DATABASE_URL"] = database_url(through=proxy.port)
        yield proxy


def test_a_run_that_nobody_heard_of_is_found_again(machine: Machine, found: list[Flow], line: Proxy) -> None:
    """The web server is killed behind its COMMIT and before its answer; the client asks again with the same key."""
    flow = found[0]
    web = Web(machine, Organization.objects.get())
    for number in range(KEYS):
        assert web.call("GET", "/v1/flows").status == 200
        line.hang_at(b"COMMIT\0")
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(web.call, "POST", f"/v1/flows/{flow.uid}/run", Idempotency_Key=f"key {number}")
            assert eventually(lambda: line.manner is Manner.HANG), machine.logs()
            machine.kill(web.process)
            assert isinstance(answer.exception(30), OSError | HTTPException)
        [job] = Job.objects.filter(state=State.QUEUED)

        line.manner = Manner.CARRY
        web.start()
        again = web.call("POST", f"/v1/flows/{flow.uid}/run", Idempotency_Key=f"key {number}")
        assert (again.status, again.document["_id"]) == (201, job.uid)
        assert Job.objects.filter(state=State.QUEUED).count() == 1
        Job.objects.filter(id=job.id).delete()
