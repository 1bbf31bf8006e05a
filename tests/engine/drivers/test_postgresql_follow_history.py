"""Whatever several sessions do at once, whoever follows ends up with what the tables hold."""

import random
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
import pytest

from engine.errors import ConfigError
from engine.following import Followed
from engine.schema import Table
from tests.engine.drivers.mirror import Mirror, told
from tests.engine.drivers.systems import Postgresql

ORDERS = Followed(Table("orders", "public"), ("id",))
LINES = Followed(Table("lines", "public"), ("place", "at"))
SALES = Followed(Table("sales", "public"), ("day", "id"))
FOLLOWED = [ORDERS, LINES, SALES]
SESSIONS = 4
TRANSACTIONS = 60

INSERTS = (
    "INSERT INTO orders VALUES ({a}, '{b}', {b}) ON CONFLICT (id) DO UPDATE SET name = '{b}'",
    "INSERT INTO lines VALUES ('p{a}', '2024-01-01Z'::timestamptz + '{b} s', '{a}') ON CONFLICT DO NOTHING",
    "INSERT INTO sales VALUES ({b}, {a}) ON CONFLICT DO NOTHING",
)
CHANGES = (
    "UPDATE orders SET amount = {b} WHERE id % 7 = {a} % 7",
    "UPDATE orders SET id = {b} + 1000 WHERE id = {a} AND NOT EXISTS (SELECT FROM orders WHERE id = {b} + 1000)",
    "UPDATE lines SET note = repeat('{b}', 3000) WHERE place = 'p{a}'",
    "UPDATE lines SET place = 'q{b}' WHERE (place, at) IN (SELECT place, at FROM lines WHERE place = 'p{a}' LIMIT 1)",
    "UPDATE sales SET day = {b} WHERE id = {a} AND NOT EXISTS (SELECT FROM sales WHERE (day, id) = ({b}, {a}))",
    "DELETE FROM orders WHERE id = {a}",
    "DELETE FROM lines WHERE place = 'p{b}'",
    "DELETE FROM sales WHERE id = {a}",
)
RARE = ("TRUNCATE orders", "TRUNCATE lines, sales", "TRUNCATE sales_2", "VACUUM FULL orders", "DELETE FROM orders")


@pytest.fixture
def system(followed_orders):
    for statement in (
        "CREATE TABLE lines (place text, at timestamptz, note text, PRIMARY KEY (place, at))",
        "ALTER TABLE lines ALTER note SET STORAGE EXTERNAL",
        "CREATE TABLE sales (day integer, id integer, PRIMARY KEY (day, id)) PARTITION BY RANGE (day)",
        "CREATE TABLE sales_1 PARTITION OF sales FOR VALUES FROM (0) TO (20)",
        "CREATE TABLE sales_2 PARTITION OF sales FOR VALUES FROM (20) TO (100)",
    ):
        followed_orders.execute(statement)
    return followed_orders


def statement(chance: random.Random) -> str:
    kinds = chance.choices((INSERTS, CHANGES), (3, 2))[0]
    return chance.choice(kinds).format(a=chance.randrange(40), b=chance.randrange(40))


def transact(session: psycopg.Connection[Any], chance: random.Random) -> None:
    with session.transaction(force_rollback=chance.random() < 0.15):
        for _ in range(chance.choice((1, 1, 2, 3, 8))):
            with session.transaction(force_rollback=chance.random() < 0.15):
                session.execute(statement(chance))


def live(system: Postgresql, seed: int) -> None:
    """One session's history; what collides with another's is rolled back, and goes on."""
    chance = random.Random(seed)
    with system.connect() as session:
        session.execute("SET lock_timeout = '2s'")
        for _ in range(TRANSACTIONS):
            try:
                if chance.random() < 0.03:
                    session.execute(chance.choice(RARE))
                else:
                    transact(session, chance)
            except (psycopg.errors.OperationalError, psycopg.errors.IntegrityError):
                session.rollback()


def follow_on(mirror: Mirror, chance: random.Random) -> None:
    """As a follower who may be ended before anything is confirmed, or before a table's mark is kept."""
    with closing(mirror.open()) as follower:
        if follower.unread and chance.random() < 0.3:
            return
        mirror.begin(follower)
        for changes in told(follower, chance.choice((1, 5, 50_000))):
            mirror.apply(changes)
            if chance.random() < 0.3:
                return
            follower.confirm(changes.position)


def unless_lost(act: Callable[[], object]) -> None:
    """PostgreSQL now and then cannot read by a slot that was made while somebody truncated: then it is made anew."""
    try:
        act()
    except ConfigError as error:
        if error.code != "slot_lost":
            raise


@pytest.mark.parametrize("seed", range(6))
def test_ends_up_with_what_the_tables_hold(system, seed):
    chance = random.Random(seed)
    mirror = Mirror(system, FOLLOWED)
    sessions = [threading.Thread(target=live, args=(system, seed * 100 + number)) for number in range(SESSIONS)]
    for session in sessions:
        session.start()
    while any(session.is_alive() for session in sessions):
        unless_lost(lambda: follow_on(mirror, chance))
    for last in INSERTS:
        system.execute(last.format(a=99, b=99))
    unless_lost(mirror.catch_up)
    mirror.catch_up()
    afresh = Mirror(system, FOLLOWED, name="crossdock_afresh")
    afresh.catch_up()
    assert mirror.rows == afresh.rows
    assert all(mirror.rows.values())
