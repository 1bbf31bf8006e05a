"""Looking at what a connection's system holds, live, one level at a time."""

from datetime import datetime
from typing import Any, cast

from django.utils import timezone

from apps.connections import queries
from apps.connections.models import Connection
from apps.connections.services.availability import mark_offline
from apps.connections.services.opening import interruptible, opened
from apps.connectors import queries as connectors
from apps.errors import Invalid
from apps.jobs import services as jobs
from apps.jobs.models import Job
from engine.contract import Browses
from engine.errors import CredentialsError
from engine.schema import Column, Stream, Table

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
    if "browses" not in connectors.capabilities(connection.connector):
        raise Invalid(f"{connection.connector.label} cannot be browsed.", code="cannot_browse")
    return jobs.start(
        kind=KIND,
        subject_id=connection.id,
        subject_uid=connection.uid,
        organization_id=connection.organization_id,
        project_id=connection.project_id,
        labels={"connection": connection.uid},
        params={"catalog": catalog, "schema": schema, "table": table},
        at=at,
    )


def run(work: jobs.Work) -> None:
    """The runner of KIND: answers {"catalogs"}, {"schemas"}, {"tables"} or {"columns"}, each a list."""
    connection = queries.connection(work.job.subject_id)
    try:
        with opened(connection, purpose="browse") as driver, interruptible(driver, work):
            answer = _look(cast("Browses", driver), **work.params)
    except CredentialsError as error:
        mark_offline(connection=connection, reason=error.message, at=timezone.now())
        raise
    work.answer(answer)


def _look(driver: Browses, *, catalog: str | None, schema: str | None, table: str | None) -> dict[str, Any]:
    if table is not None:
        return {"columns": _columns(driver.describe(Table(table, schema or "", catalog or "")))}
    if schema is not None:
        return {"tables": [{"name": found.name} for found in driver.tables(catalog or "", schema)]}
    if catalog is not None:
        return {"schemas": driver.schemas(catalog)}
    return {"catalogs": driver.catalogs()}


def _columns(stream: Stream) -> list[dict[str, Any]]:
    return [_column(column, is_key=column.name in stream.key) for column in stream.columns]


def _column(column: Column, *, is_key: bool) -> dict[str, Any]:
    limits = {"size": column.type.size, "precision": column.type.precision, "scale": column.type.scale}
    return {
        "name": column.name,
        "type": column.type.kind,
        **{name: limit for name, limit in limits.items() if limit is not None},
        "native": column.native,
        "nullable": column.nullable,
        "key": is_key,
        "generated": column.generated,
        "default": column.default,
        "comment": column.comment,
    }
