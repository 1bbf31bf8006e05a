"""Who may set up what is followed: the owner of tables, or somebody for whom the owner did."""

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest

from engine.errors import ConfigError
from engine.schema import Table
from tests.engine.drivers.conformance import failure
from tests.engine.drivers.mirror import BY_ID, NAME, ORDERS, Mirror, keys_of, named, publications, slots
from tests.engine.drivers.systems import Postgresql

OPTIONS = "WITH (publish_via_partition_root = true)"


@pytest.fixture
def system(followed_orders):
    return followed_orders


@pytest.fixture
def role(system) -> Iterator[str]:
    """Who may read the orders and nothing else; the password is the name."""
    name = f"cd_{uuid4().hex[:12]}"
    for statement in (
        f"CREATE ROLE {name} LOGIN PASSWORD '{name}'",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT ON orders TO {name}",
    ):
        system.execute(statement)
    yield name
    system.close_drivers()
    system.execute(f"REASSIGN OWNED BY {name} TO CURRENT_USER")
    system.execute(f"DROP OWNED BY {name}")
    system.execute(f"DROP ROLE {name}")


def driver_of(system: Postgresql, role: str):
    return system.driver(user=role, secrets={"password": role})


def test_says_what_a_user_must_be_allowed(system, role):
    driver = driver_of(system, role)
    error = failure(lambda: driver.follow(NAME, [BY_ID]), ConfigError, "not_followable", secrets=[])
    make = f'CREATE PUBLICATION "{NAME}" FOR TABLE ONLY "public"."orders" WITH ('
    assert f"Only its owner can have it followed, by {make}" in error.message
    system.execute(f"ALTER TABLE orders OWNER TO {role}")
    error = failure(lambda: driver.follow(NAME, [BY_ID]), ConfigError, "permission_denied")
    assert error.message.startswith("The user may not make a publication in this database. Let it (GRANT CREATE ON")
    system.execute(f"GRANT CREATE ON DATABASE {system.settings['database']} TO {role}")
    error = failure(lambda: driver.follow(NAME, [BY_ID]), ConfigError, "permission_denied")
    assert error.message.startswith(f'The user may not replicate. Allow it: ALTER ROLE "{role}" REPLICATION')
    assert (publications(system), slots(system)) == ([], 0)
    system.execute(f"ALTER ROLE {role} REPLICATION")
    with closing(driver.follow(NAME, [BY_ID])) as follower:
        system.execute("DELETE FROM orders WHERE id = 1")
        assert keys_of(follower.changes()) == {"orders": ((1,),)}
    driver.unfollow(NAME)
    assert (publications(system), slots(system)) == ([], 0)


def test_follows_by_a_publication_that_the_owner_made(system, role):
    system.execute("CREATE TABLE others (id integer PRIMARY KEY)")
    system.execute(f"ALTER ROLE {role} REPLICATION")
    system.execute(f"CREATE PUBLICATION {NAME} FOR TABLE orders {OPTIONS}")
    driver = driver_of(system, role)
    with closing(driver.follow(NAME, [BY_ID, named("others", "id")])) as follower:
        assert follower.unread == (ORDERS,)
        system.execute("DELETE FROM orders WHERE id = 1")
        assert keys_of(follower.changes()) == {"orders": ((1,),)}
    assert follower.left_out == {
        Table("others", "public"): "Only its owner can have it followed, by"
        f' ALTER PUBLICATION "{NAME}" ADD TABLE ONLY "public"."others"'
    }
    driver.unfollow(NAME)
    assert (publications(system), slots(system)) == ([(NAME, "orders")], 0)


@pytest.mark.parametrize("shape", ["FOR ALL TABLES", "FOR TABLE orders WITH (publish = 'insert')"])
def test_refuses_a_publication_of_others_that_does_not_serve(system, role, shape):
    system.execute(f"ALTER ROLE {role} REPLICATION")
    system.execute(f"CREATE PUBLICATION {NAME} {shape}")
    failure(lambda: driver_of(system, role).follow(NAME, [BY_ID]), ConfigError, "invalid_publication")
    assert slots(system) == 0


def test_mends_a_publication_of_its_own(system):
    system.execute(f"CREATE PUBLICATION {NAME} FOR TABLE orders WITH (publish = 'insert')")
    mirror = Mirror(system, [BY_ID])
    mirror.catch_up()
    system.execute("DELETE FROM orders WHERE id = 1")
    mirror.catch_up()
    assert sorted(mirror.rows[ORDERS]) == [(2,), (3,)]
