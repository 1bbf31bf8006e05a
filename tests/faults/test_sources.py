"""Syncs into collections whose workers are killed, whose broker is away or whose control database starts anew: in the
end a collection holds what its source holds, once, and what is told of it is true."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from apps.jobs.models import Job
from apps.sources.models import Record
from tests.faults.database_server import DatabaseServer
from tests.faults.effort import FAULTS
from tests.faults.fleet import FIRST, LATER, Fleet
from tests.faults.machine import Machine, eventually
from tests.faults.runs import has_ended
from tests.faults.test_chaos import over

KILLS = max(3, FAULTS // 20)
REST = """
CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END';
CREATE TRIGGER rest AFTER {event} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION rest();
"""

pytestmark = pytest.mark.faults


@contextmanager
def resting(event: str, table: str, *, seconds: float) -> Iterator[None]:
    """Our own database rests behind every such statement."""
    with connection.cursor() as cursor:
        cursor.execute(REST.format(event=event, table=table, seconds=seconds))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION rest CASCADE")


@pytest.fixture
def fleet(machine: Machine, systems: tuple[str, str]) -> Fleet:
    machine.more |= {"JOB_ATTEMPTS": "50", "EMBEDDER": "none"}
    return Fleet(machine, systems[0])


@pytest.fixture
def slow_fleet(fleet: Fleet) -> Iterator[Fleet]:
    """Each of its pages, of which there are four a table, takes its time."""
    with resting("UPDATE", "sources_stream", seconds=0.3):
        yield fleet


def has_got_on(job: Job, attempt: int) -> bool:
    """Whether another attempt has begun, if any will."""
    return has_ended(job) or job.attempt > attempt


def struck(fleet: Fleet, job: Job, chance: random.Random) -> int:
    """Kills the worker at some moment of its work, again and again; how often the job was running then."""
    struck = 0
    for _ in range(KILLS):
        worker = fleet.machine.worker()
        assert eventually(partial(has_got_on, job, job.attempt)), fleet.machine.logs()
        time.sleep(chance.uniform(0, 2.5))
        struck += not has_ended(job)
        fleet.machine.kill(worker)
    fleet.machine.worker()
    assert eventually(lambda: has_ended(job), 240), fleet.machine.logs()
    return struck


@pytest.mark.parametrize("seed", range(max(1, FAULTS // 60)))
def test_killed_workers_cost_no_record_and_double_none(
    slow_fleet: Fleet, seed: int, say: Callable[[str], None]
) -> None:
    fleet, chance = slow_fleet, random.Random(seed)
    fleet.machine.dispatcher()
    job = fleet.start()
    first = struck(fleet, job, chance)
    assert fleet.wrong(job, lambda _: FIRST) == []

    kept = fleet.untouched()
    fleet.change()
    job = fleet.start()
    later = struck(fleet, job, chance)
    assert fleet.wrong(job, LATER.__getitem__) == []
    assert kept <= fleet.untouched()
    assert first + later > 0
    say(f"killed {first} times in the first sync, {later} times in the second")


def test_a_sweep_that_is_killed_removes_no_record_that_is_there(fleet: Fleet) -> None:
    """Every statement that removes records takes its time, and the worker is killed in one after the other."""
    fleet.machine.dispatcher()
    worker = fleet.machine.worker()
    job = fleet.start()
    assert eventually(lambda: has_ended(job), 120), fleet.machine.logs()
    kept = fleet.untouched()
    fleet.change()
    job = fleet.start()
    with resting("DELETE", "sources_record", seconds=1):
        for _ in range(3):
            assert eventually(lambda: has_ended(job) or is_sweeping(), 120), fleet.machine.logs()
            fleet.machine.kill(worker)
            assert kept <= fleet.untouched()
            worker = fleet.machine.worker()
        assert eventually(lambda: has_ended(job), 120), fleet.machine.logs()
    assert job.attempt > 2
    assert fleet.wrong(job, LATER.__getitem__) == []
    assert kept <= fleet.untouched()


SWEEPING = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE 'DELETE FROM sources_record%')
"""


def is_sweeping() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(SWEEPING)
        return bool(cursor.fetchone()[0])


def test_a_broker_that_dies_in_the_middle_costs_nothing(slow_fleet: Fleet) -> None:
    fleet = slow_fleet
    fleet.machine.dispatcher()
    fleet.machine.worker()
    job = fleet.start()
    assert eventually(Record.objects.exists), fleet.machine.logs()
    fleet.machine.broker.stop()
    time.sleep(1)
    fleet.machine.broker.start()
    assert eventually(lambda: has_ended(job), 120), fleet.machine.logs()
    assert fleet.wrong(job, lambda _: FIRST) == []
    fleet.change()
    job = fleet.start()
    assert eventually(lambda: has_ended(job), 120), fleet.machine.logs()
    assert fleet.wrong(job, LATER.__getitem__) == []


@pytest.fixture
def lone_fleet(systems: tuple[str, str], django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Fleet, DatabaseServer]]:
    """The same over a control database of its own, and the server of that."""
    with tempfile.TemporaryDirectory(prefix="cd-") as name, django_db_blocker.unblock():
        control = DatabaseServer("control", Path(name) / "control")
        machine = Machine(Path(name), JOB_ATTEMPTS="50", EMBEDDER="none")
        try:
            control.start()
            machine.broker.start()
            with over(control):
                call_command("migrate", verbosity=0)
                fleet = Fleet(machine, systems[0])
                with resting("UPDATE", "sources_stream", seconds=0.3):
                    yield fleet, control
        finally:
            machine.close()
            control.close()


def test_a_control_database_that_starts_anew_costs_nothing(
    lone_fleet: tuple[Fleet, DatabaseServer], say: Callable[[str], None]
) -> None:
    fleet, control = lone_fleet
    chance = random.Random(FAULTS)
    fleet.machine.dispatcher()
    fleet.machine.worker()
    for change, counts in ((lambda: None, lambda _: FIRST), (fleet.change, LATER.__getitem__)):
        change()
        job = fleet.start()
        for _ in range(2):
            assert eventually(partial(has_got_on, job, 0)), fleet.machine.logs()
            time.sleep(chance.uniform(0.5, 2))
            connection.close()
            control.crash()
            control.start()
        assert eventually(lambda job=job: has_ended(job), 240), fleet.machine.logs()
        say(f"attempts: {job.attempt}")
        assert fleet.wrong(job, counts) == []
