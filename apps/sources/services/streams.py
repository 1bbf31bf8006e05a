"""The streams of a source connection: made when they are first read, dropped with their records in one statement."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import F

from apps.sources.models import SourceConnection, Stream
from engine.schema import Table


def ensure(source: SourceConnection, tables: Mapping[str, Table]) -> list[Stream]:
    """The streams of the tables, in their order; those that are new are made."""
    known = {stream.label: stream for stream in source.streams.filter(removed_at=None)}
    new = [_new(source, label, table) for label, table in tables.items() if label not in known]
    Stream.objects.bulk_create(new, ignore_conflicts=True)
    if new:
        known = {stream.label: stream for stream in source.streams.filter(removed_at=None)}
    return [known[label] for label in tables if label in known]


def drop(streams: Collection[Stream], *, at: datetime) -> None:
    """No reader sees their records from now on; a purge sweeps them away."""
    rows = Stream.objects.filter(id__in=[stream.id for stream in streams], removed_at=None)
    rows.update(generation=F("generation") + 1, record_count=0, positions={}, removed_at=at)


def clear(streams: Collection[Stream]) -> int:
    """The same, but the streams stay, to be read from their beginning; how many records went."""
    rows = Stream.objects.filter(id__in=[stream.id for stream in streams], removed_at=None)
    cleared = sum(rows.select_for_update().values_list("record_count", flat=True))
    rows.update(generation=F("generation") + 1, record_count=0, positions={}, synced_at=None)
    return cleared


def _new(source: SourceConnection, label: str, table: Table) -> Stream:
    return Stream(
        source_connection=source,
        collection_id=source.collection_id,
        catalog=table.catalog,
        schema=table.schema,
        name=table.name,
        label=label,
    )
