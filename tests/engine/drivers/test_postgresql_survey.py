import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest

from engine.drivers.sql import survey
from engine.errors import TransientError
from engine.looking import Named
from tests.engine.drivers.conformance import failure, numbered
from tests.engine.drivers.survey_conformance import survey_of
from tests.engine.drivers.systems import Postgresql

FLUSHES_WHEN_ASKED = 150000


@pytest.fixture
def system(postgresql_system) -> Iterator[Postgresql]:
    postgresql_system.drop_all()
    yield postgresql_system
    postgresql_system.close_drivers()


def one_of(system: Postgresql, name: str):
    [found] = system.driver().survey(table=name)
    return found


def size_of(system: Postgresql, *names: str) -> int:
    sizes = [system.connection.execute("SELECT pg_total_relation_size(%s::regclass)", (name,)) for name in names]
    return sum(size for cursor in sizes for (size,) in cursor)


def test_tells_what_was_written_about_things(system):
    name = system.settings["database"]
    for statement in (
        "CREATE TABLE orders (id integer)",
        f"COMMENT ON DATABASE {name} IS 'the shop''s'",
        "COMMENT ON SCHEMA public IS 'for everybody'",
        "COMMENT ON TABLE orders IS '100% paid'",
        "COMMENT ON COLUMN orders.id IS 'a number'",
    ):
        system.execute(statement)
    driver = system.driver()
    assert driver.survey_catalogs() == [Named(name, comment="the shop's")]
    assert driver.survey_schemas() == [Named("public", name, "for everybody")]
    [found] = driver.survey()
    assert (found.comment, found.columns[0].comment) == ("100% paid", "a number")


def test_tells_kinds_of_tables(system):
    for statement in (
        "CREATE TABLE plain (a integer)",
        "CREATE TABLE bare ()",
        "CREATE MATERIALIZED VIEW copied AS SELECT 1 AS a",
        "CREATE FOREIGN DATA WRAPPER nothing",
        "CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing",
        "CREATE FOREIGN TABLE far (a integer) SERVER nowhere",
    ):
        system.execute(statement)
    assert [(one.table.name, one.kind, len(one.columns), one.bytes is None) for one in survey_of(system)] == [
        ("bare", "table", 0, False),
        ("copied", "materialized view", 1, False),
        ("far", "foreign table", 1, True),
        ("plain", "table", 1, False),
    ]
    system.execute("DROP FOREIGN DATA WRAPPER nothing CASCADE")


def test_tells_a_partitioned_table_by_the_sum_of_its_partitions(system):
    for statement in (
        "CREATE TABLE sales (at integer, note text, PRIMARY KEY (at)) PARTITION BY RANGE (at)",
        "CREATE TABLE sales_1 PARTITION OF sales FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (at)",
        "CREATE TABLE sales_1a PARTITION OF sales_1 FOR VALUES FROM (0) TO (5)",
        "CREATE TABLE sales_2 PARTITION OF sales FOR VALUES FROM (10) TO (20)",
        "INSERT INTO sales SELECT n, 'x' FROM unnest('{1, 2, 11}'::integer[]) n",
        "ANALYZE sales_1a, sales_2",
    ):
        system.execute(statement)
    [found] = survey_of(system)
    assert (found.table.name, found.kind, found.primary_key, found.rows) == ("sales", "table", ("at",), 3)
    assert found.bytes == size_of(system, "sales_1a", "sales_2") > 0


def test_tells_the_rows_that_the_statistics_count(system):
    if system.connection.info.server_version < FLUSHES_WHEN_ASKED:
        pytest.skip("before PostgreSQL 15 what was written is counted at some later time")
    flush = "SELECT pg_stat_force_next_flush()"
    system.make("orders", numbered(1, 2, 3), key=["id"])
    system.execute(flush)
    assert one_of(system, "orders").rows == 3  # never looked at by the server, and counted as they came
    system.execute("ANALYZE orders")
    system.add("orders", numbered(4))
    system.execute(flush)
    assert one_of(system, "orders").rows == 4
    system.execute("SELECT pg_stat_reset_single_table_counters('orders'::regclass)")
    assert one_of(system, "orders").rows == 3  # as after a crash: the last ANALYZE is what is known
    assert one_of(system, "orders").bytes == size_of(system, "orders")


def test_does_not_count_twice_what_one_session_wrote_and_analyzed(system):
    system.execute("CREATE TABLE orders AS SELECT generate_series(1, 5000) id; ANALYZE orders")
    assert one_of(system, "orders").rows == 5000


def test_knows_that_a_table_without_pages_is_empty(system):
    system.execute("CREATE TABLE empty (id integer)")
    assert one_of(system, "empty").rows == 0


def test_waits_for_no_table_that_is_being_rewritten(system):
    for name in ("locked", "other"):
        system.make(name, numbered(1), key=["id"])
    with system.connection.transaction():
        system.execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
        found = survey_of(system)
    assert [(one.table.name, len(one.columns), one.bytes is None) for one in found] == [
        ("locked", 2, True),
        ("other", 2, False),
    ]


def test_leaves_out_schemas_that_the_user_may_not_use(system):
    role = f"cd_{uuid4().hex[:12]}"
    for statement in (
        "CREATE TABLE forbidden (a integer)",
        "CREATE SCHEMA open",
        "CREATE TABLE open.orders (a integer)",
        f"CREATE ROLE {role} LOGIN",
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA open TO {role}",
    ):
        system.execute(statement)
    try:
        driver = system.driver(user=role)
        assert [str(one.table) for one in driver.survey()] == [f"{system.settings['database']}.open.orders"]
        assert [schema.name for schema in driver.survey_schemas()] == ["open"]
    finally:
        system.close_drivers()
        system.execute("DROP SCHEMA open CASCADE")
        system.execute(f"DROP ROLE {role}")


def test_tells_of_one_moment(system, monkeypatch):
    monkeypatch.setattr(survey, "TABLES_AT_ONCE", 1)
    for name in ("a", "b", "c"):
        system.make(name, numbered(1), key=["id"])
    told = system.driver().survey()
    first = next(told)
    system.execute("DROP TABLE c")
    system.make("d", numbered(1))
    assert [(one.table.name, len(one.columns), one.primary_key) for one in [first, *told]] == [
        (name, 2, ("id",)) for name in "abc"
    ]


def test_leaves_no_session_behind(system):
    system.make("orders", numbered(1))
    told = system.driver().survey()
    next(told)
    assert [state for state, _ in system.sessions()] == ["idle in transaction"]
    told.close()
    system.end_sessions()  # waits for one that is just ending
    assert system.sessions() == []


def test_is_broken_off(system):
    system.make("orders", numbered(1))
    driver = system.driver()
    with system.connection.transaction():
        system.execute("LOCK TABLE pg_catalog.pg_attrdef IN ACCESS EXCLUSIVE MODE")
        waiting = threading.Timer(0.2, driver.interrupt)
        waiting.start()
        failure(lambda: list(driver.survey()), TransientError, "timeout")
        waiting.join()
