"""One short trial for each promise of the job machine; it answers, in words, what went wrong.

With a machine that is whole all of them find nothing, and every mutant is caught by one.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

from django.utils import timezone

from apps.flows import services as flows
from apps.flows.models import Flow
from apps.jobs.models import ENDED, Job, State
from tests.faults.machine import LEASE_SECONDS, Machine, eventually
from tests.faults.runs import has_ended
from tests.faults.scenario import BY_ROWS, CAST, at, fill, make_flow
from tests.faults.verifier import breaches

Systems = tuple[str, str]
PAGE = 100
SLEEP = """
CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END';
CREATE TRIGGER slow AFTER {event} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION sleep();
"""
TABLE = "CREATE TABLE events (id bigint, name text, amount numeric(14,2), at timestamptz)"
"""Without a key, so that a row that comes twice is there twice."""
ASLEEP = """
SELECT EXISTS (
  SELECT 1 FROM pg_stat_activity
   WHERE datname = %s AND application_name LIKE 'crossdock:%%' AND wait_event = 'PgSleep' AND query LIKE %s)
"""
IN_ONE_TRANSACTION = """
from datetime import UTC, datetime
from time import sleep
from django.db import transaction
from apps.flows import services as flows
from apps.flows.models import Flow
with transaction.atomic():
    flows.run_flow(flow=Flow.objects.get(), at=datetime.now(UTC))
    sleep(2)
"""


class Trial:
    """A machine with a dispatcher, and two databases. `patience`: seconds after which a job counts as stuck. `clock`:
    by how many seconds the dispatcher's clock is off to one side, and the workers' to the other. `hints`: how often one
    is repeated."""

    def __init__(
        self, machine: Machine, systems: Systems, *, patience: float = 120, clock: int = 0, hints: int = 1000
    ) -> None:
        self.machine, self.systems = machine, systems
        self.patience, self.clock, self.hints = patience, clock, hints
        machine.dispatcher(clock=clock)

    def worker(self) -> subprocess.Popen[bytes]:
        return self.machine.worker(clock=-self.clock)

    def flow(self, *, pages: int, seconds: float) -> Flow:
        """Appends `pages` pages to a table that takes `seconds` for each, after its rows have come."""
        fill(self.systems[0], pages * PAGE)
        with at(self.systems[1]) as target:
            target.execute(TABLE)
            target.execute(SLEEP.format(seconds=seconds, event="INSERT", table="events").encode())
        return make_flow(self.systems, mapping=CAST, filter=BY_ROWS, page_size=PAGE)

    def start(self, flow: Flow) -> Job:
        return flows.run_flow(flow=flow, at=timezone.now())

    def until(self, holds: Callable[[], bool]) -> None:
        assert eventually(holds, 120), self.machine.logs()

    def is_asleep(self, query: str = "COPY%") -> bool:
        """Whether a page has come and its transaction waits at the destination, in the statement `query`."""
        with at(self.systems[1]) as target:
            row = target.execute(ASLEEP.encode(), [self.systems[1], query]).fetchone()
        return row == (True,)

    def end(self, *, runs: int = 1) -> list[str]:
        """Waits for all jobs, and answers what is wrong with them and with the rows of so many runs."""
        eventually(lambda: not Job.objects.exclude(state__in=ENDED).exists(), self.patience)
        jobs = list(Job.objects.all())
        found = [*breaches(jobs), *(f"{job.id}: {job.error_message}" for job in jobs if job.state == State.FAILED)]
        with at(self.systems[0]) as source, at(self.systems[1]) as target:
            wanted = source.execute("SELECT id FROM events ORDER BY id").fetchall()
            there = target.execute("SELECT id FROM events ORDER BY id").fetchall()
        if sorted(wanted * runs) != there:
            found.append(f"{len(there)} rows arrived of {len(wanted) * runs}")
        return found


def frozen_in_a_transaction(trial: Trial) -> list[str]:
    """A worker sleeps for longer than its lease with a page on its way, and wakes when another goes on."""
    flow = trial.flow(pages=12, seconds=0.5)
    workers = {trial.machine.names[worker.pid]: worker for worker in (trial.worker(), trial.worker())}
    job = trial.start(flow)
    trial.until(lambda: _written(job) > 0 and trial.is_asleep())
    frozen = workers[job.worker]
    trial.machine.freeze(frozen)
    before = _written(job)
    trial.until(lambda: _written(job) > before and job.attempt == 2)
    trial.machine.thaw(frozen)
    return trial.end()


def killed_before_the_checkpoint(trial: Trial) -> list[str]:
    """A worker dies when a page's rows are there and its position is about to be."""
    flow = trial.flow(pages=4, seconds=0)
    worker = trial.worker()
    first = trial.start(flow)
    trial.until(lambda: has_ended(first))
    with at(trial.systems[1]) as target:
        target.execute(SLEEP.replace("sleep()", "doze()").format(seconds=1, event="UPDATE", table="crossdock_state"))
    job = trial.start(flow)
    trial.until(lambda: _written(job) > 0 and trial.is_asleep("UPDATE%SET job_uid%"))
    trial.machine.kill(worker)
    with at(trial.systems[1]) as target:
        target.execute("DROP TRIGGER slow ON crossdock_state")
    trial.worker()
    return trial.end(runs=2)


def hints_by_the_hundred(trial: Trial) -> list[str]:
    """Very many hints for one job: half of them while it runs, half when it has ended."""
    flow = trial.flow(pages=10, seconds=0.2)
    for _ in range(2):
        trial.worker()
    job = trial.start(flow)
    trial.until(lambda: _written(job) > 0)
    for _ in range(2):
        trial.machine.broker.publish([job.id] * (trial.hints // 2), queue="sync")
        trial.until(lambda: has_ended(job) and trial.machine.broker.waiting(queue="sync") == 0)
    time.sleep(1)
    job.refresh_from_db()
    found = [] if job.attempt == 1 else [f"{job.id}: was run {job.attempt} times"]
    return found + trial.end()


def killed(trial: Trial) -> list[str]:
    """A worker dies, and another is there."""
    flow = trial.flow(pages=6, seconds=0.3)
    workers = {trial.machine.names[worker.pid]: worker for worker in (trial.worker(), trial.worker())}
    job = trial.start(flow)
    trial.until(lambda: _written(job) > 0)
    trial.machine.kill(workers[job.worker])
    return trial.end()


def started_in_a_long_transaction(trial: Trial) -> list[str]:
    """A job's row is there for others seconds after it was made."""
    trial.flow(pages=2, seconds=0)
    worker = trial.worker()
    trial.until(lambda: len(trial.machine.pool(worker)) == 3)
    trial.machine.start(sys.executable, "manage.py", "shell", "-v", "0", "-c", IN_ONE_TRANSACTION)
    trial.until(Job.objects.exists)
    return trial.end()


def hints_are_lost(trial: Trial) -> list[str]:
    """The broker forgets a hint that nobody has taken yet."""
    job = trial.start(trial.flow(pages=2, seconds=0))
    trial.until(lambda: Job.objects.filter(id=job.id, published_at__isnull=False).exists())
    trial.until(lambda: trial.machine.broker.waiting(queue="sync") == 1)
    trial.machine.broker.stop()
    trial.machine.broker.start()
    trial.worker()
    return trial.end()


def the_broker_dies(trial: Trial) -> list[str]:
    """With all it held, while a worker has hints in its hands: the worker lives on and takes what comes next."""
    flow = trial.flow(pages=6, seconds=0.3)
    worker = trial.worker()
    job = trial.start(flow)
    trial.until(lambda: _written(job) > 0)
    trial.machine.broker.stop()
    time.sleep(1)
    trial.machine.broker.start()
    trial.until(lambda: has_ended(job))
    trial.start(flow)
    found = trial.end(runs=2)
    return found if worker.poll() is None else [*found, f"the worker ended with status {worker.returncode}"]


def longer_than_a_lease(trial: Trial) -> list[str]:
    """Nobody disturbs a job that lives, however long it takes."""
    flow = trial.flow(pages=10, seconds=LEASE_SECONDS / 4)
    for _ in range(2):
        trial.worker()
    job = trial.start(flow)
    found = trial.end()
    job.refresh_from_db()
    return found if job.attempt == 1 else [*found, f"{job.id}: was taken over {job.attempt - 1} times"]


def two_at_once(trial: Trial) -> list[str]:
    """A second run of a flow is asked for while the first is running, and two workers are free."""
    flow = trial.flow(pages=10, seconds=0.3)
    for _ in range(2):
        trial.worker()
    first = trial.start(flow)
    trial.until(lambda: _written(first) > 0)
    second = trial.start(flow)
    trial.machine.broker.publish([second.id] * 10, queue="sync")
    return trial.end(runs=2)


def deadly_to_its_workers(trial: Trial) -> list[str]:
    """A job whose workers die again and again before it gets anywhere is given up."""
    flow = trial.flow(pages=3, seconds=4)
    job = trial.start(flow)
    for attempt in (1, 2):
        worker = trial.worker()
        trial.until(partial(_is_at, job, attempt))
        trial.until(trial.is_asleep)
        trial.machine.kill(worker)
    trial.worker()
    trial.end()
    job.refresh_from_db()
    outcome = (job.state, job.error_code)
    return [*breaches([job])] if outcome == (State.FAILED, "poison") else [f"{job.id}: {outcome}, not given up"]


def _written(job: Job) -> int:
    job.refresh_from_db()
    return job.records_written


def _is_at(job: Job, attempt: int) -> bool:
    job.refresh_from_db()
    return job.attempt == attempt
