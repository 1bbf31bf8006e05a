"""Looking at one level of what a connection's system holds, live, in the words of what is kept of it."""

from dataclasses import asdict
from datetime import datetime

from apps.connections import queries
from apps.connections.models import Connection
from apps.connections.queries import metadata as kept
from apps.connections.queries.metadata import Level, Place
from apps.connections.services.browsing import check_browsable, check_online, looking
from apps.connections.services.metadata_rows import Row, catalog_row, column_rows, file_row, schema_row, surveyed_row
from apps.connections.services.starting import start
from apps.jobs import services as jobs
from apps.jobs.models import Job
from engine.looking import Browses, Surveys
from engine.schema import Table
from engine.surveying import surveyed

KIND = "metadata_look"


def start_look(*, connection: Connection, level: Level, place: Place, at: datetime) -> Job:
    """The job that asks the system itself; its result is {"rows"}, worded as `queries.metadata.rows` words them.

    Raises Invalid for what cannot be browsed, Conflict while the connection is offline.
    """
    check_browsable(connection)
    check_online(connection)
    return start(
        kind=KIND,
        connection=connection,
        params={"level": level, **asdict(place)},
        at=at,
    )


def run(work: jobs.Work) -> None:
    """The runner of KIND."""
    connection = queries.connection(work.job.subject_id)
    params = dict(work.params)
    level, place = Level(params.pop("level")), Place(**params)
    with looking(work, connection, purpose="metadata") as driver:
        rows = _rows(driver, level, place)
    work.answer({"rows": rows})


def _rows(driver: Browses, level: Level, place: Place) -> list[Row]:
    system = surveyed(driver)
    if level == Level.CATALOGS:
        return [catalog_row(catalog) for catalog in system.survey_catalogs()]
    catalog = _catalog(system, place)
    if level == Level.SCHEMAS:
        return [schema_row(schema) for schema in system.survey_schemas(catalog)]
    worded = surveyed_row if isinstance(driver, Surveys) else file_row
    if level == Level.TABLES:
        return [_without_columns(worded(table)) for table in system.survey(catalog, place.schema)]
    found = {name: list(map(worded, system.survey(catalog, place.schema, name))) for name in place.tables}
    return [_looked_into(driver, row) for row in kept.one_each(found)]


def _catalog(system: Surveys, place: Place) -> str:
    """The one to look at. What the system has is asked for only where it matters."""
    if place.catalog or place.schema or not place.own:
        return place.catalog
    return kept.narrowed(place, [each.name for each in system.survey_catalogs()])


def _without_columns(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "columns"}


def _looked_into(driver: Browses, row: Row) -> Row:
    """With its columns also where the survey of its system has none."""
    if row["columns"] is not None:
        return row
    stream = driver.describe(Table(row["name"], row["schema"], row["catalog"]))
    return row | {"columns": column_rows(stream.columns, stream.key)}
