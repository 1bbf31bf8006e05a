"""Looking at what a connection's system holds, live, one level at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

from django.utils import timezone

from apps.connections import queries
from apps.connections.models import Connection
from apps.connections.services.availability import mark_offline
from apps.connections.services.metadata_rows import column_rows
from apps.connections.services.opening import interruptible, opened
from apps.connections.services.starting import start
from apps.connectors import queries as connectors
from apps.errors import Conflict, Invalid
from apps.jobs import services as jobs
from apps.jobs.models import Job
from engine.errors import CredentialsError
from engine.looking import Browses
from engine.schema import Table

KIND = "connection_browse"


def start_browse(
    *,
    connection: Connection,
    at: datetime,
    catalog: str | None = None,
    schema: str | None = None,
    table: str | None = None,
) -> Job:
    """Lists what lies below the last level that is given, "" being a level of systems that know none.

    Raises Invalid when the connector cannot be browsed.
    """
    check_browsable(connection)
    return start(
        kind=KIND,
        connection=connection,
        params={"catalog": catalog, "schema": schema, "table": table},
        at=at,
    )


def run(work: jobs.Work) -> None:
    """The runner of KIND: answers {"catalogs"}, {"schemas"}, {"tables"} or {"columns"}, each a list."""
    connection = queries.connection(work.job.subject_id)
    with looking(work, connection, purpose="browse") as driver:
        answer = _look(driver, **work.params)
    work.answer(answer)


def check_browsable(connection: Connection) -> None:
    """Raises Invalid when the connector cannot be browsed."""
    if "browses" not in connectors.capabilities(connection.connector):
        raise Invalid(f"{connection.connector.label} cannot be browsed.", code="cannot_browse")


def check_online(connection: Connection) -> None:
    """Raises Conflict while nothing runs over the connection."""
    if connection.is_offline:
        raise Conflict(f"The connection is offline: {connection.offline_reason}", code="connection_offline")


@contextmanager
def looking(work: jobs.Work, connection: Connection, *, purpose: str) -> Iterator[Browses]:
    """The driver of a browsable connection, interrupted when the job is to stop. A refused sign-in takes the connection
    offline."""
    try:
        with opened(connection, purpose=purpose) as driver, interruptible(driver, work):
            yield cast("Browses", driver)
    except CredentialsError as error:
        mark_offline(connection=connection, reason=error.message, code=error.code, at=timezone.now())
        raise


def _look(driver: Browses, *, catalog: str | None, schema: str | None, table: str | None) -> dict[str, Any]:
    if table is not None:
        stream = driver.describe(Table(table, schema or "", catalog or ""))
        return {"columns": column_rows(stream.columns, stream.key)}
    if schema is not None:
        return {"tables": [{"name": found.name} for found in driver.tables(catalog or "", schema)]}
    if catalog is not None:
        return {"schemas": driver.schemas(catalog)}
    return {"catalogs": driver.catalogs()}
