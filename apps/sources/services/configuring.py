"""Changing what a source connection reads: held against what its system has, and stored only if it fits that."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.errors import Invalid, ServiceError
from apps.jobs.models import Job
from apps.jobs.services import Work
from apps.sources.models import SourceConnection, Stream
from apps.sources.queries.activity import source_connection as found
from apps.sources.queries.activity import source_connection_for_update
from apps.sources.services import choosing, streams
from apps.sources.services.config import checked, settings_of
from apps.sources.services.discovering import asking, start
from apps.sources.services.letting_go import let_go
from apps.sources.services.purging import start_purge
from apps.sources.services.scheduling import schedule
from apps.sources.services.selecting import present, selected
from apps.sources.services.starting import check_idle
from engine.contract import Driver, Request
from engine.errors import ConfigError, CredentialsError, EngineError, TransientError
from engine.schema import Stream as Described
from engine.schema import Table

KIND = "source_config"
BY_TABLE = ("columns", "cursorField", "titleColumn", "textColumns")
ANSWERS = (ServiceError, ConfigError, CredentialsError, TransientError)
"""What is wrong with a configuration, or keeps anybody from knowing; all else fails the job."""


def start_config_change(*, source_connection: SourceConnection, config: Mapping[str, Any], at: datetime) -> Job:
    """The job that holds the configuration against what there is and stores it if it fits; its result is {"ok", "code",
    "message", "problems": [{"field", "code", "message"}]}.

    Raises Invalid with every problem of its form, Conflict `sync_in_progress`.
    """
    chosen = checked(config)
    check_idle(source_connection)
    return start(KIND, source_connection, {"config": chosen}, at)


def run(work: Work) -> None:
    """The runner of KIND."""
    source = found(work.job.subject_id)
    try:
        with asking(work, source) as driver:
            picked = _checked(driver, source, work.params["config"])
        _store(source.id, work.params["config"], picked, at=timezone.now())
    except ANSWERS as error:
        work.answer(_refusal(error))
    else:
        work.answer({"ok": True, "code": "", "message": "", "problems": []})


def _checked(driver: Driver, source: SourceConnection, config: dict[str, Any]) -> dict[str, Table]:
    """The tables that it picks. Raises Invalid with every problem."""
    assert source.connection is not None
    connector = source.connection.connector
    there = present(driver, connector, config)
    picked = selected(config, there, is_file_store=connector.is_file_store)
    problems = _unknown_schemas(config, there.values()) + _misnamed(config, picked)
    for label in sorted(_named(config) & set(picked)):
        if problem := _problem(driver, label, picked[label], config):
            problems.append(problem)
    if problems:
        raise Invalid(" ".join(each.message for each in problems), code=problems[0].code, problems=problems)
    return picked


def _named(config: Mapping[str, Any]) -> set[str]:
    """The tables that the configuration says something of by themselves."""
    return {label for name in BY_TABLE if isinstance(config.get(name), Mapping) for label in config[name]}


def _unknown_schemas(config: Mapping[str, Any], tables: Collection[Table]) -> list[Invalid]:
    known = {table.schema for table in tables}
    wanted = [each for each in config.get("schemas", ()) if each not in known]
    lost = [each for each in wanted if not any(schema.startswith(f"{each.strip('/')}/") for schema in known)]
    return [Invalid(f"There is no schema {each!r}.", code="unknown_schema", field="schemas") for each in lost]


def _misnamed(config: Mapping[str, Any], picked: Collection[str]) -> list[Invalid]:
    """Tables that it says something of, and does not pick."""
    return [
        Invalid(f"There is no table {label!r} among those that are read.", code="unknown_table", field=name)
        for name in BY_TABLE
        if isinstance(config.get(name), Mapping)
        for label in config[name]
        if label not in picked
    ]


def _problem(driver: Driver, label: str, table: Table, config: Mapping[str, Any]) -> Invalid | None:
    """What is wrong with what it says of one table."""
    settings = settings_of(config, label)
    try:
        described = _described(driver, table, config)
        choosing.columns(label, described, settings)
        choosing.cursor(label, described, settings, config)
    except ConfigError as error:
        field = next((name for name in BY_TABLE if label in (config.get(name) or ())), "tables")
        return Invalid(error.message, code=error.code, field=field)
    return None


def _described(driver: Driver, table: Table, config: Mapping[str, Any]) -> Described:
    reading = driver.read(Request(table, format=config.get("format", {})))
    try:
        return reading.stream
    finally:
        reading.close()


def _store(source_id: int, config: dict[str, Any], picked: Collection[str], *, at: datetime) -> None:
    """Streams that are not picked any more go with their records; one of which something else is read now is read from
    its beginning, and no other. Raises Conflict `sync_in_progress`, NotFound."""
    with transaction.atomic():
        row = source_connection_for_update(source_id)
        check_idle(row)
        before, row.config = row.config, config
        row.save(update_fields=["config", "updated_at"])
        known = list(row.streams.filter(removed_at=None))
        streams.drop([stream for stream in known if stream.label not in picked], at=at)
        changed = [each.id for each in known if settings_of(before, each.label) != settings_of(config, each.label)]
        Stream.objects.filter(id__in=changed, removed_at=None).update(positions={})
        start_purge(source=row, at=at)
        schedule(row, at=at)
        if not config.get("continuous"):
            let_go(row, at=at)


def _refusal(error: ServiceError | EngineError) -> dict[str, Any]:
    problems = error.problems if isinstance(error, Invalid) else []
    told = [{"field": each.field, "code": each.code, "message": each.message} for each in problems]
    return {"ok": False, "code": error.code, "message": error.message, "problems": told}
