"""What runs a job of kind "source_sync": reads every stream that is picked, lands its records, and takes away those
that the source does not have any more."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.connections import services as connections
from apps.errors import Invalid, NotFound
from apps.jobs.services import Work
from apps.sources.models import SourceConnection, Stream
from apps.sources.queries.activity import source_connection as found
from apps.sources.queries.activity import source_connection_for_update
from apps.sources.services import embedding
from apps.sources.services.config import settings_of
from apps.sources.services.following import Following
from apps.sources.services.purging import start_purge
from apps.sources.services.reading import StreamSync
from apps.sources.services.selecting import present, selected
from apps.sources.services.streams import drop, ensure
from apps.sources.services.sync_control import SyncControl
from engine.contract import Driver
from engine.errors import ConfigError, CredentialsError
from engine.following import Follows
from engine.schema import Table


def run(work: Work) -> None:
    """Raises what the engine raises; a refused sign-in takes the connection offline first. A stream that cannot be read
    does not keep the others from it: the first such failure is raised in the end."""
    source = _settled(work.job.subject_id)
    if source.connection is None:
        raise NotFound("The source connection has nothing to be read.")
    try:
        with connections.opened(source.connection, purpose=f"job {work.job.uid}") as driver:
            _sync(work, source, driver)
    except CredentialsError as error:
        connections.mark_offline(connection=source.connection, reason=error.message, code=error.code, at=timezone.now())
        raise
    connections.mark_online(connection=source.connection, at=timezone.now())
    embedding.start_embedding(collection=source.collection, at=timezone.now())


def _settled(source_connection_id: int) -> SourceConnection:
    """As it is when everybody who changed it, and did not see this job yet, has ended."""
    with transaction.atomic():
        source_connection_for_update(source_connection_id)
    return found(source_connection_id)


def _sync(work: Work, source: SourceConnection, driver: Driver) -> None:
    config = work.snapshot(lambda: _plan(work, source, driver))
    control = SyncControl(work, source)
    streams = ensure(source, {label: Table(*table) for label, table in config["streams"].items()})
    _let_go(control, source, streams, config)
    control.begin(streams)
    if config["config"].get("continuous") and isinstance(driver, Follows):
        streams = Following(control, source, driver, config).run(streams)
    for stream in streams:
        control.raise_if_stopped(may_hand_back=True)
        try:
            StreamSync(control, source, stream, driver, config, settings_of(config["config"], stream.label)).run()
        except ConfigError as error:
            control.fail(stream, error)
    control.raise_failure()


def _plan(work: Work, source: SourceConnection, driver: Driver) -> dict[str, Any]:
    """What this job reads: the same for all its attempts. Raises ConfigError for a table that is gone."""
    assert source.connection is not None
    connector = source.connection.connector
    discovered = present(driver, connector, source.config)
    try:
        picked = selected(source.config, discovered, is_file_store=connector.is_file_store)
    except Invalid as error:
        raise ConfigError(error.message, code=error.code) from error
    return {
        "config": source.config,
        "mode": work.params.get("mode") or "incremental",
        "confirm_empty": bool(work.params.get("confirm_empty")),
        "streams": {label: [table.name, table.schema, table.catalog] for label, table in sorted(picked.items())},
    }


def _let_go(control: SyncControl, source: SourceConnection, streams: list[Stream], config: dict[str, Any]) -> None:
    """Streams whose tables the source does not have any more go with their records. Raises ConfigError where it seems
    to have none at all: that looks more like a fault of the source than like what somebody wanted."""
    gone = list(source.streams.filter(removed_at=None).exclude(id__in=[stream.id for stream in streams]))
    records = sum(stream.record_count for stream in gone)
    if not gone:
        return
    if records and not streams and not config["confirm_empty"]:
        text = f"The source lists no table, and {records:,} records would go: confirmEmpty runs it all the same."
        raise ConfigError(text, code="empty_source")
    control.let_go(gone, lambda: drop(gone, at=timezone.now()))
    start_purge(source=source, at=timezone.now())
