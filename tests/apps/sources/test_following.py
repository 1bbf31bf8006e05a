"""A source connection whose system tells what has changed: only that is read again."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from pytest_django import Settings

from apps.connections.models import Connection
from apps.jobs.models import Job, JobEvent, Schedule
from apps.sources import services as sources
from apps.sources.models import Record, SourceConnection
from tests.apps.sources.shop import AT, Shop, counted, done, live, run, sync, synced, values
from tests.engine.drivers import logical_server

NOTHING = {"inserted": 0, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}


@pytest.fixture(scope="module")
def logical_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with logical_server.running(tmp_path_factory.mktemp("logical") / "server") as url:
        yield url


class System:
    """A database of a server whose changes can be followed."""

    def __init__(self, url: str, database: str) -> None:
        self.url = urlsplit(url)
        self.database = database

    @property
    def login(self) -> dict[str, Any]:
        at = self.url
        return {
            "host": at.hostname,
            "port": at.port,
            "database": self.database,
            "user": at.username,
            "password": at.password or "",
        }

    def execute(self, *statements: str, database: str = "") -> list[Any]:
        values = self.login | {"dbname": database or self.database}
        values.pop("database")
        with psycopg.connect(**values, autocommit=True) as connection:
            for statement in statements:
                found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def slots(self) -> list[str]:
        """Without the mark that tells one that was made anew from the one before."""
        found = self.execute("SELECT slot_name FROM pg_replication_slots ORDER BY 1")
        return [name.rpartition("_")[0] for (name,) in found]


@pytest.fixture
def system(logical_url: str, loopback_allowed: None) -> Iterator[System]:
    found = System(logical_url, f"followed_{uuid4().hex[:8]}")
    found.execute(f"CREATE DATABASE {found.database}", database="postgres")
    found.execute("CREATE TABLE orders (id integer PRIMARY KEY, note text, photo bytea)")
    found.execute("INSERT INTO orders SELECT n, 'order ' || n FROM generate_series(1, 5) n")
    yield found
    found.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots", database="postgres")
    found.execute(f"DROP DATABASE {found.database} WITH (FORCE)", database="postgres")


def follow(shop: Shop, system: System, **config: Any) -> SourceConnection:
    return shop.connect("postgresql", config={"continuous": True, **config}, **system.login)


def name_of(source: SourceConnection) -> str:
    return f"crossdock_{source.uid}"


def test_reads_everything_once_and_then_what_changed(shop: Shop, system: System):
    source = follow(shop, system)
    assert synced(source) == {**NOTHING, "inserted": 5}
    assert system.slots() == [name_of(source)]
    system.execute(
        "UPDATE orders SET note = 'changed' WHERE id = 1",
        "DELETE FROM orders WHERE id = 2",
        "INSERT INTO orders VALUES (6, 'new')",
        "UPDATE orders SET id = 30 WHERE id = 3",
    )
    job = sync(source)
    assert done(job) == {"inserted": 2, "updated": 1, "deleted": 2, "kept": 0, "failed": 0}
    assert job.records_read == 3  # 1, 6 and 30: the others were not looked at
    assert [record.key for record in live(shop.collection)] == ["1", "30", "4", "5", "6"]
    assert (values(shop.collection, "note")[0], counted(shop.collection)) == ("changed", 5)


def test_does_nothing_when_nothing_changed(shop: Shop, system: System):
    source = follow(shop, system)
    synced(source)
    job = sync(source)
    assert (job.state, done(job), job.records_read) == ("completed", NOTHING, 0)


def test_what_changed_during_the_first_reading_comes_with_it_or_next(shop: Shop, system: System):
    source = follow(shop, system)
    synced(source)
    system.execute("INSERT INTO orders SELECT n, 'bulk' FROM generate_series(100, 1999) n")
    assert synced(source)["inserted"] == 1900
    assert counted(shop.collection) == 1905


def test_an_emptied_table_empties_its_stream(shop: Shop, system: System):
    source = follow(shop, system)
    synced(source)
    system.execute("TRUNCATE orders", "INSERT INTO orders VALUES (9, 'after')")
    assert synced(source) == {**NOTHING, "inserted": 1, "deleted": 5}
    assert [record.key for record in live(shop.collection)] == ["9"]


def test_a_table_without_a_key_is_read_as_usual_and_stays_writable(shop: Shop, system: System):
    system.execute("CREATE TABLE log (line text)", "INSERT INTO log VALUES ('a'), ('a')")
    source = follow(shop, system)
    assert synced(source) == {**NOTHING, "inserted": 7}
    system.execute("UPDATE log SET line = 'b'")
    assert synced(source) == {**NOTHING, "inserted": 2, "deleted": 2}
    source.refresh_from_db()
    assert list(source.follow["left_out"]) == ["public.log"]


def test_begins_anew_when_what_changed_is_not_known_any_more(shop: Shop, system: System):
    source = follow(shop, system)
    synced(source)
    system.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
    system.execute("DELETE FROM orders WHERE id = 4")
    assert synced(source) == {**NOTHING, "deleted": 1, "kept": 4}
    assert system.slots() == [name_of(source)]


def test_a_cleared_stream_is_read_whole_again(shop: Shop, system: System):
    source = follow(shop, system)
    synced(source)
    assert sources.clear(source_connection=source, at=AT) == 5
    assert synced(source) == {**NOTHING, "inserted": 5}


def test_drops_what_holds_too_much_of_the_journal(shop: Shop, system: System, settings: Settings):
    source = follow(shop, system)
    synced(source)
    system.execute("INSERT INTO orders SELECT n, repeat('x', 500) FROM generate_series(101, 1100) n")
    settings.FOLLOW_MOST_BYTES = 100_000
    job = sync(source)
    assert (job.state, counted(shop.collection)) == ("completed", 1005)
    messages = JobEvent.objects.filter(job=job, level="warning").values_list("message", flat=True)
    assert [message.partition(" bytes")[2] for message in messages] == [
        " of journal were kept for this: it was dropped and begins anew."
    ]


def test_reads_everything_where_changes_cannot_be_followed(shop: Shop, postgresql: dict[str, Any]):
    login = {name: value for name, value in postgresql.items() if name != "type"}
    at = {"dbname" if name == "database" else name: value for name, value in login.items()}
    with psycopg.connect(**at, autocommit=True) as connection:
        connection.execute("CREATE TABLE orders (id integer PRIMARY KEY)")
        connection.execute("INSERT INTO orders VALUES (1)")
    source = shop.connect("postgresql", config={"continuous": True}, **login)
    assert synced(source) == {**NOTHING, "inserted": 1}
    source.refresh_from_db()
    assert "wal_level" in source.follow["reason"]


def test_takes_down_what_it_set_up_when_it_is_removed(shop: Shop, system: System):
    source = follow(shop, system)
    synced(source)
    sources.remove(source_connection=source, delete_data=True, at=AT)
    assert Connection.objects.count() == 1  # it is needed to leave
    run(Job.objects.get(kind="source_unfollow"))
    assert (system.slots(), Connection.objects.count()) == ([], 0)
    run(Job.objects.get(kind="record_purge"))
    assert (SourceConnection.everything.count(), Record.objects.count()) == (0, 0)


def test_takes_it_down_when_it_is_not_to_follow_any_more(shop: Shop, system: System):
    source = follow(shop, system)
    synced(source)
    assert Schedule.objects.get().interval == 60
    sources.set_schedule(source_connection=source, schedule_=None, is_continuous=False, at=AT)
    run(Job.objects.get(kind="source_unfollow"))
    source.refresh_from_db()
    assert (system.slots(), source.follow, Schedule.objects.count()) == ([], {}, 0)
