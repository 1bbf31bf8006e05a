"""What following needs of a server, of a user and of tables, and what it says where that is missing."""

from contextlib import ExitStack, closing, suppress

import psycopg
import pytest

from engine.errors import ConfigError, TransientError
from engine.following import Followed, Follows
from engine.registry import DRIVERS, driver_class
from tests.engine.drivers.conformance import failure
from tests.engine.drivers.mirror import BY_ID, NAME, ORDERS, Mirror, keys_of, named, publications, slots


@pytest.fixture
def system(followed_orders):
    return followed_orders


def test_is_a_power_of_postgresql_alone():
    assert [name for name in DRIVERS if issubclass(driver_class(name), Follows)] == ["postgresql"]


NO_IDENTITY = "It has no primary key and no other replica identity: updates of it would fail if it was published."
NOT_ASKED_FOR = "The column 'id' of its key is of a type by which rows cannot be asked for."
GENERATED = "A generated column is in its replica identity: updates of it would fail if it was published."
REFUSED = {
    "keyless (id integer NOT NULL)": NO_IDENTITY,
    "deferred (id integer PRIMARY KEY DEFERRABLE)": NO_IDENTITY,
    "other (id integer NOT NULL UNIQUE, name text PRIMARY KEY)": "Its replica identity does not tell its key.",
    "real_numbers (id double precision PRIMARY KEY)": NOT_ASKED_FOR,
    "padded (id character(5) PRIMARY KEY)": NOT_ASKED_FOR,
    "bytes (id bytea PRIMARY KEY)": NOT_ASKED_FOR,
    "elsewhere (name integer PRIMARY KEY)": "It has no column 'id', which is in its key.",
    "made (of_it integer, id integer GENERATED ALWAYS AS (of_it + 1) STORED PRIMARY KEY)": GENERATED,
}


@pytest.mark.parametrize("shape", REFUSED)
def test_tells_why_a_table_cannot_be_followed(system, shape):
    system.execute(f"CREATE TABLE {shape}")
    table = named(shape.split()[0], "id")
    driver = system.driver()
    assert driver.followable([BY_ID, table]) == {ORDERS: "", table.table: REFUSED[shape]}
    with closing(driver.follow(NAME, [BY_ID, table])) as follower:
        assert follower.left_out == {table.table: REFUSED[shape]}
    assert publications(system) == [(NAME, "orders")]


def test_tells_why_other_things_cannot_be_followed(system):
    for statement in (
        "CREATE VIEW seen AS SELECT * FROM orders",
        "CREATE UNLOGGED TABLE forgotten (id integer PRIMARY KEY)",
        "CREATE TABLE parent (id integer PRIMARY KEY)",
        "CREATE TABLE child () INHERITS (parent)",
        "CREATE TABLE whole (id integer PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (9)",
        "CREATE TABLE silent (id integer PRIMARY KEY)",
        "ALTER TABLE silent REPLICA IDENTITY NOTHING",
    ):
        system.execute(statement)
    names = ("seen", "forgotten", "parent", "part", "silent", "missing")
    told = system.driver().followable([named("orders"), *(named(name, "id") for name in names)])
    assert list(told.values()) == [
        "It has no key.",
        "It is a view.",
        "It is not logged.",
        "Other tables inherit from it.",
        "It is a partition: follow the table that it is a part of.",
        NO_IDENTITY,
        "There is no such table.",
    ]


def test_follows_by_another_identity_than_the_primary_key(system):
    for statement in (
        "CREATE TABLE indexed (name text PRIMARY KEY, id integer NOT NULL UNIQUE)",
        "ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_id_key",
        "CREATE TABLE entire (id integer NOT NULL UNIQUE, name text)",
        "ALTER TABLE entire REPLICA IDENTITY FULL",
    ):
        system.execute(statement)
    mirror = Mirror(system, [named("indexed", "id"), named("entire", "id")])
    mirror.catch_up()
    system.execute("INSERT INTO indexed VALUES ('a', 1), ('b', 2)")
    system.execute("INSERT INTO entire VALUES (1, 'a'), (2, NULL)")
    system.execute("UPDATE entire SET id = 3 WHERE id = 1")
    mirror.catch_up()
    system.execute("DELETE FROM indexed WHERE id = 1")
    system.execute("DELETE FROM entire WHERE id = 2")
    [changes] = mirror.catch_up()
    assert keys_of(changes) == {"indexed": ((1,),), "entire": ((2,),)}
    assert [sorted(rows) for rows in mirror.rows.values()] == [[(2,)], [(3,)]]


def test_leaves_owners_of_tables_without_a_key_in_peace(system):
    system.execute("CREATE TABLE keyless (note text)")
    system.execute("INSERT INTO keyless VALUES ('a')")
    with closing(system.driver().follow(NAME, [BY_ID, named("keyless")])) as follower:
        system.execute("UPDATE keyless SET note = 'b'")
        system.execute("DELETE FROM keyless")
        assert follower.changes().tables == ()


def test_lets_go_of_a_table_that_lost_its_key(system):
    system.execute("CREATE TABLE others (id integer CONSTRAINT others_key PRIMARY KEY)")
    system.execute("INSERT INTO others VALUES (1)")
    mirror = Mirror(system, [BY_ID, named("others", "id")])
    mirror.catch_up()
    system.execute("ALTER TABLE others DROP CONSTRAINT others_key")
    mirror.catch_up()
    system.execute("UPDATE others SET id = 2")
    assert publications(system) == [(NAME, "orders")]


def test_refuses_where_no_table_is_left(system):
    error = failure(lambda: system.driver().follow(NAME, [named("missing", "id")]), ConfigError, "not_followable")
    assert error.message == "None of the tables can be followed; of public.missing: There is no such table."
    assert (publications(system), slots(system)) == ([], 0)


@pytest.mark.parametrize("name", ["", "Upper", "a" * 55, "a-b", "a'b", "1a", "ä"])
def test_refuses_names_that_no_slot_could_have(system, name):
    for act in (lambda d: d.follow(name, [BY_ID]), lambda d: d.standing(name), lambda d: d.unfollow(name)):
        failure(lambda act=act: act(system.driver()), ConfigError, "invalid_name")
    assert (publications(system), slots(system)) == ([], 0)


def test_follows_what_is_asked_for_now_and_no_more(system):
    system.execute("CREATE TABLE shops (id integer PRIMARY KEY)")
    shops = named("shops", "id")
    mirror = Mirror(system, [BY_ID])
    mirror.catch_up()
    mirror.tables[shops.table] = shops
    mirror.catch_up()
    assert publications(system) == [(NAME, "orders"), (NAME, "shops")]
    mirror.catch_up()
    assert mirror.read_whole == ["orders", "shops"]
    del mirror.tables[ORDERS]
    mirror.catch_up()
    assert publications(system) == [(NAME, "shops")]
    assert slots(system) == 1


def test_says_that_the_server_keeps_too_little(postgresql_system):
    """Of the server that is there for all."""
    if postgresql_system.connection.execute("SHOW wal_level").fetchone() == ("logical",):
        pytest.skip("this server is set up for following")
    table = postgresql_system.make("orders", [{"id": 1}], key=["id"])
    driver = postgresql_system.driver()
    assert driver.followable([Followed(table, ("id",))]) == {table: ""}
    error = failure(lambda: driver.follow(NAME, [Followed(table, ("id",))]), ConfigError, "wal_level")
    assert "wal_level is 'replica', and following needs 'logical'" in error.message
    assert publications(postgresql_system) == []
    assert driver.standing(NAME) is None
    driver.unfollow(NAME)
    postgresql_system.close_drivers()
    postgresql_system.drop_all()


def test_says_that_all_slots_are_in_use(system):
    drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name ~ '^filler'"
    with ExitStack() as stack:
        stack.callback(system.execute, drop)
        with suppress(psycopg.errors.ConfigurationLimitExceeded):
            for number in range(1000):
                system.execute(f"SELECT pg_create_physical_replication_slot('filler_{number}')")
        error = failure(lambda: system.driver().follow(NAME, [BY_ID]), ConfigError, "no_free_slot")
    assert error.message.startswith("All replication slots of the server are in use: raise max_replication_slots")
    assert publications(system) == []


def test_gives_up_where_a_transaction_stays_open(system, monkeypatch):
    monkeypatch.setattr("engine.drivers.sql.postgresql.follow_slot.SECONDS_TO_CREATE", 1)
    monkeypatch.setattr("engine.drivers.sql.postgresql.follow.SECONDS_TO_END", 1)
    driver = system.driver()
    with system.connect() as session, session.transaction():
        session.execute("INSERT INTO orders VALUES (4)")
        failure(lambda: driver.follow(NAME, [BY_ID]), TransientError, "timeout")
    assert (publications(system), slots(system)) == ([], 0)
    Mirror(system, [BY_ID]).catch_up()
    with system.connect() as session, session.transaction():
        session.execute("INSERT INTO orders VALUES (5)")
        failure(lambda: driver.follow(NAME, [BY_ID]), TransientError, "locked")
