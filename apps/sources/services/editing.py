"""Making and removing source connections, and clearing what they landed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors.models import Connector
from apps.errors import Invalid
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.sources.models import Collection, SourceConnection
from apps.sources.queries.activity import SYNC, source_connection_for_update
from apps.sources.services import streams
from apps.sources.services.config import checked
from apps.sources.services.letting_go import let_go
from apps.sources.services.purging import start_purge
from apps.sources.services.scheduling import schedule
from apps.sources.services.starting import check_idle

LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Removed:
    """How many records went, and how many stay to be found."""

    deleted: int
    retained: int


def create(
    *,
    collection: Collection,
    connector: Connector,
    name: str,
    credentials: Mapping[str, Any],
    config: Mapping[str, Any] | None = None,
    owner_id: int | None = None,
    at: datetime | None = None,
) -> SourceConnection:
    """With a connection of its own, which every other dialect sees too. Nothing is asked of the system.

    Raises Invalid: `invalid_credentials` with a problem for every field that is wrong.
    """
    chosen = checked(config or {})
    with transaction.atomic():
        try:
            connection = connections.create(
                organization_id=collection.organization_id,
                project_id=collection.project_id,
                connector=connector,
                name=name,
                values=credentials,
                owner_id=owner_id,
            )
        except Invalid as error:
            raise of_credentials(error) from error
        source = SourceConnection.objects.create(
            organization_id=collection.organization_id,
            project_id=collection.project_id,
            collection=collection,
            connection=connection,
            name=connection.name,
            config=chosen,
        )
        schedule(source, at=at or timezone.now())
    return source


def use_connection(
    *,
    collection: Collection,
    connection: Connection,
    name: str,
    config: Mapping[str, Any] | None = None,
    at: datetime,
) -> SourceConnection:
    """One over a connection that is there already, and stays when the source connection is removed. Raises Invalid."""
    if connection.organization_id != collection.organization_id or connection.removed_at is not None:
        raise Invalid("There is no such connection in the collection's organisation.", field="connection")
    chosen = checked(config or {})
    with transaction.atomic():
        source = SourceConnection.objects.create(
            organization_id=collection.organization_id,
            project_id=collection.project_id,
            collection=collection,
            connection=connection,
            owns_connection=False,
            name=_name(name),
            config=chosen,
        )
        schedule(source, at=at)
    return source


def create_push(*, collection: Collection, name: str) -> SourceConnection:
    """One whose records come from its owner, by `push`. Raises Invalid."""
    return SourceConnection.objects.create(
        organization_id=collection.organization_id,
        project_id=collection.project_id,
        collection=collection,
        name=_name(name),
    )


def rename(*, source_connection: SourceConnection, name: str) -> SourceConnection:
    """Its connection keeps its own name. Raises Invalid."""
    source_connection.name = _name(name)
    source_connection.save(update_fields=["name", "updated_at"])
    return source_connection


def clear(*, source_connection: SourceConnection, at: datetime) -> int:
    """Every record goes, for every reader at once, and the next sync reads from the beginning; how many went. Of one
    that was removed and left its records, these go as well, and so all that was left of it.

    Raises Conflict `sync_in_progress`, NotFound.
    """
    with transaction.atomic():
        row = source_connection_for_update(source_connection.id, or_removed=True)
        check_idle(row)
        present = list(row.streams.filter(removed_at=None))
        cleared = streams.clear(present)
        if row.removed_at is not None:
            streams.drop(present, at=at)
        start_purge(source=row, at=at)
    return cleared


def remove(*, source_connection: SourceConnection, delete_data: bool, at: datetime) -> Removed:
    """A connection of its own goes as well, unless somebody else uses it. Records that are not deleted stay to be
    found.

    Raises Conflict `sync_in_progress`, NotFound.
    """
    with transaction.atomic():
        row = source_connection_for_update(source_connection.id)
        check_idle(row)
        present = list(row.streams.filter(removed_at=None))
        records = _records(row)
        if delete_data or not records:
            streams.drop(present, at=at)
            start_purge(source=row, at=at)
        jobs.remove_schedule(kind=SYNC, subject_id=row.id)
        row.removed_at = at
        row.save(update_fields=["removed_at", "updated_at"])
        let_go(row, at=at)
    return Removed(records, 0) if delete_data else Removed(0, records)


def start_credentials_change(
    *, source_connection: SourceConnection, credentials: Mapping[str, Any], at: datetime
) -> Job:
    """The job that tries them and stores them in the place of all that are there if they work; its result is {"ok",
    "code", "message"}.

    Raises Conflict `sync_in_progress`, Invalid: `invalid_credentials` with a problem for every field that is wrong.
    """
    check_idle(source_connection)
    if source_connection.connection is None:
        raise Invalid("Records are pushed to this source connection: it has no credentials.", code="not_readable")
    try:
        return connections.start_replacement(connection=source_connection.connection, values=credentials, at=at)
    except Invalid as error:
        raise of_credentials(error) from error


def of_credentials(error: Invalid) -> Invalid:
    """The same problems, told as those of credentials."""
    return Invalid(error.message, code="invalid_credentials", field=error.field, problems=error.problems)


def _name(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(f"A name is one line of at most {LONGEST_NAME} characters.", field="name")
    return name


def _records(source: SourceConnection) -> int:
    counts = source.streams.filter(removed_at=None).values_list("record_count", flat=True)
    return sum(counts)
