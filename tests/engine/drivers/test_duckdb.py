from contextlib import closing
from threading import Timer
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from engine.contract import Request
from engine.errors import ConfigError, TransientError
from engine.looking import Named
from engine.schema import Query, Table
from tests.engine.drivers.conformance import QueryConformance, rows_of
from tests.engine.drivers.systems import Duckdb


@pytest.fixture(scope="module")
def duckdb_system(tmp_path_factory):
    return Duckdb(tmp_path_factory.mktemp("duckdb"))


class TestDuckdb(QueryConformance):
    @pytest.fixture
    def system(self, duckdb_system) -> Any:
        return duckdb_system


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    system = Duckdb(tmp_path_factory.mktemp("shop"))
    with system.writing() as connection:
        connection.execute('CREATE SCHEMA "odd.one"; CREATE TABLE "odd.one"."a.b" (x integer)')
        connection.execute(
            "CREATE TABLE orders (id bigint PRIMARY KEY, code varchar NOT NULL DEFAULT 'x', UNIQUE (code))"
        )
        connection.execute("INSERT INTO orders VALUES (1, 'a'), (2, 'b')")
        connection.execute("COMMENT ON TABLE orders IS 'What was sold'; COMMENT ON COLUMN orders.id IS 'Its number'")
        connection.execute("CREATE VIEW totals AS SELECT count(*) AS n FROM orders")
    return system


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", "permission_denied"),
        ("SELECT * FROM '/etc/passwd.csv'", "permission_denied"),
        ("SELECT * FROM read_text('test.duckdb')", "permission_denied"),
        ("SELECT getenv('HOME') AS home", "invalid_query"),
        ("SELECT * FROM duckdb_secrets(), query('ATTACH ''x.db''')", "invalid_query"),
        ("SELECT 1 AS a; ATTACH '/tmp/x.db'", "invalid_query"),
        ("SELECT 1 AS a) AS q; INSTALL httpfs; SELECT * FROM (SELECT 1 AS a", "invalid_query"),
    ],
)
def test_a_query_reaches_nothing_but_its_file(shop, query, code):
    driver = shop.driver()
    with pytest.raises(ConfigError) as refusal:
        rows_of(driver.read(Request(Query(query))))
    assert "root:" not in refusal.value.message
    assert refusal.value.code == code
    assert len(rows_of(driver.read(Request(shop.table("orders"))))) == 2
    shop.close_drivers()


def test_nothing_that_was_locked_can_be_set(shop):
    line = shop.driver().open_connection("test", read_only=True)
    with closing(line):
        for name, value in (("enable_external_access", "true"), ("memory_limit", "'64GB'"), ("threads", "64")):
            with pytest.raises(ConfigError) as refusal:
                line.execute(text(f"SET {name} = {value}"), {})
            assert refusal.value.code == "permission_denied"
            assert line.is_reset()
        with pytest.raises(ConfigError) as refusal:
            line.execute(text("CREATE TABLE mine (a integer)"), {})
        assert refusal.value.code == "read_only"
    shop.close_drivers()


@pytest.mark.parametrize("path", ["../test.duckdb", "/etc/passwd", "link.duckdb", ":memory:", "", "\0", "md:shop"])
def test_opens_no_file_elsewhere(shop, tmp_path, path):
    link = shop.path.with_name("link.duckdb")
    (tmp_path / "other.duckdb").write_bytes(shop.path.read_bytes())
    link.unlink(missing_ok=True)
    link.symlink_to(tmp_path / "other.duckdb")
    with pytest.raises(ConfigError) as refusal:
        shop.driver(path=path).check()
    assert refusal.value.code in ("path_not_allowed", "unknown_database", "invalid_setting")
    shop.close_drivers()


def test_a_file_that_is_none_of_its_own_says_so(shop):
    shop.path.with_name("none.duckdb").write_text("no database" * 1000)
    with pytest.raises(ConfigError) as refusal:
        shop.driver(path="none.duckdb").check()
    assert refusal.value.code == "not_a_database"
    shop.close_drivers()


def test_surveys_what_a_file_holds(shop):
    driver = shop.driver()
    assert driver.survey_catalogs() == [Named("")]
    assert driver.survey_schemas() == [Named("main"), Named("odd.one")]
    orders, totals, odd = driver.survey()
    assert (orders.table, orders.kind, orders.rows, orders.comment) == (
        shop.table("orders"),
        "table",
        2,
        "What was sold",
    )
    assert orders.primary_key == ("id",)
    assert orders.columns == driver.describe(shop.table("orders")).columns
    assert [(column.name, column.default, column.comment) for column in orders.columns] == [
        ("id", None, "Its number"),
        ("code", "'x'", None),
    ]
    assert (totals.table.name, totals.kind, totals.rows) == ("totals", "view", None)
    assert odd.table == Table("a.b", "odd.one")
    assert list(driver.survey("", "main", "orders")) == [orders]
    for names, code in ((("", "gone"), "unknown_schema"), (("", "main", "gone"), "unknown_table")):
        with pytest.raises(ConfigError) as refusal:
            list(driver.survey(*names))
        assert refusal.value.code == code
    shop.close_drivers()


def test_surveys_many_tables_in_few_statements(tmp_path):
    system = Duckdb(tmp_path)
    with system.writing() as connection:
        for number in range(200):
            connection.execute(f"CREATE TABLE t{number:03} (id integer PRIMARY KEY, name varchar)")
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        with closing(system.driver()) as driver:
            found = list(driver.survey())
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert [(one.table.name, len(one.columns)) for one in found] == [(f"t{number:03}", 2) for number in range(200)]
    assert len([statement for statement in statements if "duckdb_columns" in statement]) == 1
    assert len(statements) < 15


def test_a_statement_is_broken_off(shop):
    driver = shop.driver()
    Timer(0.5, driver.interrupt).start()
    with pytest.raises(TransientError) as refusal:
        rows_of(
            driver.read(Request(Query("SELECT sum(a.i * b.i) AS n FROM range(10000000) a(i), range(10000000) b(i)")))
        )
    assert refusal.value.code == "timeout"
    shop.close_drivers()
