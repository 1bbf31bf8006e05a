import psycopg
import pymysql.cursors
import pytest

from engine.drivers.sql import survey
from tests.engine.drivers.survey_conformance import SurveyConformance, survey_of

TABLES = 200
PAGE = 80


class CountedConformance(SurveyConformance):
    """For systems whose statements travel. `client`: the cursor that they all pass; `catalogue`: what they all name."""

    client: type
    catalogue: str
    statements: int
    """Of three pages, those that look for the tables included."""

    def test_asks_as_much_as_there_are_pages(self, system, monkeypatch):
        for number in range(TABLES):
            system.execute(f"CREATE TABLE orders_{number} (id integer PRIMARY KEY, name varchar(9))")
        asked = []
        execute = self.client.execute

        def counted(cursor, statement, *rest):
            asked.append(statement.decode() if isinstance(statement, bytes) else statement)
            return execute(cursor, statement, *rest)

        monkeypatch.setattr(self.client, "execute", counted)
        monkeypatch.setattr(survey, "TABLES_AT_ONCE", PAGE)
        driver = system.driver()
        schema = system.table("x").schema
        assert len(list(driver.survey(schema=schema))) == TABLES
        assert len([statement for statement in asked if self.catalogue in statement]) == self.statements
        asked.clear()
        assert len(list(driver.survey(schema=schema, table="orders_7"))) == 1
        assert len([statement for statement in asked if self.catalogue in statement]) <= self.statements


class TestPostgresql(CountedConformance):
    client = psycopg.Cursor
    catalogue = "pg_catalog."
    statements = 4 + 3 * 2  # settings, schemas, tables and, once, types; figures and columns of every page

    @pytest.fixture
    def system(self, postgresql_system):
        return postgresql_system


class TestMariadb(CountedConformance):
    client = pymysql.cursors.Cursor
    catalogue = "information_schema."
    statements = 2 + 3 * 4  # databases and tables; figures, keys, checks and columns of every page

    @pytest.fixture
    def system(self, mariadb_system):
        return mariadb_system


class TestSqlite(SurveyConformance):
    @pytest.fixture
    def system(self, sqlite_system):
        return sqlite_system

    def test_tells_the_rows_that_were_counted(self, system):
        system.execute("CREATE TABLE counted (id integer PRIMARY KEY, name text)")
        system.execute("CREATE INDEX half ON counted (name) WHERE id > 2")
        for number in range(3):
            system.execute("INSERT INTO counted VALUES (?, 'x')", (number,))
        assert [one.rows for one in survey_of(system)] == [None]
        system.execute("CREATE INDEX whole ON counted (name)")
        system.execute("ANALYZE")
        assert [(one.rows, one.bytes) for one in survey_of(system)] == [(3, None)]
        system.execute("DROP TABLE sqlite_stat1")

    def test_tells_a_view_of_what_is_gone(self, system):
        system.execute("CREATE TABLE gone (a integer)")
        system.execute("CREATE VIEW left_over AS SELECT a FROM gone")
        system.execute("DROP TABLE gone")
        assert [(one.table.name, one.kind, one.columns) for one in survey_of(system)] == [("left_over", "view", ())]
