import threading
from collections.abc import Iterator

import pymysql
import pytest

from engine.drivers.sql.mysql import survey
from engine.looking import Named
from tests.engine.drivers.conformance import numbered
from tests.engine.drivers.survey_conformance import survey_of
from tests.engine.drivers.systems import Mariadb


@pytest.fixture
def system(mariadb_system) -> Iterator[Mariadb]:
    mariadb_system.drop_all()
    yield mariadb_system
    mariadb_system.close_drivers()


def test_tells_what_was_written_about_things(system):
    name = system.settings["database"]
    system.execute(f"ALTER DATABASE {name} COMMENT 'the shop''s'")
    system.execute("CREATE TABLE orders (id integer COMMENT 'a number') COMMENT '100% paid'")
    driver = system.driver()
    assert driver.survey_catalogs() == [Named(name, comment="the shop's")]
    assert driver.survey_schemas() == [Named(name, name, "the shop's")]
    [found] = driver.survey()
    assert (found.comment, found.columns[0].comment) == ("100% paid", "a number")


def test_tells_the_figures_of_the_server(system):
    system.make("orders", numbered(1, 2, 3), key=["id"])
    system.execute("ANALYZE TABLE orders")
    [found] = survey_of(system)
    with system.server.cursor() as cursor:
        cursor.execute("SHOW TABLE STATUS LIKE 'orders'")
        [status] = cursor.fetchall()
    assert found.rows == status[4] == 3
    assert found.bytes == status[6] + status[8] > 0


def test_covers_every_database_that_the_user_sees(system):
    name = system.settings["database"]
    system.make("orders", numbered(1))
    system.execute(f"CREATE DATABASE {name}_2")
    system.execute(f"CREATE TABLE {name}_2.orders (a integer)")
    system.execute(f"GRANT SELECT ON {name}_2.* TO {name}@'%'")
    try:
        driver = system.driver()
        assert [str(one.table) for one in driver.survey()] == [f"{name}.{name}.orders", f"{name}_2.{name}_2.orders"]
        assert [len(one.columns) for one in driver.survey(table="orders")] == [2, 1]
        assert [one.table.schema for one in driver.survey(f"{name}_2")] == [f"{name}_2"]
    finally:
        system.execute(f"DROP DATABASE {name}_2")


def test_tells_tables_apart_whose_names_differ_in_case_alone(system):
    system.execute("CREATE TABLE Twin (a integer PRIMARY KEY)")
    system.execute("CREATE TABLE twin (b json)")
    assert [(one.table.name, one.columns[0].name, one.primary_key) for one in survey_of(system)] == [
        ("Twin", "a", ("a",)),
        ("twin", "b", ()),
    ]
    assert [one.columns[0].native for one in system.driver().survey(table="twin")] == ["json"]


def test_tells_a_view_of_what_is_gone(system):
    system.execute("CREATE TABLE gone (a integer)")
    system.execute("CREATE VIEW left_over AS SELECT a FROM gone")
    system.execute("DROP TABLE gone")
    [found] = survey_of(system)
    assert (found.table.name, found.kind, found.columns, found.comment) == ("left_over", "view", (), "")


def test_waits_for_no_table_that_is_being_made(system, monkeypatch):
    monkeypatch.setattr(survey, "SETTINGS", ("SET SESSION lock_wait_timeout = 0",))
    system.make("orders", numbered(1))
    maker = pymysql.connect(
        host=system.settings["host"],
        port=system.settings["port"],
        user=system.settings["user"],
        password=system.secrets["password"],
        database=system.settings["database"],
    )
    number = maker.thread_id()
    making = threading.Thread(target=_make_slowly, args=(maker,))
    making.start()
    try:
        while not _is_making(system, number):
            pass
        assert [(one.table.name, len(one.columns), one.comment) for one in survey_of(system)] == [
            ("orders", 2, ""),
            ("slow", 0, ""),
        ]
    finally:
        system.execute(f"KILL {number}")
        making.join()


def _make_slowly(maker: "pymysql.Connection") -> None:
    with pytest.raises(pymysql.OperationalError):
        maker.query("CREATE TABLE slow AS SELECT SLEEP(600) AS a")


def _is_making(system: Mariadb, number: int) -> bool:
    with system.server.cursor() as cursor:
        cursor.execute("SELECT STATE FROM information_schema.PROCESSLIST WHERE ID = %s", (number,))
        return cursor.fetchall() == (("User sleep",),)
