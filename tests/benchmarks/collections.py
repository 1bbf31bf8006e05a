"""A table of PostgreSQL into a searchable collection: the first time, and again when nothing has changed."""

from django.db import connection
from django.utils import timezone

from apps.connectors.models import Connector
from apps.jobs.models import Job
from apps.sources import services as sources
from apps.sources.models import SourceConnection, StreamRun
from tests.benchmarks import tables
from tests.benchmarks.contest import Marks, Result, contest
from tests.benchmarks.lanes import AGAINST, copied
from tests.benchmarks.meter import Cost, metered
from tests.benchmarks.rig import SOURCE, Rig, RunError

EMPTY = "TRUNCATE sources_record, sources_chunk, sources_sighting, sources_stream CASCADE"


def landed(rig: Rig) -> Result:
    """The first sync: records, their words and the index over them."""
    source = source_of(rig)
    return contest(
        title="PostgreSQL → collection, the first sync",
        about=f"12 columns landed as records that can be searched by words when it has ended; against {AGAINST}",
        rows=rig.rows,
        rounds=rig.rounds,
        ours=lambda: sync(rig, source, "inserted"),
        limit=lambda: copied(rig, "orders"),
        marks=Marks(),
        lane="rows",
        prepare=lambda: emptied(rig),
    )


def unchanged(rig: Rig) -> Result:
    """A full sync that finds everything as it was."""
    source = source_of(rig)
    emptied(rig)
    sync(rig, source, "inserted")
    return contest(
        title="PostgreSQL → collection, nothing changed",
        about=f"all rows are read and compared, none is written; against {AGAINST}",
        rows=rig.rows,
        rounds=rig.rounds,
        ours=lambda: sync(rig, source, "kept"),
        limit=lambda: copied(rig, "orders"),
        marks=Marks(),
        lane="rows",
        prepare=lambda: tables.without_target(rig),
    )


def source_of(rig: Rig) -> SourceConnection:
    """The large table as a source of a collection of its own."""
    tables.large(rig)
    collection = sources.create_collection(organization_id=rig.organization.id, project_id=None, name="Orders")
    return sources.create(
        collection=collection,
        connector=Connector.objects.get(name="postgresql"),
        name="Orders",
        credentials=rig.login(SOURCE),
        config={"tables": ["public.orders"]},
    )


def sync(rig: Rig, source: SourceConnection, count: str) -> Cost:
    """What one sync costs, which has to do this to all the rows."""
    with metered(rig.worker, rig.control_server, fresh=rig.fresh) as spent:
        job = sources.start_sync(source_connection=source, at=timezone.now())
        rig.wait_for(job)
    done = StreamRun.objects.filter(job=job).values_list(count, flat=True).first()
    if done != rig.rows:
        raise RunError(f"{done} of {rig.rows} rows were {count}.")
    return Cost(_seconds(job), spent.client, spent.server, spent.memory, lane="rows")


def emptied(rig: Rig) -> None:
    tables.without_target(rig)
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)


def _seconds(job: Job) -> float:
    assert job.ended_at is not None
    return (job.ended_at - job.created_at).total_seconds()
