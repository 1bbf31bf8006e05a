"""What is cleared or removed is gone for every reader at once, and from the database with the purge."""

from collections.abc import Callable

import pytest

from apps.connections.models import Connection
from apps.errors import Conflict, NotFound
from apps.flows import services as flows
from apps.jobs import services as jobs
from apps.jobs.models import Job, Schedule
from apps.sources import services as sources
from apps.sources.models import Chunk, Collection, Record, Sighting, SourceConnection, Stream, StreamRun
from apps.sources.queries.search import search
from apps.sources.services import purging
from engine.errors import Stopped
from tests.apps.sources.shop import AT, Shop, counted, done, live, run, start, sync, synced

NOTHING = {"inserted": 0, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}
LONG = "word " * 20_000


@pytest.fixture
def source(shop: Shop) -> SourceConnection:
    """With three records of orders, of which one has three chunks, and two of lines that are alike; all met twice."""
    shop.add(1, 2)
    shop.add(3, note=LONG)
    shop.execute("CREATE TABLE log (line TEXT)")
    shop.execute("INSERT INTO log VALUES ('ring twice'), ('ring twice')")
    source = shop.connect()
    synced(source)
    assert synced(source) == {**NOTHING, "kept": 5}
    return source


def found(shop: Shop, query: str = "ring twice") -> int:
    return len(search(collection=shop.collection, query=query).results)


def purge() -> int:
    """Runs every purge that waits; how many there were."""
    waiting = list(Job.objects.filter(kind="record_purge", state="queued"))
    for job in waiting:
        assert run(job).state == "completed"
    return len(waiting)


def left() -> tuple[int, int, int]:
    return Record.objects.count(), Chunk.objects.count(), Sighting.objects.count()


def test_a_clear_is_seen_at_once_and_the_next_sync_begins_anew(shop: Shop, source: SourceConnection) -> None:
    assert found(shop) == 4
    assert sources.clear(source_connection=source, at=AT) == 5
    assert (found(shop), live(shop.collection), counted(shop.collection)) == (0, [], 0)
    assert left() == (5, 3, 5)
    assert synced(source) == {**NOTHING, "inserted": 5}
    assert (found(shop), counted(shop.collection)) == (4, 5)
    assert purge() == 1
    assert left() == (5, 3, 2)  # a first run notes those alone that have no key
    assert synced(source) == {**NOTHING, "kept": 5}


def test_a_clear_forgets_how_far_the_cursor_got(shop: Shop) -> None:
    shop.add(1, 2)
    source = shop.connect(config={"cursorField": "changed"})
    synced(source)
    sources.clear(source_connection=source, at=AT)
    assert synced(source) == {**NOTHING, "inserted": 2}


def test_nothing_is_left_of_a_source_connection_that_is_removed_with_its_data(
    shop: Shop, source: SourceConnection
) -> None:
    assert sources.remove(source_connection=source, delete_data=True, at=AT) == sources.Removed(5, 0)
    assert (found(shop), counted(shop.collection)) == (0, 0)
    assert not SourceConnection.objects.exists()
    assert not Connection.objects.filter(removed_at=None).exists()
    assert purge() == 1
    assert left() == (0, 0, 0)
    assert not SourceConnection.everything.exists()
    assert not Stream.objects.exists()


def test_records_that_are_retained_are_found_as_orphans_until_they_are_cleared(
    shop: Shop, source: SourceConnection
) -> None:
    assert sources.remove(source_connection=source, delete_data=False, at=AT) == sources.Removed(0, 5)
    results = search(collection=shop.collection, query="ring twice").results
    assert [result.stream.is_orphaned for result in results] == [True] * 4
    assert not Connection.objects.filter(removed_at=None).exists()
    assert purge() == 0
    with pytest.raises(NotFound):
        sources.remove(source_connection=source, delete_data=False, at=AT)

    orphan = SourceConnection.everything.get()
    assert sources.clear(source_connection=orphan, at=AT) == 5
    assert found(shop) == 0
    assert purge() == 1
    assert left() == (0, 0, 0)
    assert not SourceConnection.everything.exists()


def test_a_connection_that_a_flow_reads_over_survives(shop: Shop, source: SourceConnection) -> None:
    owner = {"organization_id": shop.organization.id, "project_id": None}
    values = {"name": "Orders", "connection": source.connection, "source": {"table": "orders"}}
    flows.create_export(**owner, values=values)
    sources.remove(source_connection=source, delete_data=True, at=AT)
    assert Connection.objects.get().removed_at is None
    purge()
    assert Connection.objects.get().removed_at is None
    assert not SourceConnection.everything.exists()


def test_nothing_is_cleared_or_removed_while_a_sync_is_active(shop: Shop, source: SourceConnection) -> None:
    job = start(source)
    acts: list[Callable[[], object]] = [
        lambda: sources.clear(source_connection=source, at=AT),
        lambda: sources.remove(source_connection=source, delete_data=True, at=AT),
        lambda: sources.remove_collection(collection=shop.collection, at=AT),
    ]
    for act in acts:
        with pytest.raises(Conflict) as refused:
            act()
        assert (refused.value.code, refused.value.job) == ("sync_in_progress", job.uid)
    assert (found(shop), Collection.objects.count(), SourceConnection.objects.count()) == (4, 1, 1)
    sources.stop_sync(source_connection=source, seconds=5)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert sources.clear(source_connection=source, at=AT) == 5


def test_nothing_is_left_of_a_collection_that_is_removed(shop: Shop, source: SourceConnection) -> None:
    pushed = sources.create_push(collection=shop.collection, name="Pushed")
    sources.push(source_connection=pushed, records=[{"id": "a"}], at=AT)
    sources.remove(source_connection=pushed, delete_data=False, at=AT)
    assert sources.remove_collection(collection=shop.collection, at=AT) == 6
    assert not Collection.objects.exists()
    assert purge() == 2
    assert left() == (0, 0, 0)
    assert not Collection.everything.exists()
    assert not Schedule.objects.exists()


def test_a_purge_that_was_broken_off_is_gone_on_with(
    shop: Shop, source: SourceConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "BATCH", 2)
    sources.remove(source_connection=source, delete_data=True, at=AT)
    job = Job.objects.get(kind="record_purge", state="queued")
    Job.objects.filter(id=job.id).update(is_draining=True)
    claimed = jobs.claim(job_id=job.id, worker="first")
    assert claimed is not None
    work = jobs.Work(claimed)
    work.stop.show("drain")
    with pytest.raises(Stopped):
        purging.run(work)
    assert left()[0] == 3
    Job.objects.filter(id=job.id).update(lease_until=None)
    assert run(job).state == "completed"
    assert left() == (0, 0, 0)
    assert not SourceConnection.everything.exists()


def test_what_is_removed_while_a_purge_runs_is_swept_by_the_next(
    shop: Shop, source: SourceConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources.clear(source_connection=source, at=AT)
    synced(source)
    first = Job.objects.get(kind="record_purge", state="queued")
    sweep = purging._sweep

    def sweep_and_remove(work: jobs.Work, stream: Stream) -> int:
        count = sweep(work, stream)
        if not count and SourceConnection.objects.exists():
            sources.remove(source_connection=source, delete_data=True, at=AT)
        return count

    monkeypatch.setattr(purging, "_sweep", sweep_and_remove)
    assert run(first).state == "completed"
    assert left()[0] == 5
    assert purge() == 1
    assert left() == (0, 0, 0)
    assert not SourceConnection.everything.exists()


def test_its_row_stays_until_its_system_knows_that_nobody_follows_it(shop: Shop, source: SourceConnection) -> None:
    SourceConnection.objects.update(follow={"name": "crossdock_5e03061cda20740022300f09"})
    sources.remove(source_connection=source, delete_data=True, at=AT)
    assert purge() == 1
    assert left() == (0, 0, 0)
    assert SourceConnection.everything.get().connection is not None
    assert run(Job.objects.get(kind="source_unfollow")).state == "completed"
    assert purge() == 1
    assert not SourceConnection.everything.exists()
    assert not Connection.objects.filter(removed_at=None).exists()


def test_a_table_that_went_is_still_told_of_by_the_sync_that_let_it_go(shop: Shop, source: SourceConnection) -> None:
    shop.execute("DROP TABLE log")
    job = sync(source)
    assert purge() == 1
    assert left()[0] == 3
    assert done(job) == {**NOTHING, "deleted": 2, "kept": 3}
    assert StreamRun.objects.filter(job=job).count() == 2
    sources.remove(source_connection=source, delete_data=True, at=AT)
    purge()
    assert not Stream.objects.exists()
