"""What the benchmarks run on: Crossdock's own processes, and two databases of a PostgreSQL that is theirs alone."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Organization
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import services as connectors
from apps.connectors.models import Connector
from apps.flows import services as flows
from apps.flows.models import Flow
from apps.jobs.models import ENDED, Job
from config.embedded import programs, start_demo
from config.embedded.cluster import here
from tests.benchmarks.meter import Cost, Family, metered, pipeline
from tests.faults.machine import Machine, eventually

SOURCE, TARGET = "bench_source", "bench_target"
LONGEST_RUN = 300
"""Seconds."""


class MissingError(Exception):
    """What a benchmark needs is not on this machine."""


class RunError(Exception):
    """A job, or something around it, did not do what is measured."""


class Rig:
    """One organisation with its connections and a dispatcher; a worker must be hired. `rows`: of a large table."""

    def __init__(self, machine: Machine, *, rows: int, rounds: int) -> None:
        self.machine = machine
        self.rows = rows
        self.rounds = rounds
        self.server = start_demo()
        self.database_server = _server("demo")
        self.control_server = _server("control")
        for name in (SOURCE, TARGET):
            self.execute("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
        connectors.load_catalogue()
        self.organization = Organization.objects.create(name="Benchmarks", allowed_networks=["127.0.0.0/8"])
        self.source, self.target = (self.connection("postgresql", self.login(name)) for name in (SOURCE, TARGET))
        self.execute(SOURCE, "CREATE TABLE nothing (id bigint PRIMARY KEY)")
        self.files = machine.folder / "files" / self.organization.uid
        self.files.mkdir(parents=True)
        self.folder = self.connection("folder", {"path": ""})
        self.dispatcher = Family(machine.dispatcher().pid)
        self._process: subprocess.Popen[bytes] | None = None

    def hire_worker(self) -> None:
        """A new one in the place of the last, so that nobody has the memory of what that one did. Two of its processes
        run flows."""
        self.dismiss_worker()
        self._process = self.machine.worker()
        self.run(self.flow("nothing", mode="append"))  # when it has ended, all of the pool is there
        self.worker = Family(self._process.pid)
        self.fresh = min(self.worker.resident().values())

    def dismiss_worker(self) -> None:
        if self._process is not None:
            self.machine.kill(self._process)

    def execute(self, database: str, *statements: str) -> None:
        with self.connect(database) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def connect(self, database: str) -> psycopg.Connection[Any]:
        server = self.server
        return psycopg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            dbname=database,
            autocommit=True,
        )

    def login(self, database: str) -> dict[str, Any]:
        server = self.server
        return {
            "host": server.host,
            "port": server.port,
            "database": database,
            "user": server.user,
            "password": server.password,
        }

    def connection(self, connector: str, values: dict[str, Any]) -> Connection:
        return connections.create(
            organization_id=self.organization.id,
            project_id=None,
            connector=Connector.objects.get(name=connector),
            name=f"{connector} {values.get('database', '')}",
            values=values,
        )

    def flow(self, table: str, **fields: Any) -> Flow:
        """From a table of the source to the one of the same name, unless `source`, `target` (Connections), `to` (a
        target) and `export` (more fields) say otherwise; the rest are fields of the import."""
        source, target = fields.pop("source", self.source), fields.pop("target", self.target)
        owner = {"organization_id": self.organization.id, "project_id": None}
        values = {"name": table, "connection": source, "source": {"table": table}, **fields.pop("export", {})}
        export = flows.create_export(**owner, values=values)
        values = {"name": table, "connection": target, "target": fields.pop("to", {"table": table}), **fields}
        import_ = flows.create_import(**owner, values=values)
        steps = {"generators": [{"export": export}], "processors": [{"destination": import_}]}
        return flows.create_flow(**owner, values={"name": table, **steps}, at=timezone.now())

    def carry(self, flow: Flow, rows: int) -> Cost:
        """What one run of the flow costs, which has to move so many rows."""
        with metered(self.worker, self.database_server, fresh=self.fresh) as spent:
            job = self.run(flow)
        if (job.records_read, job.records_written) != (rows, rows):
            raise RunError(f"{flow.name}: {job.records_written} of {rows} rows arrived. {job.record_errors.first()}")
        assert job.ended_at is not None
        wall = (job.ended_at - job.created_at).total_seconds()
        lane = job.steps.filter(role="import").values_list("lane", flat=True)[0]
        return Cost(wall, spent.client, spent.server, spent.memory, lane)

    def run(self, flow: Flow) -> Job:
        job = flows.run_flow(flow=flow, at=timezone.now())
        self.wait_for(job)
        return job

    def wait_for(self, job: Job) -> None:
        """Until it has completed. Raises RunError when it does not."""

        def has_ended() -> bool:
            job.refresh_from_db()
            return job.state in ENDED

        if not eventually(has_ended, LONGEST_RUN) or job.state != "completed":
            told = f"{job.kind}: {job.state} {job.error_code} {job.error_message}"
            raise RunError(f"{told}\n{self.machine.logs()}")

    def psql(self, *steps: tuple[str, tuple[str, ...]]) -> Cost:
        """psql beside psql, the output of each the input of the next; a step is a database and its statements."""
        program = str(programs.postgres("psql"))
        options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
        commands = [
            [program, *options, f"--dbname={name}", *(f"--command={text}" for text in texts)] for name, texts in steps
        ]
        server = self.server
        login = {"PGHOST": server.host, "PGPORT": str(server.port), "PGUSER": server.user}
        return pipeline(commands, {**os.environ, **login, "PGPASSWORD": server.password}, self.database_server)


def _server(name: str) -> Family:
    """The embedded PostgreSQL of that name, with all its processes."""
    postmaster = here(name).served / "postgres" / "postmaster.pid"
    return Family(int(postmaster.read_text().split()[0]))


@contextmanager
def standing(*, rows: int, rounds: int) -> Iterator[Rig]:
    """A rig over the present control database; everything that it started is stopped at the end."""
    with TemporaryDirectory(prefix="cd-") as folder:  # a socket's path must be short
        lease, roots = str(settings.JOB_LEASE_SECONDS), str(Path(folder, "files"))
        # what makes vectors would share the processors with what is measured
        machine = Machine(Path(folder), JOB_LEASE_SECONDS=lease, FILE_ROOTS=roots, EMBEDDER="none")
        machine.broker.start()
        try:
            rig = Rig(machine, rows=rows, rounds=rounds)
            yield rig
        finally:
            machine.close()
        for name in (SOURCE, TARGET):
            rig.execute("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
