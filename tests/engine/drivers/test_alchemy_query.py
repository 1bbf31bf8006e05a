"""What may stand in the brackets that a query is wrapped in."""

from contextlib import closing

import pytest

from engine.drivers.sql.alchemy.mssql import MssqlDriver
from engine.drivers.sql.alchemy.oracle import OracleDriver
from engine.drivers.sql.alchemy.query import BACKSLASHES, STANDARD
from engine.errors import ConfigError, TransientError
from engine.looking import Answer, Limits
from tests.engine.drivers.systems import Duckdb

MSSQL, ORACLE = MssqlDriver.lexis, OracleDriver.lexis


@pytest.mark.parametrize(
    ("lexis", "text"),
    [
        (STANDARD, "SELECT ');' AS a, \"b)\" FROM t WHERE x IN (1, (2)) -- ) ; '"),
        (STANDARD, "SELECT 'it''s' /* ); ' */ AS a;"),
        (MSSQL, "SELECT [a)]]b], ')' FROM t /* one /* ) */ two ) */"),
        (BACKSLASHES, r"SELECT 'it\'s )', `a)` FROM t # )"),
    ],
)
def test_lets_one_select_pass(lexis, text):
    lexis.check(text)


@pytest.mark.parametrize(
    ("lexis", "text"),
    [
        (STANDARD, "SELECT 1; DELETE FROM t"),
        (STANDARD, "SELECT 1) AS q DELETE FROM t SELECT * FROM (SELECT 1"),
        (STANDARD, "SELECT (1"),
        (STANDARD, "SELECT 'a"),
        (STANDARD, "SELECT 1 /* a"),
        (STANDARD, "SELECT '\\') AS q; DROP TABLE t --'"),
        (MSSQL, "SELECT 1) AS q DELETE FROM t SELECT * FROM (SELECT 1 AS a"),
        (MSSQL, "SELECT [a]) AS q DROP TABLE t --]"),
        (MSSQL, "SELECT 1 /* /* */ ) AS q DROP TABLE t /* */ SELECT (1"),
        (ORACLE, "SELECT q'[')]' FROM dual"),
        (BACKSLASHES, r"SELECT 'a\\') AS q; DROP TABLE t -- '"),
        (BACKSLASHES, "SELECT $$'$$) AS q; DROP TABLE t"),
        (BACKSLASHES, "SELECT '''a''') FROM (SELECT 1"),
    ],
)
def test_refuses_whatever_leaves_the_brackets(lexis, text):
    with pytest.raises(ConfigError) as refusal:
        lexis.check(text)
    assert refusal.value.code == "invalid_query"


LIMITS = Limits(rows=2, bytes=10_000, seconds=30)


def test_answers_a_persons_own_statement(tmp_path):
    system = Duckdb(tmp_path)
    system.drop_all()
    with closing(system.driver()) as driver:
        told = driver.query("SELECT 1 AS n, 1.50 AS n, DATE '2024-02-29' AS day, [1, 2] AS many, NULL AS no", LIMITS)
        row = {"n": 1, "n_1": "1.50", "day": "2024-02-29", "many": [1, 2], "no": None}
        assert told == Answer(("n", "n_1", "day", "many", "no"), [row], is_cut=False)
        cut = driver.query("WITH r AS (SELECT i FROM range(5) t(i)) SELECT i FROM r ORDER BY i;", LIMITS)
        assert cut == Answer(("i",), [{"i": 0}, {"i": 1}], is_cut=True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DROP TABLE orders", "read_only"),
        ("COPY orders TO 'x.csv'", "read_only"),
        ("SELECT 1; DROP TABLE orders", "invalid_query"),
        ("SELECT * FROM gone", "unknown_table"),
    ],
)
def test_answers_nothing_that_writes(tmp_path, text, code):
    system = Duckdb(tmp_path)
    table = system.make("orders", [{"id": 1}])
    with closing(system.driver()) as driver:
        with pytest.raises(ConfigError) as refusal:
            driver.query(text, LIMITS)
        assert refusal.value.code == code
        assert table in list(driver.streams())


def test_ends_a_statement_that_takes_too_long(tmp_path):
    system = Duckdb(tmp_path)
    system.drop_all()
    endless = "SELECT sum(a.i * b.i) AS n FROM range(10000000) a(i), range(10000000) b(i)"
    with closing(system.driver()) as driver, pytest.raises(TransientError) as refusal:
        driver.query(endless, Limits(rows=1, bytes=1_000, seconds=0.5))
    assert refusal.value.code == "timed_out"
