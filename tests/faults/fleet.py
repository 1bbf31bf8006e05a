"""Three tables of a database that land in a collection: what they hold, how they change, and what must be there."""

from collections import Counter
from collections.abc import Callable, Iterator

import psycopg
from django.utils import timezone

from apps.accounts.models import Organization
from apps.connectors import services as connectors
from apps.connectors.models import Connector
from apps.jobs.models import Job
from apps.sources import services as sources
from apps.sources.models import Record, Stream, StreamRun
from tests.faults.machine import Machine
from tests.faults.scenario import SERVER
from tests.faults.scenario import at as at_database

ROWS = 20_000
TABLES = """
CREATE TABLE keyed (id bigint PRIMARY KEY, name text);
CREATE TABLE followed (id bigint PRIMARY KEY, name text, changed bigint NOT NULL);
CREATE TABLE keyless (name text);
"""
FILL = """
INSERT INTO keyed SELECT n, 'walrus ' || n FROM generate_series(1, {rows}) n;
INSERT INTO followed SELECT n, 'walrus ' || n, n FROM generate_series(1, {rows}) n;
INSERT INTO keyless SELECT 'walrus ' || n / 4 FROM generate_series(1, {rows}) n;
"""
CHANGE = """
UPDATE keyed SET name = 'orca ' || id WHERE id % 10 = 0;
UPDATE followed SET name = 'orca ' || id, changed = {rows} + id WHERE id % 10 = 0;
DELETE FROM keyed WHERE id % 10 = 1;
DELETE FROM followed WHERE id % 10 = 1;
DELETE FROM keyless WHERE ctid IN (SELECT ctid FROM keyless ORDER BY ctid LIMIT {tenth});
INSERT INTO keyed SELECT n, 'seal' FROM generate_series({rows} + 1, {rows} + {tenth}) n;
INSERT INTO followed SELECT n, 'seal', 3 * {rows} FROM generate_series({rows} + 1, {rows} + {tenth}) n;
INSERT INTO keyless SELECT 'seal' FROM generate_series(1, {tenth});
"""
FIRST = {"inserted": ROWS, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}
TENTH = ROWS // 10
LATER = {
    "keyed": {"inserted": TENTH, "updated": TENTH, "deleted": TENTH, "kept": ROWS - 2 * TENTH, "failed": 0},
    "followed": {"inserted": TENTH, "updated": TENTH, "deleted": TENTH, "kept": 0, "failed": 0},
    "keyless": {"inserted": TENTH, "updated": 0, "deleted": TENTH, "kept": ROWS - TENTH, "failed": 0},
}
COUNTS = tuple(FIRST)


class Fleet:
    """Three tables of one database, each of another kind, and a collection that they land in."""

    def __init__(self, machine: Machine, database: str, *, address: str = SERVER) -> None:
        self.machine, self.database = machine, database
        with at_database(database) as system:
            system.execute(TABLES)
            system.execute(FILL.format(rows=ROWS).encode())
        connectors.load_catalogue()
        organization = Organization.objects.create(name="Faults", allowed_networks=["127.0.0.0/8"])
        self.collection = sources.create_collection(organization_id=organization.id, project_id=None, name="Fleet")
        server = psycopg.conninfo.conninfo_to_dict(address)
        self.source = sources.create(
            collection=self.collection,
            connector=Connector.objects.get(name="postgresql"),
            name="Fleet",
            credentials={
                "host": str(server["host"]),
                "port": int(server.get("port", 5432)),
                "database": database,
                "user": str(server["user"]),
                "password": str(server.get("password", "unused")),
            },
            config={"cursorField": {"public.followed": "changed"}},
        )

    def change(self) -> None:
        with at_database(self.database) as system:
            system.execute(CHANGE.format(rows=ROWS, tenth=TENTH).encode())

    def start(self) -> Job:
        return sources.start_sync(source_connection=self.source, at=timezone.now())

    def untouched(self) -> set[int]:
        """Records of rows that no change touches, but for those of `keyless`, which look alike."""
        rows = Record.objects.filter(stream__name__in=["keyed", "followed"]).exclude(data__name="seal")
        return {row.id for row in rows if int(row.key) % 10 > 1 and row.generation == 1}

    def wrong(self, job: Job, counts: Callable[[str], dict[str, int]]) -> list[str]:
        """What is not as it should be when the job has ended, in words."""
        found = [] if job.state == "completed" else [f"{job.state}: {job.error_code} {job.error_message}"]
        with at_database(self.database) as system:
            for stream in Stream.objects.filter(source_connection=self.source):
                rows = Counter(system.execute(f"SELECT * FROM {stream.name}").fetchall())
                records = list(Record.objects.filter(stream=stream))
                held = Counter(tuple(record.data.values()) for record in _in_order(records, stream))
                if held != rows:
                    found.append(f"{stream.name}: {(held - rows).total()} too many, {(rows - held).total()} missing")
                if stream.record_count != rows.total():
                    found.append(f"{stream.name}: {stream.record_count} counted of {rows.total()}")
                run = StreamRun.objects.get(job=job, stream=stream)
                told = {name: getattr(run, name) for name in COUNTS}
                if told != counts(stream.name):
                    found.append(f"{stream.name}: {told}")
        return found


def _in_order(records: list[Record], stream: Stream) -> Iterator[Record]:
    """With their columns in the order of the table, which JSON does not keep."""
    names = [column["name"] for column in stream.columns]
    for record in records:
        record.data = {name: record.data[name] for name in names}
        yield record
