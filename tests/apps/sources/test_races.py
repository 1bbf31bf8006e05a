"""Acts on one source connection in the same moment, each over a database connection of its own."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from apps.errors import Conflict
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.sources import services as sources
from apps.sources.models import Record, Sighting, SourceConnection, Stream, StreamRun
from apps.sources.services import landing, streams
from tests.apps.jobs.threads import Aside, at_once
from tests.apps.sources.houses import House
from tests.apps.sources.shop import AT, Shop, counted, done, live, run, start, sync, synced, values

ROUNDS = 12
NOTHING = {"inserted": 0, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}

pytestmark = pytest.mark.django_db(transaction=True)


def outcome(act: Any) -> str:
    """What became of it: "done" or the code of the conflict."""
    try:
        act()
    except Conflict as conflict:
        return conflict.code
    return "done"


def both(*acts: Any) -> list[str]:
    """What becomes of them when they begin together."""
    return at_once(len(acts), lambda place: outcome(acts[place]))


def test_of_fifty_starts_one_wins(shop: Shop) -> None:
    source = shop.connect()
    outcomes = at_once(50, lambda _: outcome(lambda: start(source)))
    assert (outcomes.count("done"), outcomes.count("sync_in_progress")) == (1, 49)
    assert Job.objects.count() == 1


def test_of_fifty_starts_with_one_idempotency_key_all_get_the_same_sync(shop: Shop) -> None:
    source = shop.connect()
    found = at_once(20, lambda _: start(source, idempotency_key="mine").id)
    assert set(found) == {Job.objects.get().id}


def test_a_sync_beside_a_clear_lands_everything_or_makes_it_wait(shop: Shop) -> None:
    shop.add(1, 2, 3)
    source = shop.connect()
    synced(source)
    for _ in range(ROUNDS):
        outcomes = both(partial(sources.clear, source_connection=source, at=AT), partial(sync, source))
        assert set(outcomes) <= {"done", "sync_in_progress"}
        assert set(Job.objects.filter(kind="source_sync").values_list("state", flat=True)) == {"completed"}
        assert values(shop.collection, "id") == [1, 2, 3]
        assert counted(shop.collection) == 3


def test_a_sync_beside_a_change_of_what_is_read_lands_nothing_that_is_excluded(shop: Shop) -> None:
    shop.add(1, note="CANARY")
    for _ in range(ROUNDS):
        source = shop.connect()
        change = sources.start_config_change(
            source_connection=source, config={"columns": {"orders": {"exclude": ["note"]}}}, at=AT
        )
        both(partial(run, change), partial(sync, source))
        source.refresh_from_db()
        streams_of = Stream.objects.filter(source_connection=source, removed_at=None)
        held = Record.objects.filter(stream__in=streams_of).values_list("data", flat=True)
        assert source.config == {} or "CANARY" not in str(list(held))
        sources.remove(source_connection=source, delete_data=True, at=AT)


def test_a_sync_beside_a_removal_leaves_nothing(shop: Shop) -> None:
    shop.add(1, 2)
    for _ in range(ROUNDS):
        source = shop.connect()
        synced(source)
        remove = partial(sources.remove, source_connection=source, delete_data=True, at=AT)
        first, _ = both(remove, partial(sync, source))
        if first != "done":
            remove()
        for job in Job.objects.filter(kind="record_purge", state="queued"):
            run(job)
        assert (live(shop.collection), Record.objects.count()) == ([], 0)
        assert not SourceConnection.everything.exists()


def test_no_page_lands_in_a_stream_that_was_cleared_meanwhile(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """No service clears under a sync; whoever does it all the same finds nothing of it in the new generation."""
    shop.add(1, 2)
    source = shop.connect()
    synced(source)
    shop.add(3)
    store, cleared = landing.store, []

    def clear_and_store(*arguments: Any, **more: Any) -> Any:
        if not cleared:
            cleared.append(beside(lambda: streams.clear(list(Stream.objects.all()))))
        return store(*arguments, **more)

    monkeypatch.setattr(landing, "store", clear_and_store)
    job = sync(source)
    assert (cleared, job.state, job.error_code) == ([2], "failed", "cleared")
    assert (live(shop.collection), counted(shop.collection), Record.objects.count()) == ([], 0, 2)


def test_a_page_whose_commit_nobody_heard_of_is_not_stored_twice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key or without one: the connection is lost when the database has committed and before it can say so."""
    shop.add(1, 2)
    shop.execute("CREATE TABLE log (line TEXT)")
    shop.execute("INSERT INTO log VALUES ('a'), ('b'), ('a')")
    monkeypatch.setattr("apps.sources.services.reading.PAGE_ROWS", 1)
    store, wrapper, lost = landing.store, connections["default"], []
    commit = wrapper._commit

    def commit_and_lose() -> None:
        commit()
        if lost and lost[-1] == "page":
            lost[-1] = "lost"
            raise OperationalError("The connection is lost.")

    def store_and_tell(*arguments: Any, **more: Any) -> Any:
        lost.append("page")
        return store(*arguments, **more)

    monkeypatch.setattr(wrapper, "_commit", commit_and_lose)
    monkeypatch.setattr(landing, "store", store_and_tell)
    source = shop.connect()
    assert synced(source) == {**NOTHING, "inserted": 5}
    assert lost.count("lost") == 5
    assert (len(live(shop.collection)), counted(shop.collection)) == (5, 5)


def test_a_sync_after_one_that_was_cancelled_misses_no_change(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.services.reading.PAGE_ROWS", 1)
    shop.add(*range(1, 201))
    source = shop.connect(config={"cursorField": "changed"})
    job = start(source)
    with Aside(lambda: cancel_behind(job, 10)):
        assert run(job).state == "cancelled"
    assert 10 <= counted(shop.collection) < 200
    shop.execute("UPDATE orders SET note = 'late', changed = 300 WHERE id = 1")
    shop.execute("DELETE FROM orders WHERE id = 2")
    counts = synced(source)
    assert (counts["updated"], counts["deleted"], counted(shop.collection)) == (1, 1, 199)
    assert values(shop.collection, "note").count("late") == 1
    assert synced(source) == {**NOTHING, "kept": 1}


def test_a_reading_that_breaks_off_takes_nothing_away(postgresql_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = postgresql_house
    house.execute("CREATE TABLE notes (number integer PRIMARY KEY)")
    house.execute("CREATE TABLE log (number integer)")
    for table in ("notes", "log"):
        house.execute(f"INSERT INTO {table} SELECT generate_series(1, 300)")
    source = house.connect()
    synced(source)
    monkeypatch.setattr("apps.sources.services.reading.PAGE_ROWS", 1)
    for table in ("notes", "log"):
        job = start(source)
        with Aside(lambda table=table: break_off(house, table)):
            assert run(job).state == "running"  # and is tried again
        assert Record.objects.count() == counted(house.collection) == 600
        Job.objects.filter(id=job.id).update(not_before=None)
        assert (run(job).state, done(job)) == ("completed", {**NOTHING, "kept": 600})


def test_four_sources_land_beside_each_other(shop: Shop) -> None:
    shop.add(*range(1, 41))
    found = [shop.connect() for _ in range(4)]
    waiting = [start(source) for source in found]

    def work(number: int) -> None:
        while job := jobs.claim_next(queue="sync", worker=f"worker {number}"):
            jobs.run(job)

    at_once(2, work)
    assert [Job.objects.get(id=job.id).state for job in waiting] == ["completed"] * 4
    assert list(StreamRun.objects.values_list("inserted", "kept")) == [(40, 0)] * 4
    assert (len(live(shop.collection)), counted(shop.collection)) == (160, 160)


def beside(act: Any) -> Any:
    """What it answers in a transaction of another connection."""

    def begin() -> Any:
        try:
            with transaction.atomic():
                return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(begin).result()


def break_off(house: House, table: str) -> None:
    """Ends the sessions at the system when some of a table's records were met again."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while not 10 < Sighting.objects.filter(stream__name=table).count() < 300:
        time.sleep(0.01)
    house.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}")


def cancel_behind(job: Job, records: int) -> None:
    while Record.objects.count() < records:
        time.sleep(0.01)
    jobs.cancel(job=job)
