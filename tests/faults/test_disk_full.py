"""A disk that is full, at the destination and under the logs."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.flows import services as flows
from apps.jobs.models import Job, State
from tests.faults.machine import Machine, eventually
from tests.faults.runs import has_ended
from tests.faults.scenario import CAST, EVENTS, at, fill, make_flow, same_rows
from tests.faults.test_refusals import run

pytestmark = pytest.mark.faults

ROWS = 400_000
LANES: dict[str, list[Any]] = {"as it is": [], "mapped": CAST}


@pytest.fixture
def small_disk(systems: tuple[str, str]) -> Iterator[Path]:
    """A disk of 16 MB with a tablespace `small_…` of the destination's name on it."""
    server_user = os.environ.get("TEST_POSTGRES_OWNER", "postgres")
    folder = Path(f"/var/tmp/{systems[1]}")
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)], check=True)
    subprocess.run(["chown", server_user, str(folder)], check=True)
    try:
        with at("postgres") as server:
            server.execute(f"CREATE TABLESPACE {space_of(systems)} LOCATION '{folder}'")
            yield folder
            with at(systems[1]) as target:
                target.execute("DROP SCHEMA public CASCADE")
            server.execute(f"DROP TABLESPACE {space_of(systems)}")
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def space_of(systems: tuple[str, str]) -> str:
    return f"small_{systems[1]}"


def whole(database: str) -> Any:
    """How many rows there are, and up to which key: the same where none is missing between."""
    with at(database) as target:
        return target.execute("SELECT count(*), coalesce(max(id), 0) FROM events").fetchone()


def grow(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=256m", str(disk)], check=True)


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("lane", LANES)
def test_says_that_the_disk_is_full_and_goes_on_when_there_is_room(
    systems: tuple[str, str], small_disk: Path, lane: str
) -> None:
    fill(systems[0], ROWS)
    with at(systems[1]) as target:
        target.execute(f"{EVENTS} TABLESPACE {space_of(systems)}")
    flow = make_flow(systems, mapping=LANES[lane])

    job = run(flow)
    assert (job.state, job.error_code) == (State.FAILED, "storage_full")
    assert whole(systems[1]) == (job.records_written, job.records_written)

    grow(small_disk)
    again = run(flow)
    assert again.state == State.COMPLETED
    assert again.records_written == ROWS - job.records_written
    assert same_rows(systems)


@pytest.mark.usefixtures("transactional_db")
def test_a_table_that_is_replaced_stays_as_it_was(systems: tuple[str, str], small_disk: Path) -> None:
    fill(systems[0], 1_000)
    with at(systems[1]) as target:
        target.execute(f"{EVENTS} TABLESPACE {space_of(systems)}")
        target.execute(f"ALTER DATABASE {systems[1]} SET default_tablespace = {space_of(systems)}")
    flow = make_flow(systems, mode="replace")
    assert run(flow).state == State.COMPLETED
    with at(systems[0]) as source:
        source.execute(f"INSERT INTO events SELECT n, 'new ' || n, n, now() FROM generate_series(1001, {ROWS}) AS n")

    job = run(flow)
    assert (job.state, job.error_code) == (State.FAILED, "storage_full")
    assert whole(systems[1]) == (1_000, 1_000)

    grow(small_disk)
    assert run(flow).state == State.COMPLETED
    assert same_rows(systems)


def test_logs_that_cannot_be_written_kill_no_run(machine: Machine, systems: tuple[str, str]) -> None:
    """Whatever the processes say meets a full disk; what is refused is told all the same."""
    fill(systems[0], 10_000)
    with at(systems[1]) as target:
        target.execute(EVENTS.replace("PRIMARY KEY", "PRIMARY KEY CHECK (id <> 77)"))
    for number in range(2):  # in the place of the logs of the dispatcher and of the worker
        (machine.folder / f"{number}.log").symlink_to("/dev/full")
    machine.more["LOG_LEVEL"] = "DEBUG"
    machine.dispatcher()
    worker = machine.worker()
    job = flows.run_flow(flow=make_flow(systems), at=timezone.now())

    assert eventually(lambda: has_ended(job))
    assert (job.state, job.records_written, job.records_failed) == (State.COMPLETED, 9_999, 1)
    assert Job.objects.count() == 1
    assert worker.poll() is None
