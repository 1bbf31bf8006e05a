"""What runs a job of kind "record_purge": sweeps away, in batches, what no reader sees any more."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.services import Work
from apps.sources.models import Collection, SourceConnection, Stream
from apps.sources.services import embedding
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
    return jobs.start(
        kind=KIND,
        subject_id=source.id,
        subject_uid=source.uid,
        organization_id=source.organization_id,
        project_id=source.project_id,
        labels={"collection": source.collection.uid},
        at=at,
    )


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
    Stream.objects.filter(id=stream.id).exclude(removed_at=None).delete()


def _forget_source(source: SourceConnection) -> None:
    """A source connection that was removed goes with its last stream, and with the last of them their collection."""
    if source.removed_at is None or source.streams.exists():
        return
    source.delete()
    collections = Collection.everything.filter(id=source.collection_id).exclude(removed_at=None)
    collections.filter(source_connections=None).delete()
