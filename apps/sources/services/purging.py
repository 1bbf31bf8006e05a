"""What runs a job of kind "record_purge": sweeps away, in batches, what no reader sees any more."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.services import Work
from apps.sources.models import Collection, Sighting, SourceConnection, Stream
from apps.sources.services import embedding
from apps.sources.services.beginning import begin
from apps.sources.services.storing import remove

KIND = "record_purge"
BATCH = 5_000
DEAD = """
SELECT record.id FROM sources_record record
WHERE record.stream_id = %(stream)s AND record.generation < %(generation)s LIMIT %(batch)s
"""
SIGHTINGS = "DELETE FROM sources_sighting WHERE stream_id = %(stream)s AND record_id = ANY(%(ids)s)"


def start_purge(*, source: SourceConnection, at: datetime) -> Job:
    """The queued job, or the one that waits already."""
    return begin(kind=KIND, source=source, at=at)


def run(work: Work) -> None:
    """May be done twice, and goes on where an earlier attempt was ended: what is left tells where that is."""
    source = SourceConnection.everything.select_related("collection").filter(id=work.job.subject_id).first()
    if source is None:
        return
    removed = 0
    for stream in source.streams.all():
        while count := _sweep(work, stream):
            removed += count
            work.pulse(records_written=removed)
            work.stop.raise_if_shown(may_hand_back=True)
        work.store(lambda stream=stream: _forget_stream(stream))  # type: ignore[misc]  # mypy infers no lambda's default
    work.store(lambda: _forget_source(source))
    if removed and source.collection.removed_at is None:  # their vectors go with the next embedding
        embedding.start_embedding(collection=source.collection, at=timezone.now())


def _sweep(work: Work, stream: Stream) -> int:
    """How many records of a batch went."""
    values: dict[str, Any] = {"stream": stream.id, "generation": stream.generation, "batch": BATCH}

    def sweep() -> None:
        with connection.cursor() as cursor:
            cursor.execute(DEAD, values)
            values["ids"] = [record_id for (record_id,) in cursor.fetchall()]
            cursor.execute(SIGHTINGS, values)
        remove(values["ids"])

    work.progress(act=sweep)
    return len(values["ids"])


def _forget_stream(stream: Stream) -> None:
    """One that was removed, unless that was after its records were swept away, or syncs tell of it that are still told
    of themselves."""
    rows = Stream.objects.filter(id=stream.id, generation=stream.generation).exclude(removed_at=None)
    for row in rows.filter(Q(runs=None) | ~Q(source_connection__removed_at=None)):
        Sighting.objects.filter(stream=row).delete()
        row.delete()


def _forget_source(source: SourceConnection) -> None:
    """A source connection that was removed goes with its last stream, and with the last of them their collection; but
    not while its system must still be told that nobody follows it any more."""
    rows = SourceConnection.everything.filter(id=source.id, streams=None, follow={}).exclude(removed_at=None)
    if not rows.delete()[0]:
        return
    collections = Collection.everything.filter(id=source.collection_id).exclude(removed_at=None)
    collections.filter(source_connections=None).delete()
