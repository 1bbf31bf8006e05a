"""Files from a web server into PostgreSQL."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.flows.models import Flow
from config import loopback
from tests.benchmarks import files, tables
from tests.benchmarks.contest import Marks, Result
from tests.benchmarks.rig import SOURCE, TARGET, MissingError, Rig
from tests.benchmarks.web import free_port
from tests.faults.machine import eventually

MARKS = Marks(client=20)
SHARE = 5


def csv(rig: Rig) -> Result:
    file = files.csv_file(rig, "orders.csv")
    if shutil.which("curl") is None:
        raise MissingError("There is no curl.")
    with served(rig) as url:
        limit = (TARGET, (f"\\copy orders FROM PROGRAM 'curl -sSf {url}/{file.name}' (FORMAT csv, HEADER)",))
        return files.append(
            rig,
            "CSV over HTTP → PostgreSQL",
            f"{files.WHOLE_TABLE}; against `psql \\copy … FROM PROGRAM 'curl …'`",
            _flow(rig, url, file.name),
            limit=lambda: rig.psql(limit),
            marks=MARKS,
        )


def json_lines(rig: Rig) -> Result:
    tables.large(rig)
    rows, name = rig.rows // SHARE, "orders.jsonl"
    query = f"SELECT row_to_json(orders) FROM orders WHERE id <= {rows}"
    rig.psql((SOURCE, (f"\\copy ({query}) TO '{rig.files / name}'",)))
    with served(rig) as url:
        return files.append(
            rig,
            "JSON lines over HTTP → PostgreSQL",
            f"{rows:,} records of 12 fields into a table without a key",
            _flow(rig, url, name),
            rows=rows,
            marks=MARKS,
        )


def _flow(rig: Rig, url: str, name: str) -> Flow:
    source = rig.connection("http_files", {"url": url})
    return rig.flow(name, source=source, to={"table": "orders"}, mode="append")


@contextmanager
def served(rig: Rig) -> Iterator[str]:
    """Where a web server, which can send parts, hands out the organisation's files. Raises MissingError."""
    program, port = Path(sys.executable).with_name("rclone"), free_port()
    if not program.exists():
        raise MissingError("There is no rclone in .venv.")
    address = f"{loopback.HOST}:{port}"
    server = rig.machine.start(str(program), "serve", "http", str(rig.files), "--addr", address, "--config", "")
    try:
        if not eventually(lambda: loopback.answers(port, "/")):
            raise MissingError(f"rclone does not serve files.\n{rig.machine.logs()}")
        yield f"http://{address}"
    finally:
        rig.machine.kill(server)
