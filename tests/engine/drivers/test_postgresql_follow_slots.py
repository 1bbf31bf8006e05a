"""What the server keeps for a follower, and what happens when it does so no longer."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import psycopg
import pytest

from engine.drivers.sql.postgresql import follow_slot
from engine.errors import ConfigError, TransientError
from tests.engine.drivers.conformance import failure
from tests.engine.drivers.mirror import BY_ID, NAME, ORDERS, Mirror, keys_of
from tests.engine.drivers.systems import Postgresql


@pytest.fixture
def system(followed_orders):
    return followed_orders


@contextmanager
def setting(system: Postgresql, name: str, value: str) -> Iterator[None]:
    system.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    system.execute("SELECT pg_reload_conf()")
    try:
        wait_for(system, f"SELECT current_setting('{name}') = '{value}'")
        yield
    finally:
        system.execute(f"ALTER SYSTEM RESET {name}")
        system.execute("SELECT pg_reload_conf()")


def wait_for(system: Postgresql, condition: str) -> None:
    deadline = time.monotonic() + 20
    while system.connection.execute(condition).fetchone() != (True,):
        assert time.monotonic() < deadline, condition
        time.sleep(0.02)


def slot_of(system: Postgresql) -> str:
    [(name,)] = system.connection.execute("SELECT slot_name FROM pg_replication_slots").fetchall()
    return name


def left(system: Postgresql) -> list[tuple]:
    return system.connection.execute(
        "SELECT slot_name FROM pg_replication_slots UNION ALL SELECT pubname FROM pg_publication"
    ).fetchall()


def test_tells_how_far_behind_it_is(system):
    driver = system.driver()
    assert driver.standing(NAME) is None
    with closing(driver.follow(NAME, [BY_ID])) as follower:
        system.execute("INSERT INTO orders SELECT n, repeat('x', 1000) FROM generate_series(10, 1009) n")
        behind = driver.standing(NAME)
        follower.confirm(follower.changes().position)
        level = driver.standing(NAME)
    assert 1_000_000 < behind.lag_bytes < 2_000_000
    assert behind.retained_bytes >= behind.lag_bytes
    assert (behind.state, behind.is_active, behind.is_lost, behind.spare_bytes) == ("reserved", False, False, None)
    assert level.lag_bytes < 10_000


def test_leaves_nothing_behind_whatever_there_was(system):
    driver = system.driver()
    driver.unfollow(NAME)
    Mirror(system, [BY_ID]).catch_up()
    driver.unfollow(NAME)
    assert left(system) == []
    Mirror(system, [BY_ID]).catch_up()
    system.execute("SELECT pg_drop_replication_slot(%s)", (slot_of(system),))
    driver.unfollow(NAME)
    assert left(system) == []
    Mirror(system, [BY_ID]).catch_up()
    system.execute(f"DROP PUBLICATION {NAME}")
    driver.unfollow(NAME)
    assert left(system) == []


def test_leaves_others_alone_whose_names_begin_alike(system):
    Mirror(system, [BY_ID], name=f"{NAME}_0123abcd").catch_up()
    Mirror(system, [BY_ID], name=f"{NAME}x").catch_up()
    system.driver().unfollow(NAME)
    assert len(left(system)) == 4
    assert system.driver().standing(NAME) is None


def holder_of(system: Postgresql, slot: str) -> psycopg.pq.PGconn:
    """Somebody who replicates from the slot, as they are told."""
    address = psycopg.conninfo.make_conninfo(
        system.url.geturl(), dbname=system.settings["database"], replication="database"
    )
    holder = psycopg.pq.PGconn.connect(address.encode())
    begin = f"START_REPLICATION SLOT {slot} LOGICAL 0/0 (proto_version '1', publication_names '{NAME}')"
    assert holder.exec_(begin.encode()).status == psycopg.pq.ExecStatus.COPY_BOTH
    return holder


def test_waits_for_a_moment_for_who_holds_the_slot(system):
    Mirror(system, [BY_ID]).catch_up()
    holder = holder_of(system, slot_of(system))
    assert system.driver().standing(NAME).is_active
    release = threading.Timer(0.5, holder.finish)
    release.start()
    system.driver().unfollow(NAME)
    release.join()
    assert left(system) == []


def test_says_that_somebody_else_holds_the_slot(system, monkeypatch):
    monkeypatch.setattr(follow_slot, "SECONDS_TO_GET_FREE", 0.2)
    mirror = Mirror(system, [BY_ID])
    mirror.catch_up()
    slot = slot_of(system)
    holder = holder_of(system, slot)
    for act in (mirror.catch_up, lambda: system.driver().unfollow(NAME)):
        error = failure(act, TransientError, "slot_in_use")
        assert error.message == f"The replication slot {slot} is in use by another session."
    holder.finish()
    mirror.catch_up()


def test_keeps_what_was_not_confirmed_for_the_next_follower(system):
    system.execute("CREATE TABLE told (id integer)")
    program = f"""
import os, sys
from contextlib import closing
from tests.engine.drivers.mirror import BY_ID, NAME
from engine.registry import driver_class
from engine.toolkit.surroundings import Surroundings
from tests.engine.drivers.systems import LOOPBACK
driver = driver_class("postgresql")({system.settings!r}, {system.secrets!r}, Surroundings(LOOPBACK))
follower = driver.follow(NAME, [BY_ID])
print("begun", flush=True)
sys.stdin.readline()
print(follower.changes().tables[0].keys, flush=True)
sys.stdin.readline()
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ) as child:
        assert child.stdout.readline() == "begun\n"
        system.execute("DELETE FROM orders WHERE id = 2")
        print(file=child.stdin, flush=True)
        assert child.stdout.readline() == "((2,),)\n"
        child.send_signal(signal.SIGKILL)
    system.execute("DELETE FROM orders WHERE id = 3")
    with closing(system.driver().follow(NAME, [BY_ID])) as follower:
        assert follower.unread == (ORDERS,)
        assert keys_of(follower.changes()) == {"orders": ((2,), (3,))}


def test_begins_anew_where_the_server_kept_too_little(system):
    mirror = Mirror(system, [BY_ID])
    mirror.catch_up()
    lost = slot_of(system)
    with setting(system, "max_slot_wal_keep_size", "1MB"), closing(mirror.open()) as follower:
        system.execute("INSERT INTO orders VALUES (4)")
        for _ in range(4):
            system.execute("SELECT pg_logical_emit_message(false, '', repeat('x', 10000000))")
            system.execute("SELECT pg_switch_wal()")
        system.execute("CHECKPOINT")
        wait_for(system, "SELECT bool_and(wal_status = 'lost') FROM pg_replication_slots")
        assert system.driver().standing(NAME).is_lost
        error = failure(follower.changes, ConfigError, "slot_lost")
        assert error.message.endswith("The tables must be read whole.")
    mirror.catch_up()
    assert sorted(mirror.rows[ORDERS]) == [(1,), (2,), (3,), (4,)]
    assert slot_of(system) != lost
    assert mirror.read_whole == ["orders"] * 2


@pytest.mark.parametrize(
    "drop", ["SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots", f"DROP PUBLICATION {NAME}"]
)
def test_begins_anew_where_somebody_dropped_half_of_it(system, drop):
    mirror = Mirror(system, [BY_ID])
    mirror.catch_up()
    with closing(mirror.open()) as follower:
        system.execute(drop)
        system.execute("UPDATE orders SET id = id + 10")
        for _ in range(2):
            failure(follower.changes, ConfigError, "slot_lost")
    mirror.catch_up()
    assert sorted(mirror.rows[ORDERS]) == [(11,), (12,), (13,)]


def test_reads_whole_again_where_somebody_made_the_publication_anew(system):
    mirror = Mirror(system, [BY_ID])
    mirror.catch_up()
    system.execute(f"DROP PUBLICATION {NAME}")
    system.execute("UPDATE orders SET id = id + 10")
    system.execute(f"CREATE PUBLICATION {NAME} FOR TABLE orders WITH (publish_via_partition_root = true)")
    with closing(mirror.open()) as follower:
        assert follower.unread == (ORDERS,)
        with suppress(ConfigError):  # older servers cannot read what was written in between
            follower.changes()
    mirror.catch_up()
    assert sorted(mirror.rows[ORDERS]) == [(11,), (12,), (13,)]


def test_tells_a_transaction_when_everybody_sees_it(system, monkeypatch):
    mirror = Mirror(system, [BY_ID])
    mirror.catch_up()
    monkeypatch.setattr("engine.drivers.sql.postgresql.follow_reading.SECONDS_TO_SETTLE", 0.3)
    committing = threading.Thread(target=_delete, args=(system, "id = 1"))
    with closing(mirror.open()) as follower:
        with setting(system, "synchronous_standby_names", "nobody"):
            committing.start()
            wait_for(system, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
            failure(follower.changes, TransientError, "unavailable")
        committing.join()
        mirror.keep(follower, follower.changes())
    assert sorted(mirror.rows[ORDERS]) == [(2,), (3,)]


def _delete(system: Postgresql, condition: str) -> None:
    with system.connect() as session:
        session.execute(f"DELETE FROM orders WHERE {condition}")


def test_can_be_interrupted(system):
    driver = system.driver()
    mirror = Mirror(system, [BY_ID])
    with system.connect() as session, session.transaction():
        session.execute("INSERT INTO orders VALUES (4)")
        caught = []
        waiting = threading.Thread(target=lambda: caught.append(failure(mirror.open, TransientError, "timeout")))
        waiting.start()
        wait_for(system, "SELECT count(*) = 1 FROM pg_replication_slots")
        mirror.driver.interrupt()
        waiting.join(10)
    assert len(caught) == 1
    assert driver.standing(NAME) is None
