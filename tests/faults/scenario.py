"""A flow from one database of the external PostgreSQL to another, made as users make it."""

from typing import Any

import psycopg
from django.utils import timezone

from apps.accounts.models import Organization
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import services as connectors
from apps.connectors.models import Connector
from apps.flows import services as flows
from apps.flows.models import Flow
from tests.faults.conftest import SERVER

CHECKSUM = "SELECT count(*), count(DISTINCT id), sum(hashtextextended(row(id, name, amount, at)::text, 0)) FROM events"
EVENTS = "CREATE TABLE events (id bigint PRIMARY KEY, name text, amount numeric(12,2), at timestamptz)"
CAST = [
    {"generate": "id", "extract": "$.id"},
    {"generate": "name", "extract": "$.name"},
    {"generate": "amount", "extract": "$.amount", "cast": "numeric(14,2)"},
    {"generate": "at", "extract": "$.at"},
]

BY_ROWS = ["not", ["empty", ["extract", "id"]]]
"""A filter that everything passes and no source judges by itself, so that the rows lane is taken."""


def at(database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(SERVER, dbname=database, autocommit=True)


def fill(database: str, rows: int) -> None:
    with at(database) as source:
        source.execute(EVENTS)
        source.execute(
            "INSERT INTO events SELECT n, 'event ' || n, n * 1.01, now() - n * interval '1 s'"
            f" FROM generate_series(1, {rows}) AS n"
        )
        source.execute("ANALYZE events")


def make_slow_table(database: str) -> None:
    """Table `events`, empty. Behind the 250,000th row each 5,000 take 0.3 seconds: a part is written then."""
    with at(database) as target:
        target.execute(EVENTS)
        target.execute(
            "CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END'"
        )
        target.execute(
            "CREATE TRIGGER rest BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.id > 250000 AND NEW.id % 5000 = 0)"
            " EXECUTE FUNCTION rest()"
        )


def make_flow(systems: tuple[str, str], *, mode: str = "append", page_size: int = 5_000, **fields: Any) -> Flow:
    """From table `events` to table `events`; `fields` go to the import."""
    connectors.load_catalogue()
    organization = Organization.objects.create(name="Faults", allowed_networks=["127.0.0.0/8"])
    source, target = (make_connection(organization, database) for database in systems)
    owner = {"organization_id": organization.id, "project_id": None}
    reads = {"name": "Events", "connection": source, "source": {"table": "events"}, "page_size": page_size}
    export = flows.create_export(**owner, values=reads)
    values = {"name": "Copy", "connection": target, "target": {"table": "events"}, "mode": mode, **fields}
    import_ = flows.create_import(**owner, values=values)
    steps = {"generators": [{"export": export}], "processors": [{"destination": import_}]}
    return flows.create_flow(**owner, values={"name": "Events", **steps}, at=timezone.now())


def make_connection(organization: Organization, database: str, *, address: str = SERVER) -> Connection:
    server = psycopg.conninfo.conninfo_to_dict(address)
    return connections.create(
        organization_id=organization.id,
        project_id=None,
        connector=Connector.objects.get(name="postgresql"),
        name=database,
        values={
            "host": str(server["host"]),
            "port": int(server.get("port", 5432)),
            "database": database,
            "user": str(server["user"]),
            "password": str(server.get("password", "unused")),
        },
    )


def same_rows(systems: tuple[str, str]) -> bool:
    sums = []
    for database in systems:
        with at(database) as connection:
            sums.append(connection.execute(CHECKSUM).fetchone())
    return sums[0] == sums[1]


def count(database: str) -> int:
    with at(database) as target:
        [found] = target.execute("SELECT count(*) FROM events").fetchone() or [0]
    return int(found)


def source_of(flow: Flow) -> Connection:
    return Connection.objects.get(id=flow.steps.get(role="generator").export.connection_id)
