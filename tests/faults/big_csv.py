"""A CSV file of gigabytes into PostgreSQL by a real worker: how long it takes, and how far the worker's memory grows.

    .venv/bin/python -m tests.faults.big_csv 5 /var/tmp      5 GB, made and removed in a folder of /var/tmp

The table goes to the server of TEST_POSTGRES_URL, and is removed as well.
"""

import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.own_database import own_database

if TYPE_CHECKING:
    from apps.jobs.models import Job
    from tests.faults.file_scenario import Office

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

GB = 1_000_000_000
MB = 1_000_000
ROWS_A_BLOCK = 10_000
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
TABLE = """
CREATE TABLE events (id bigint, name text, uid text, amount numeric(12,2), at timestamptz, kind varchar(10),
  note text, open boolean)
"""
LONGEST_RUN = 3_600


def main() -> None:
    size, parent = int(float(sys.argv[1]) * GB), Path(sys.argv[2])
    if shutil.disk_usage(parent).free < 4 * size:
        sys.exit("The file, its table and the server's log of changes need four times as much room as the file.")
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment()
    with TemporaryDirectory(dir=parent) as root, own_database():
        from tests.faults.file_scenario import Office

        office = Office(Path(root))
        rows = make(office.folder / "events.csv", size)
        carry(office, rows, size)


def make(file: Path, size: int) -> int:
    """How many rows the file has."""
    rows = 0
    with file.open("w") as sink:
        sink.write("id,name,uid,amount,at,kind,note,open\n")
        while sink.tell() < size:
            numbers = range(rows, rows + ROWS_A_BLOCK)
            at = BEGIN + timedelta(seconds=rows)
            sink.writelines(
                f"{n},event {n},{n * 2654435761 % 2**32:08x}-{n:08x},{n % 10**8}.{n % 100:02},{at},kind {n % 9},"
                f'"a note, and ""more"" of it {n}",{"true" if n % 3 else "false"}\n'
                for n in numbers
            )
            rows += ROWS_A_BLOCK
    return rows


def carry(office: "Office", rows: int, size: int) -> None:
    from django.utils import timezone

    from apps.flows import services as flows
    from tests.faults.conftest import running
    from tests.faults.file_scenario import FOLDER
    from tests.faults.machine import eventually
    from tests.faults.runs import has_ended
    from tests.faults.scenario import at

    name = "cd_big_csv"
    with at("postgres") as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        server.execute(f"CREATE DATABASE {name}".encode())
    try:
        with at(name) as target, running(FILE_ROOTS=str(office.folder.parent), JOB_LEASE_SECONDS="30") as machine:
            target.execute(TABLE)
            flow = office.flow(office.reads_file(FOLDER, "events.csv"), office.writes_table(name, mappings=[]))
            machine.dispatcher()
            worker = machine.worker()
            job = flows.run_flow(flow=flow, at=timezone.now())
            eventually(lambda: bool(machine.pool(worker)))
            before = most = machine.memory(worker)

            def is_over() -> bool:
                nonlocal most
                most = max(most, machine.memory(worker))
                return has_ended(job)

            eventually(is_over, LONGEST_RUN)
            tell(job, size, most - before)
            found = target.execute("SELECT count(*), sum(id) FROM events").fetchone()
            assert found == (rows, rows * (rows - 1) // 2), found
    finally:
        with at("postgres") as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def tell(job: "Job", size: int, grown: int) -> None:
    assert job.state == "completed", (job.state, job.error_code, job.error_message)
    assert job.started_at is not None
    assert job.ended_at is not None
    seconds = (job.ended_at - job.started_at).total_seconds()
    lane = job.steps.filter(role="import").values_list("lane", flat=True)[0]
    pace = f"{size / MB / seconds:.1f} MB/s, {job.records_written / seconds:,.0f} rows/s"
    print(  # noqa: T201
        f"{size / GB:g} GB, {job.records_written:,} rows, {lane} lane: {seconds:.1f} s, {pace}; "
        f"memory grew by {grown / MB:.0f} MB"
    )


if __name__ == "__main__":
    main()
