"""A shop and a warehouse, each a database file, and flows between them, made as users make them."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import Organization
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors.models import Connector
from apps.flows import services as flows
from apps.flows.models import Export, Flow, Import
from apps.flows.services import running
from apps.jobs import services as jobs
from apps.jobs.models import Job
from tests.apps.jobs.conftest import expire_lease

AT = datetime(2024, 2, 29, 12, tzinfo=UTC)


class House:
    def __init__(self, organization: Organization, root: Path) -> None:
        self.organization = organization
        self.folder = root / organization.uid
        self.folder.mkdir(parents=True)
        self.owner = {"organization_id": organization.id, "project_id": None}
        self.shop, self.warehouse = self.connect("shop"), self.connect("warehouse")
        self.execute("shop", "CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, changed INTEGER, photo BLOB)")
        self.execute("warehouse", "CREATE TABLE copies (id INTEGER PRIMARY KEY, name TEXT NOT NULL, changed INTEGER)")
        self.add(1, 2, 3)

    def connect(self, name: str, *, connector: str = "sqlite", **values: Any) -> Connection:
        found = Connector.objects.get(name=connector)
        return connections.create(**self.owner, connector=found, name=name, values=values or {"path": f"{name}.db"})

    def add(self, *numbers: int, **values: Any) -> None:
        for number in numbers:
            row = {"id": number, "name": f"order {number}", "changed": number, "photo": b"\x00\xff", **values}
            self.execute("shop", f"INSERT INTO orders VALUES ({', '.join('?' * len(row))})", list(row.values()))

    def execute(self, name: str, statement: str, values: Sequence[Any] = ()) -> None:
        with closing(sqlite3.connect(self.folder / f"{name}.db", isolation_level=None)) as database:
            database.execute(statement, values)

    def rows(self, columns: str = "id", table: str = "copies") -> list[Any]:
        with closing(sqlite3.connect(self.folder / "warehouse.db")) as database:
            found = database.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()
        return [row[0] if len(row) == 1 else row for row in found]

    def export(self, **values: Any) -> Export:
        values = {"name": "Orders", "connection": self.shop, "source": {"table": "orders"}, **values}
        values.setdefault("columns", ["id", "name", "changed"])
        return flows.create_export(**self.owner, values=values)

    def import_(self, **values: Any) -> Import:
        values = {"name": "Copies", "connection": self.warehouse, "target": {"table": "copies"}, **values}
        return flows.create_import(**self.owner, values=values)

    def flow(self, export: Export | None = None, *imports: Import, **values: Any) -> Flow:
        values = {"name": "Orders to copies", **values}
        if "generators" not in values:
            values["generators"] = [{"export": export or self.export()}]
        if "processors" not in values:
            values["processors"] = [{"destination": one} for one in imports or (self.import_(),)]
        return flows.create_flow(**self.owner, values=values, at=AT)


def run(job: Job, worker: str = "worker") -> Job:
    """One attempt, and how the job is afterwards."""
    claimed = jobs.claim(job_id=job.id, worker=worker)
    assert claimed is not None
    jobs.run(claimed)
    return Job.objects.get(id=job.id)


def run_flow(flow: Flow, **values: Any) -> Job:
    return run(flows.run_flow(flow=flow, at=AT, **values))


def kill_at_checkpoint(job: Job, number: int) -> None:
    """Runs an attempt that dies at that checkpoint, and lets its lease run out."""
    checkpoints = []

    class Killed(BaseException):
        pass

    claimed = jobs.claim(job_id=job.id, worker="killed")
    assert claimed is not None
    work = jobs.Work(claimed)
    progress = work.progress

    def progress_and_die(*values: Any, **totals: Any) -> None:
        progress(*values, **totals)
        checkpoints.append(1)
        if len(checkpoints) == number:
            raise Killed

    work.progress = progress_and_die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        running.run(work)
    expire_lease(job)
