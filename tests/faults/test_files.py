"""Files under fire: workers that are killed between files and tables, and files that are made to hurt."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from django.utils import timezone
from pyarrow import csv
from pytest_django import Settings

from apps.flows import services as flows
from apps.flows.models import Flow
from tests.engine.drivers.servers import sftp
from tests.faults.conftest import running
from tests.faults.file_scenario import FOLDER, Document, Office, from_csv, over_sftp, to_csv
from tests.faults.machine import Machine, eventually
from tests.faults.runs import has_ended
from tests.faults.scenario import at, fill, same_rows
from tests.faults.test_refusals import rows_of, run

pytestmark = pytest.mark.faults

ROWS = 200_000
MIB = 1024 * 1024
Systems = tuple[str, str]


@pytest.fixture
def office(transactional_db: None, settings: Settings, tmp_path: Path) -> Office:
    settings.FILE_ROOTS = [tmp_path / "files"]
    return Office(tmp_path / "files")


@pytest.fixture
def machine(office: Office) -> Iterator[Machine]:
    """Its workers find the same files."""
    with running(FILE_ROOTS=str(office.folder.parent)) as machine:
        yield machine


@pytest.fixture(params=["folder", "sftp"])
def store(request: pytest.FixtureRequest, office: Office, tmp_path: Path) -> Iterator[tuple[Document, Path]]:
    """A connection's document, and where its files really lie."""
    if request.param == "folder":
        yield FOLDER, office.folder
        return
    with ExitStack() as stack:
        server = stack.enter_context(sftp(tmp_path))
        yield over_sftp(server), server.folder


def finish_after_a_kill(machine: Machine, flow: Flow, has_begun: Callable[[], bool]) -> None:
    """Kills the first worker once the destination has something."""
    job = flows.run_flow(flow=flow, at=timezone.now())
    machine.dispatcher()
    worker = machine.worker()
    assert eventually(lambda: has_begun() or has_ended(job)), machine.logs()
    machine.kill(worker)
    machine.worker()
    assert eventually(lambda: has_ended(job), 120), machine.logs()
    assert (job.state, job.error_message) == ("completed", "")
    assert (job.records_read, job.records_written, job.records_failed) == (ROWS, ROWS, 0)


def has_rows(database: str) -> bool:
    with at(database) as connection:
        found = connection.execute("SELECT to_regclass('events') IS NOT NULL").fetchone() == (True,)
        return found and connection.execute("SELECT EXISTS (SELECT 1 FROM events)").fetchone() == (True,)


def test_a_file_arrives_whole_though_its_worker_was_killed(
    machine: Machine, office: Office, systems: Systems, store: tuple[Document, Path]
) -> None:
    fill(systems[0], ROWS)
    document, folder = store
    to_csv(systems[0], folder / "events.csv")
    flow = office.flow(office.reads_file(document, "events.csv"), office.writes_table(systems[1]))

    finish_after_a_kill(machine, flow, lambda: has_rows(systems[1]))

    assert same_rows(systems)


def test_a_table_becomes_one_file_though_its_worker_was_killed(
    machine: Machine, office: Office, systems: Systems, store: tuple[Document, Path]
) -> None:
    fill(systems[0], ROWS)
    document, folder = store
    name = "events.parquet" if document is FOLDER else "events.csv"
    flow = office.flow(office.reads_table(systems[0]), office.writes_file(document, name))

    finish_after_a_kill(machine, flow, lambda: any(path.stat().st_size for path in folder.iterdir()))

    assert [path.name for path in folder.iterdir()] == [name]
    if name.endswith(".parquet"):
        csv.write_csv(pyarrow.parquet.read_table(folder / name), folder / "events.csv")
    with (folder / "events.csv").open("rb") as content:
        from_csv(systems[1], content)
    assert same_rows(systems)


# Files that are made to hurt: refused with a clear word, and nothing half-written
GOOD = b"id,name,amount,at\n" + b"".join(b"%d,event,1.50,2024-02-29 12:00:00+00:00\n" % n for n in range(20_000))


def a_gzip_bomb(file: Path) -> None:
    with gzip.open(file, "wb", compresslevel=1) as sink:
        sink.write(GOOD)
        for _ in range(100):
            sink.write(b"7,%s,1,2024-01-01\n" % (b"x" * 10_000) * 100)


def a_long_line(file: Path) -> None:
    """Of 1 GB, most of it a hole that takes no room on the disk."""
    with file.open("wb") as sink:
        sink.write(GOOD + b"20001,x")
        sink.truncate(1024 * MIB)


def an_unclosed_quote(file: Path) -> None:
    file.write_bytes(GOOD + b'20001,"unclosed,1.50,2024-02-29 12:00:00+00:00\n' + GOOD[18:] * 3)


HURTING: list[tuple[str, Callable[[Path], None], str]] = [
    ("bomb.csv.gz", a_gzip_bomb, "compression_bomb"),
    ("long.csv", a_long_line, "line_too_long"),
    ("quote.csv", an_unclosed_quote, "unclosed_quote"),
]


@pytest.mark.parametrize(("name", "make", "code"), HURTING, ids=[name for name, *_ in HURTING])
@pytest.mark.parametrize("mode", ["append", "replace"])
def test_refuses_a_file_that_hurts(
    office: Office, systems: Systems, name: str, make: Callable[[Path], None], code: str, mode: str
) -> None:
    fill(systems[1], 10)
    with at(systems[1]) as target:
        target.execute("ALTER TABLE events DROP CONSTRAINT events_pkey")
    before = rows_of(systems[1])
    make(office.folder / name)
    flow = office.flow(office.reads_file(FOLDER, name), office.writes_table(systems[1], mode=mode))

    job = run(flow)

    assert (job.state, job.error_code) == ("failed", code)
    assert name in job.error_message
    kept = len(rows_of(systems[1])) - len(before)
    if mode == "replace":
        assert rows_of(systems[1]) == before
    else:
        assert kept == job.records_written


def test_leaves_the_table_when_the_file_has_no_row(office: Office, systems: Systems) -> None:
    fill(systems[1], 10)
    before = rows_of(systems[1])
    (office.folder / "events.csv").write_bytes(GOOD[:18])
    flow = office.flow(office.reads_file(FOLDER, "events.csv"), office.writes_table(systems[1], mode="replace"))

    job = run(flow)

    assert (job.state, job.error_code) == ("failed", "empty_source")
    assert rows_of(systems[1]) == before


def test_leaves_the_file_when_the_table_has_no_row(office: Office, systems: Systems) -> None:
    fill(systems[0], 3)
    flow = office.flow(office.reads_table(systems[0]), office.writes_file(FOLDER, "events.csv"))
    assert run(flow).state == "completed"
    before: Any = (office.folder / "events.csv").read_bytes()
    with at(systems[0]) as source:
        source.execute("DELETE FROM events")

    job = run(flow)

    assert (job.state, job.error_code) == ("failed", "empty_source")
    assert (office.folder / "events.csv").read_bytes() == before
    assert [path.name for path in office.folder.iterdir()] == ["events.csv"]
