"""What of a source connection's system could land: asked of the system itself, by an interactive job."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from apps.connections import services as connections
from apps.connections.services.opening import interruptible
from apps.errors import Invalid, NotFound
from apps.jobs.models import Job
from apps.jobs.services import Work
from apps.sources.models import SourceConnection
from apps.sources.queries.activity import source_connection as found
from apps.sources.services.beginning import begin
from apps.sources.services.selecting import present
from engine.contract import Driver, Request
from engine.errors import ConfigError
from engine.looking import Surveys
from engine.schema import Column, Table

KIND = "source_discovery"
MOST_TABLES = 10_000
LOOKED_INTO = 200
"""So many files are looked into for their columns."""
Told = dict[str, Any]


def start_discovery(*, source_connection: SourceConnection, at: datetime) -> Job:
    """The job whose result is {"tables": [{"name", "catalog", "schema", "table", "columns": [{"name", "type",
    "nullable"}] or None, "key", "rows"}], "is_cut"}. Raises Invalid where nothing can be read."""
    return start(KIND, source_connection, {}, at)


def start(kind: str, source: SourceConnection, params: Told, at: datetime) -> Job:
    """A job that asks the source connection's system. Raises Invalid where it has none."""
    if source.connection is None:
        raise Invalid("Records are pushed to this source connection: there is nothing to be read.", code="not_readable")
    return begin(kind=kind, source=source, params=params, at=at)


def run(work: Work) -> None:
    """The runner of KIND."""
    source = found(work.job.subject_id)
    with asking(work, source) as driver:
        tables = list(islice(_tables(driver, source), MOST_TABLES + 1))
    work.answer({"tables": tables[:MOST_TABLES], "is_cut": len(tables) > MOST_TABLES})


@contextmanager
def asking(work: Work, source: SourceConnection) -> Iterator[Driver]:
    """The driver of its system, interrupted when the job is to stop. Raises NotFound where it has none any more."""
    if source.connection is None:
        raise NotFound("The source connection has nothing to be read.")
    with connections.opened(source.connection, purpose="discovery") as driver, interruptible(driver, work):
        yield driver


def _tables(driver: Driver, source: SourceConnection) -> Iterator[Told]:
    assert source.connection is not None
    connector = source.connection.connector
    listed = present(driver, connector, {"format": source.config.get("format", {})})
    if isinstance(driver, Surveys):
        yield from _surveyed(
            driver, {(table.schema, table.name): _told(label, table) for label, table in listed.items()}
        )
        return
    for number, (label, table) in enumerate(sorted(listed.items())):
        yield _told(label, table) | (_looked_into(driver, table, source) if number < LOOKED_INTO else {})


def _surveyed(driver: Surveys, listed: dict[tuple[str, str], Told]) -> Iterator[Told]:
    """All in few queries, however many there are. A system with one schema may list its tables without it."""
    for each in driver.survey():
        name = each.table.name
        if told := listed.get((each.table.schema, name)) or listed.get(("", name)):
            columns = [_column(column) for column in each.columns]
            yield told | {"columns": columns, "key": list(each.primary_key), "rows": each.rows}


def _looked_into(driver: Driver, table: Table, source: SourceConnection) -> Told:
    try:
        reading = driver.read(Request(table, format=source.config.get("format", {})))
    except ConfigError:
        return {}  # one that cannot be read is listed without its columns
    try:
        stream = reading.stream
    finally:
        reading.close()
    return {"columns": [_column(column) for column in stream.columns], "key": list(stream.key), "rows": stream.rows}


def _told(label: str, table: Table) -> Told:
    place = {"catalog": table.catalog, "schema": table.schema, "table": table.name}
    return {"name": label, **place, "columns": None, "key": [], "rows": None}


def _column(column: Column) -> Told:
    return {"name": column.name, "type": column.type.kind, "nullable": column.nullable}
