"""What a follower is told of changes."""

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest

from engine.following import Changed, Changes, Followed, Follower
from engine.schema import Table
from tests.engine.drivers.mirror import BY_ID, NAME, ORDERS, Mirror, keys_of, told


@pytest.fixture
def system(followed_orders):
    return followed_orders


@pytest.fixture
def follower(system) -> Iterator[Follower]:
    with closing(system.driver().follow(NAME, [BY_ID])) as found:
        yield found


def test_tells_nothing_of_what_was_there_before(follower):
    assert follower.unread == (ORDERS,)
    changes = follower.changes()
    assert changes == Changes((), changes.position, is_last=True)


def test_tells_rows_that_were_added_changed_and_removed(system, follower):
    system.execute("INSERT INTO orders VALUES (4, 'four', 4)")
    system.execute("UPDATE orders SET name = 'II' WHERE id = 2")
    system.execute("DELETE FROM orders WHERE id = 3")
    assert follower.changes().tables == (Changed(ORDERS, ("id",), ((2,), (3,), (4,))),)


def test_tells_a_row_once_however_often_it_changed(system, follower):
    for amount in range(5):
        system.execute(f"UPDATE orders SET amount = {amount} WHERE id = 2")
    assert keys_of(follower.changes()) == {"orders": ((2,),)}


def test_tells_both_keys_where_one_became_another(system, follower):
    system.execute("UPDATE orders SET id = 30 WHERE id = 3")
    assert keys_of(follower.changes()) == {"orders": ((3,), (30,))}


def test_tells_nothing_of_what_was_rolled_back(system, follower):
    with system.connect() as session, session.transaction(force_rollback=True):
        session.execute("DELETE FROM orders")
    with system.connect() as session, session.transaction():
        session.execute("SAVEPOINT one")
        session.execute("DELETE FROM orders")
        session.execute("ROLLBACK TO one")
        session.execute("INSERT INTO orders VALUES (9)")
    assert keys_of(follower.changes()) == {"orders": ((9,),)}


def test_tells_of_a_transaction_when_it_is_committed(system, follower):
    with system.connect() as session, session.transaction():
        session.execute("INSERT INTO orders VALUES (8)")
        before = follower.changes()
        follower.confirm(before.position)
    assert before.tables == ()
    assert keys_of(follower.changes()) == {"orders": ((8,),)}


def test_tells_of_a_prepared_transaction_when_it_is_committed(system, follower):
    name = uuid4().hex
    with system.connect() as session:
        for statement in ("BEGIN", "INSERT INTO orders VALUES (8)", f"PREPARE TRANSACTION '{name}'"):
            session.execute(statement)
    assert follower.changes().tables == ()
    system.execute(f"COMMIT PREPARED '{name}'")
    assert keys_of(follower.changes()) == {"orders": ((8,),)}


def test_tells_that_a_table_was_emptied_and_what_came_then(system, follower):
    system.execute("INSERT INTO orders VALUES (4)")
    system.execute("TRUNCATE orders")
    system.execute("INSERT INTO orders VALUES (1)")
    assert follower.changes().tables == (Changed(ORDERS, ("id",), ((1,),), is_emptied=True),)


def test_tells_the_same_again_until_it_is_confirmed(system, follower):
    system.execute("INSERT INTO orders VALUES (4)")
    first = follower.changes()
    assert follower.changes().tables == first.tables
    follower.confirm(first.position)
    follower.confirm(first.position)
    assert follower.changes().tables == ()


def test_stops_behind_a_transaction_when_there_are_enough(system, follower):
    for number in range(10, 15):
        system.execute(f"INSERT INTO orders VALUES ({number}), ({number + 10})")
    parts = []
    for changes in told(follower, most=3):
        parts.append((keys_of(changes).get("orders"), changes.is_last))
        follower.confirm(changes.position)
    one_each = [(((number,), (number + 10,)), False) for number in range(10, 15)]
    assert parts == [*one_each, (None, True)]


def test_tells_a_transaction_whole_that_is_larger_than_asked_for(system, follower):
    system.execute("INSERT INTO orders SELECT n FROM generate_series(11, 30000) n")
    changes = follower.changes(most=100)
    assert len(changes.tables[0].keys) == 29_990
    follower.confirm(changes.position)
    assert follower.changes() == Changes((), changes.position, is_last=True)


def test_asks_for_the_whole_table_where_too_many_rows_changed(system, follower):
    system.execute("CREATE TABLE few (id integer PRIMARY KEY)")
    with closing(system.driver().follow(NAME, [BY_ID, Followed(Table("few", "public"), ("id",))])) as both:
        with system.connect() as session, session.transaction():
            session.execute("INSERT INTO few VALUES (1)")
            session.execute("INSERT INTO orders SELECT n FROM generate_series(11, 250011) n")
        few, orders = sorted(both.changes().tables, key=lambda changed: changed.table.name)
    assert few == Changed(Table("few", "public"), ("id",), ((1,),))
    assert orders == Changed(ORDERS, ("id",), needs_whole=True)


def test_reads_values_that_lie_outside_of_their_rows(system):
    system.execute("ALTER TABLE orders ALTER name SET STORAGE EXTERNAL")
    system.execute("UPDATE orders SET name = repeat('long', 5000) WHERE id = 1")
    mirror = Mirror(system, [BY_ID])
    mirror.catch_up()
    system.execute("UPDATE orders SET amount = 17 WHERE id = 1")
    [changes] = mirror.catch_up()
    assert keys_of(changes) == {"orders": ((1,),)}
    assert mirror.rows[ORDERS][1,] == {"id": 1, "name": "long" * 5000, "amount": "17.00"}


def test_knows_a_key_that_lies_outside_of_its_row(system):
    place = Table("pages", "public")
    system.execute("CREATE TABLE pages (path text PRIMARY KEY, body text, hits integer)")
    system.execute("ALTER TABLE pages ALTER path SET STORAGE EXTERNAL, ALTER body SET STORAGE PLAIN")
    path = "/" + "a" * 2500
    system.execute("INSERT INTO pages VALUES (%s, %s, 0)", (path, "b" * 1500))
    with closing(system.driver().follow(NAME, [Followed(place, ("path",))])) as follower:
        system.execute("UPDATE pages SET hits = 1")
        assert keys_of(follower.changes()) == {"pages": ((path,),)}


def test_follows_several_tables_at_once(system):
    system.execute("CREATE TABLE shops (code text PRIMARY KEY)")
    with closing(system.driver().follow(NAME, [BY_ID, Followed(Table("shops", "public"), ("code",))])) as follower:
        with system.connect() as session, session.transaction():
            session.execute("INSERT INTO shops VALUES ('x')")
            session.execute("INSERT INTO orders VALUES (4)")
            session.execute("INSERT INTO shops VALUES ('a')")
        assert keys_of(follower.changes()) == {"orders": ((4,),), "shops": (("a",), ("x",))}


def test_tells_each_of_two_followers_everything(system):
    one, other = system.driver().follow(NAME, [BY_ID]), system.driver().follow("crossdock_other", [BY_ID])
    system.execute("INSERT INTO orders VALUES (4)")
    one.confirm(one.changes().position)
    assert keys_of(other.changes()) == {"orders": ((4,),)}
    assert one.changes().tables == ()
    for follower in (one, other):
        follower.close()
    system.driver().unfollow("crossdock_other")


def test_leaves_out_what_happens_in_other_databases_and_tables(system, follower):
    system.execute("CREATE TABLE others (id integer PRIMARY KEY)")
    system.execute("INSERT INTO others VALUES (1)")
    changes = follower.changes()
    assert changes.tables == ()
    before = system.driver().standing(NAME)
    follower.confirm(changes.position)
    after = system.driver().standing(NAME)
    assert before.lag_bytes > 0
    assert after.position == changes.position
