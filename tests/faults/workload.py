"""What runs while faults strike: flows of every mode along every lane, and what their destinations must hold then."""

import random
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import Organization
from apps.connections.models import Connection
from apps.connectors import services as connectors
from apps.flows import services as flows
from apps.flows.models import Flow
from apps.jobs.models import Job, Schedule, State
from tests.faults.scenario import BY_ROWS, make_connection

FEW, MANY = 20_000, 120_000
ROWS = {"few": FEW, "changing": FEW, "many": MANY}
PAGE = 250
COLUMNS = "id bigint, v text, updated_at timestamptz"
SOURCES = f"""
CREATE TABLE few ({COLUMNS}, PRIMARY KEY (id));
CREATE TABLE changing ({COLUMNS}, PRIMARY KEY (id));
CREATE TABLE growing ({COLUMNS}, PRIMARY KEY (id));
CREATE TABLE many ({COLUMNS}, PRIMARY KEY (id)) WITH (autovacuum_enabled = off);
INSERT INTO few SELECT n, 'row ' || n, now() FROM generate_series(1, {FEW}) n;
INSERT INTO changing SELECT * FROM few;
INSERT INTO growing SELECT * FROM few WHERE id <= 1000;
INSERT INTO many SELECT n, 'row ' || n, now() FROM generate_series(1, {MANY}) n;
ANALYZE few, changing, growing;
"""
# `many` has no statistics, so that its ranges are the smallest: three of them
DESTINATION = f"""
CREATE SEQUENCE "sent {{name}}";
CREATE TABLE "{{name}}" ({COLUMNS});
CREATE FUNCTION "pause {{name}}"() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_sleep({{seconds}}); RETURN NULL; END $$;
CREATE TRIGGER pause AFTER INSERT ON "{{name}}" FOR EACH STATEMENT EXECUTE FUNCTION "pause {{name}}"();
CREATE FUNCTION "count {{name}}"() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM nextval('"sent {{name}}"'); RETURN NEW; END $$;
CREATE TRIGGER count BEFORE INSERT ON "{{name}}" FOR EACH ROW EXECUTE FUNCTION "count {{name}}"();
"""
"""A sequence is not rolled back, so it also counts the rows that had to be sent again."""

CAST = [
    {"generate": "id", "extract": "$.id"},
    {"generate": "v", "extract": "$.v", "cast": "varchar(100)"},
    {"generate": "updated_at", "extract": "$.updated_at"},
]
"""A mapping that changes no value, and for which every value is looked at: so the arrow lane is taken."""


@dataclass(frozen=True)
class Pipeline:
    """A flow from `source` to a table named as the pipeline. `pause`: seconds that each page or range takes there, so
    that a run lasts a second or two and a fault comes in between; the table is then made beforehand."""

    name: str
    source: str
    mode: str
    lane: str
    pause: float = 0
    is_delta: bool = False


PIPELINES = (
    Pipeline("append rows", "few", "append", "rows", pause=0.01),
    Pipeline("append columns", "many", "append", "arrow", pause=0.4),
    Pipeline("append bytes", "many", "append", "bytes", pause=0.4),
    Pipeline("append what is new", "growing", "append", "rows", pause=0.05, is_delta=True),
    Pipeline("upsert rows", "changing", "upsert", "rows", pause=0.01),
    Pipeline("upsert bytes", "changing", "upsert", "bytes", pause=0.5),
    Pipeline("replace by rows", "few", "replace", "rows"),
    Pipeline("replace by bytes", "many", "replace", "bytes"),
)


class Workload:
    def __init__(self, address: str) -> None:
        """`address`: of the server that plays both systems, in libpq's words."""
        self.address = address
        self.flows: dict[str, Flow] = {}
        self.started: set[int] = set()
        """Jobs that somebody was told of: none of them may be missing."""

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.address, autocommit=True)

    def prepare(self) -> None:
        with self.connect() as server:
            server.execute(SOURCES.encode())
            for pipeline in PIPELINES:
                if pipeline.pause:
                    server.execute(DESTINATION.format(name=pipeline.name, seconds=pipeline.pause).encode())
                if pipeline.mode == "upsert":
                    server.execute(f'ALTER TABLE "{pipeline.name}" ADD PRIMARY KEY (id)'.encode())
        connectors.load_catalogue()
        organization = Organization.objects.create(name="Chaos", allowed_networks=["127.0.0.0/8"])
        connection = make_connection(organization, "postgres", address=self.address)
        self.flows = {pipeline.name: _flow(pipeline, connection) for pipeline in PIPELINES}

    def start(self, name: str) -> None:
        flow = self.flows[name]
        self.started.add(flows.run_flow(flow=flow, at=timezone.now()).id)

    def let_schedules_fall_due(self) -> None:
        """All of them at one moment, which is the slot of each."""
        Schedule.objects.update(next_at=Now())

    def change_sources(self, choice: random.Random) -> None:
        """New rows in one table, new values in the other; a transaction each."""
        with self.connect() as server:
            server.execute(
                "INSERT INTO growing SELECT last + n, 'row ' || last + n, now()"
                " FROM (SELECT max(id) AS last FROM growing), generate_series(1, 300) n"
            )
            server.execute(
                "UPDATE changing SET v = %s, updated_at = now() WHERE id %% 10 = %s",
                [f"changed {choice.random()}", choice.randrange(10)],
            )


def _flow(pipeline: Pipeline, connection: Connection) -> Flow:
    owner = {"organization_id": connection.organization_id, "project_id": None}
    source: dict[str, Any] = {"source": {"table": pipeline.source}, "page_size": PAGE}
    if pipeline.is_delta:
        source |= {"type": "delta", "cursor": {"column": "updated_at"}}
    export = flows.create_export(**owner, values={"name": pipeline.name, "connection": connection, **source})
    target: dict[str, Any] = {"target": {"table": pipeline.name}, "mode": pipeline.mode}
    if pipeline.mode == "upsert":
        target["key"] = ["id"]
    if pipeline.lane == "rows":
        target["filter"] = BY_ROWS
    if pipeline.lane == "arrow":
        target["mapping"] = CAST
    import_ = flows.create_import(**owner, values={"name": pipeline.name, "connection": connection, **target})
    steps = {"generators": [{"export": export}], "processors": [{"destination": import_}]}
    values = {"name": pipeline.name, "is_enabled": True, "schedule": {"interval": 60}, **steps}
    return flows.create_flow(**owner, values=values, at=timezone.now())


@dataclass
class Tally:
    """Rows of one destination, or of all."""

    written: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    """Present once, with other values than the source has."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.written + other.written,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.wrong + other.wrong,
        )

    @property
    def is_whole(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


COMPARE = """
WITH held AS (SELECT id, count(*) AS times FROM "{name}" GROUP BY id),
     wanted AS (SELECT id, %(times)s::bigint AS times FROM "{source}")
SELECT coalesce(sum(held.times), 0), coalesce(sum(greatest(wanted.times - coalesce(held.times, 0), 0)), 0),
       coalesce(sum(greatest(coalesce(held.times, 0) - coalesce(wanted.times, 0), 0)), 0),
       (SELECT count(*) FROM "{name}" AS one JOIN "{source}" AS other USING (id)
         WHERE (one.v, one.updated_at) IS DISTINCT FROM (other.v, other.updated_at))
  FROM held FULL JOIN wanted USING (id)
"""


def tally(workload: Workload, pipeline: Pipeline) -> Tally:
    """The destination against the source: an append holds each row as often as a run was completed, the others once."""
    times = 1
    if pipeline.mode == "append" and not pipeline.is_delta:
        times = Job.objects.filter(subject_id=workload.flows[pipeline.name].id, state=State.COMPLETED).count()
    with workload.connect() as server:
        statement = COMPARE.format(name=pipeline.name, source=pipeline.source)
        row = server.execute(statement.encode(), {"times": times}).fetchone()
    assert row is not None
    return Tally(*map(int, row))


def sent_again(workload: Workload, pipeline: Pipeline) -> int:
    """Rows that came to the destination and were rolled back there, to come again."""
    with workload.connect() as server:
        statement = f"""SELECT last_value - (SELECT count(*) FROM "{pipeline.name}") FROM "sent {pipeline.name}" """
        row = server.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])
