"""What may stand in the brackets that a query is wrapped in."""

import pytest

from engine.drivers.sql.alchemy.mssql import MssqlDriver
from engine.drivers.sql.alchemy.oracle import OracleDriver
from engine.drivers.sql.alchemy.query import BACKSLASHES, STANDARD
from engine.errors import ConfigError

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
