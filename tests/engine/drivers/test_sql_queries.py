"""Statements of a person's own, at real servers: what they answer, and that nothing they try writes."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.drivers.sql.answer import FIRST_WORD, unique
from engine.errors import EngineError, TransientError
from engine.looking import Limits, Queries
from tests.engine.drivers.systems import System, mariadb, postgresql, sqlite

LIMITS = Limits(rows=3, bytes=10_000, seconds=10)
SOON = Limits(rows=3, bytes=10_000, seconds=0.3)


@pytest.fixture(scope="module", params=["postgresql", "mariadb", "sqlite"])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    opening = {
        "postgresql": postgresql,
        "mariadb": mariadb,
        "sqlite": lambda: sqlite(tmp_path_factory.mktemp("sqlite")),
    }[request.param]
    with opening() as system:
        system.make("t", [{"id": number, "name": f"name {number}"} for number in range(1, 6)], key=["id"])
        for statement in PREPARED[system.name]:
            system.execute(statement)
        yield system
        system.close_drivers()


@pytest.fixture
def driver(system: System) -> Any:
    driver = system.driver()
    assert isinstance(driver, Queries)
    return driver


PREPARED = {
    "postgresql": (
        "CREATE SEQUENCE numbers",
        "CREATE FUNCTION writing() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (9, ''w'') RETURNING 1'",
        "CREATE PROCEDURE committing() LANGUAGE plpgsql AS 'BEGIN COMMIT; INSERT INTO t VALUES (8, ''p''); END'",
    ),
    "mysql": (
        "CREATE SEQUENCE numbers",
        "CREATE TABLE old (id int) ENGINE=MyISAM",
        "CREATE FUNCTION writing() RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO t VALUES (9, 'w'); RETURN 1; END",
        "CREATE FUNCTION writing_old() RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO old VALUES (9); RETURN 1; END",
    ),
    "sqlite": (),
}
EVERYWHERE = (
    "",
    ";",
    "DELETE FROM t",
    "/* SELECT */ DELETE FROM t",
    "SELECT 1; DELETE FROM t",
    "SELECT 1; COMMIT; DELETE FROM t",
    "SELECT 1) AS q; COMMIT; DELETE FROM t; SELECT * FROM (SELECT 1",
    "INSERT INTO t VALUES (7, 'x')",
    "DROP TABLE t",
    "CREATE TABLE made (id int)",
    "BEGIN",
    "COMMIT",
)
WRITING = {
    "postgresql": (
        "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
        "SELECT * INTO made FROM t",
        "SELECT * FROM t FOR UPDATE",
        "SELECT writing()",
        "SELECT nextval('numbers')",
        "SELECT set_config('transaction_read_only', 'off', true), writing()",
        "SELECT set_config('default_transaction_read_only', 'off', false), writing()",
        "SET TRANSACTION READ WRITE",
        "SET TRANSACTION READ WRITE; DELETE FROM t",
        "EXPLAIN ANALYZE DELETE FROM t",
        "CALL committing()",
        "DO $$ BEGIN COMMIT; DELETE FROM t; END $$",
        "COPY t TO PROGRAM 'touch {file}'",
        "COPY t TO '{file}'",
        "SELECT query_to_xml('DELETE FROM t', true, true, '')",
        "PREPARE gone AS DELETE FROM t",
        "LISTEN somebody",
    ),
    "mysql": (
        "WITH one AS (SELECT 1) DELETE FROM t",
        "/*!50000 DELETE FROM t */",
        "/*M! DELETE FROM t */",
        "SELECT writing()",
        "SELECT writing_old()",
        "SELECT NEXT VALUE FOR numbers",
        "SELECT setval(numbers, 100)",
        "SELECT * FROM t FOR UPDATE",
        "SELECT 1 INTO OUTFILE '{file}'",
        "SELECT 1 INTO/**/DUMPFILE '{file}'",
        "SELECT 1 /*!50000into outfile '{file}'*/",
        "SET SESSION TRANSACTION READ WRITE",
        "SET STATEMENT max_statement_time = 0 FOR SELECT 1",
        "EXECUTE IMMEDIATE 'DELETE FROM t'",
        "EXPLAIN DELETE FROM t",
        "ANALYZE DELETE FROM t",
    ),
    "sqlite": (
        "WITH one AS (SELECT 1) DELETE FROM t RETURNING *",
        "PRAGMA query_only = 0",
        "ATTACH '{file}' AS other",
        "VACUUM INTO '{file}'",
        "SELECT load_extension('{file}')",
        "SELECT zeroblob(900000000)",
    ),
}


def test_nothing_that_writes_gets_through(system: System, driver: Any, tmp_path: Path) -> None:
    file = tmp_path / "written"
    for text in (*EVERYWHERE, *WRITING[system.name]):
        with pytest.raises(EngineError):
            driver.query(text.replace("{file}", str(file)), LIMITS)
    counted = "SELECT count(*) AS n, min(id) AS low, max(id) AS high FROM t"
    assert driver.query(counted, LIMITS).rows == [{"n": 5, "low": 1, "high": 5}]
    assert not [name for name in ("made", "other") if exists(driver, name)]
    assert not file.exists()


def exists(driver: Any, name: str) -> bool:
    try:
        driver.query(f"SELECT 1 FROM {name}", LIMITS)
    except EngineError:
        return False
    return True


def test_the_order_and_the_names_are_the_statements(driver: Any) -> None:
    answer = driver.query("-- all\nSELECT id, name, id FROM t ORDER BY id DESC;", Limits(10, 10_000, 10))
    assert answer.columns == ("id", "name", "id_2")
    assert answer.rows[0] == {"id": 5, "name": "name 5", "id_2": 5}
    assert (len(answer.rows), answer.is_cut) == (5, False)


def test_no_row_still_has_columns(driver: Any) -> None:
    answer = driver.query("SELECT id, name FROM t WHERE id < 0", LIMITS)
    assert (answer.columns, answer.rows, answer.is_cut) == (("id", "name"), [], False)


def test_is_cut_behind_the_last_row_and_the_last_byte(driver: Any) -> None:
    statement = "SELECT id FROM t ORDER BY id"
    assert [driver.query(statement, Limits(rows, 10_000, 10)).is_cut for rows in (4, 5)] == [True, False]
    by_bytes = driver.query(statement, Limits(10, 2 * len('{"id":1},'), 10))
    assert (by_bytes.rows, by_bytes.is_cut) == ([{"id": 1}, {"id": 2}], True)


def test_a_session_is_met_by_nobody_else(driver: Any) -> None:
    setting = {
        "postgresql": ("SELECT set_config('work_mem', '65kB', false) AS v", "SELECT current_setting('work_mem') AS v"),
        "mysql": ("SELECT @mine := 65 AS v", "SELECT @mine AS v"),
        "sqlite": ("SELECT 65 AS v", "SELECT 66 AS v"),
    }
    set_it, read_it = setting[driver.spec.name]
    assert driver.query(set_it, LIMITS).rows[0]["v"] in ("65kB", 65)
    assert driver.query(read_it, LIMITS).rows[0]["v"] not in ("65kB", 65)


ENDLESS = {
    "postgresql": "SELECT pg_sleep(30), set_config('statement_timeout', '0', false)",
    "mysql": "SELECT sleep(30)",
    "sqlite": "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
}


def test_what_takes_too_long_is_ended_at_the_server(system: System, driver: Any) -> None:
    with pytest.raises(TransientError) as caught:
        driver.query(ENDLESS[system.name], SOON)
    assert caught.value.code in ("timeout", "timed_out")
    until = time.monotonic() + 5
    while (running := statements(system)) and time.monotonic() < until:
        time.sleep(0.05)
    assert running == []


def statements(system: System) -> list[str]:
    """Those that the drivers' sessions are in."""
    if system.name == "postgresql":
        return [query for state, query in system.sessions() if state == "active"]
    if system.name == "mysql":
        with system.server.cursor() as cursor:
            cursor.execute("SELECT info FROM information_schema.PROCESSLIST WHERE info LIKE 'SELECT sleep%'")
            return [info for (info,) in cursor.fetchall()]
    return []


VALUES = {
    "postgresql": (
        (
            "SELECT '\\xdead'::bytea AS bytes, '{\"a\": [1, 2.5]}'::jsonb AS json, 1.10::numeric AS decimal, "
            "true AS flag, '2024-02-29 23:59:59.5+02'::timestamptz AS moment, DATE '2024-02-29' AS day, "
            "ARRAY[1, NULL] AS list, 'NaN'::float8 AS nan, 9007199254740993 AS large, 10 % 4 AS rest, "
            "'%s' AS text, NULL AS none"
        ),
        {
            "bytes": "dead",
            "json": {"a": [1, 2.5]},
            "decimal": "1.10",
            "flag": True,
            "moment": "2024-02-29 21:59:59.5+00:00",
            "day": "2024-02-29",
            "list": [1, None],
            "nan": "nan",
            "large": 9007199254740993,
            "rest": 2,
            "text": "%s",
            "none": None,
        },
    ),
    "mysql": (
        (
            "SELECT x'dead' AS bytes, 1.10 AS `decimal`, TIMESTAMP '2024-02-29 23:59:59.5' AS moment, "
            "DATE '2024-02-29' AS day, CAST(18446744073709551615 AS UNSIGNED) AS large, 10 % 4 AS rest, "
            "'%s' AS text, NULL AS none"
        ),
        {
            "bytes": "dead",
            "decimal": "1.10",
            "moment": "2024-02-29 23:59:59.5",
            "day": "2024-02-29",
            "large": 18446744073709551615,
            "rest": 2,
            "text": "%s",
            "none": None,
        },
    ),
    "sqlite": (
        "SELECT x'dead' AS bytes, 1.5 AS number, 1e999 AS endless, '%s' AS text, NULL AS none",
        {"bytes": "dead", "number": 1.5, "endless": "inf", "text": "%s", "none": None},
    ),
}


def test_values_are_those_that_json_has(system: System, driver: Any) -> None:
    statement, row = VALUES[system.name]
    assert driver.query(statement, LIMITS).rows == [row]


BESIDE_SELECT = {
    "postgresql": ("SHOW statement_timeout", "EXPLAIN SELECT * FROM t", "VALUES (1)", "TABLE t", "(SELECT 1)"),
    "mysql": ("SHOW TABLES", "DESCRIBE t", "EXPLAIN SELECT * FROM t", "VALUES (1)", "(SELECT 1)"),
    "sqlite": ("EXPLAIN QUERY PLAN SELECT * FROM t", "VALUES (1)"),
}


def test_other_statements_that_read(system: System, driver: Any) -> None:
    for statement in (*BESIDE_SELECT[system.name], "WITH one AS (SELECT 1 AS n) SELECT n FROM one"):
        assert driver.query(statement, LIMITS).rows


def test_mistakes_are_told_in_the_databases_words(driver: Any) -> None:
    with pytest.raises(EngineError, match="no_such") as caught:
        driver.query("SELECT no_such FROM t", LIMITS)
    assert caught.value.code == "unknown_column"


def test_a_statement_of_many_blanks_and_comments_is_looked_at_once() -> None:
    # a pattern that tries every way would not end
    assert FIRST_WORD.match(" " * 100_000 + "/* a */" * 10_000 + "(" * 10_000 + "1") is None


def test_names_stay_apart() -> None:
    assert unique(["a", "a", "a_2", "a"]) == ("a", "a_2", "a_2_2", "a_3")
