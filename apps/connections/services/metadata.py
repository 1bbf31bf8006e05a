"""Looking through all that a connection's system holds, and keeping it: old until the new is whole."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction

from apps.connections import queries
from apps.connections.models import Connection
from apps.connections.services.browsing import check_browsable, check_online, looking
from apps.connections.services.metadata_rows import catalog_row, file_row, schema_row, surveyed_row
from apps.connections.services.metadata_storing import BATCH, Shelf
from apps.connections.services.starting import start
from apps.jobs import queries as job_queries
from apps.jobs import services as jobs
from apps.jobs.models import Job
from engine.looking import Browses, Surveyed, Surveys
from engine.surveying import surveyed

KIND = "metadata_refresh"
COLUMNS = 20_000
"""So many columns, some 3 MB, or BATCH tables are put down at a time."""


def start_refresh(*, connection: Connection, at: datetime) -> Job:
    """The job that looks through the connection's system: the one that is at it or waits already, else a new one.

    Raises Invalid for what cannot be browsed, Conflict while the connection is offline, NotFound.
    """
    check_browsable(connection)
    check_online(connection)
    with transaction.atomic():
        queries.connection_for_update(connection.id)  # of two callers the second one finds the first one's job
        return job_queries.underway(kind=KIND, subject_id=connection.id) or start(
            kind=KIND,
            connection=connection,
            at=at,
        )


def run(work: jobs.Work) -> None:
    """The runner of KIND: answers {"catalogs", "schemas", "tables"}, how many of each there are."""
    shelf = Shelf(work)
    shelf.begin()
    connection = queries.connection(work.job.subject_id)
    # what the survey itself may take is bounded by the job's time alone
    with work.long_statement(), looking(work, connection, purpose="metadata") as driver:
        _survey(work, driver, shelf)
    work.answer(shelf.make_current())


def _survey(work: jobs.Work, driver: Browses, shelf: Shelf) -> None:
    system = surveyed(driver)
    worded = surveyed_row if isinstance(driver, Surveys) else file_row
    shelf.put_catalogs([catalog_row(catalog) for catalog in system.survey_catalogs()])
    shelf.put_schemas([schema_row(schema) for schema in system.survey_schemas()])
    for tables in _batches(system.survey()):
        work.stop.raise_if_shown(may_hand_back=True)
        shelf.put_tables([worded(table) for table in tables])


def _batches(tables: Iterable[Surveyed]) -> Iterator[list[Surveyed]]:
    batch: list[Surveyed] = []
    columns = 0
    for table in tables:
        batch.append(table)
        columns += len(table.columns)
        if len(batch) >= BATCH or columns >= COLUMNS:
            yield batch
            batch, columns = [], 0
    if batch:
        yield batch
