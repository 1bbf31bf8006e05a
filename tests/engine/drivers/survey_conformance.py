"""What every driver that surveys owes its callers. A driver's tests inherit from it and give a `system` fixture."""

from collections.abc import Iterator

import pytest

from engine.drivers.sql import survey
from engine.errors import ConfigError
from engine.looking import Named, Surveyed, Surveys
from engine.schema import Table
from tests.engine.drivers.conformance import ODD_NAMES, failure, numbered
from tests.engine.drivers.systems import System


def place(system: System) -> tuple[str, str]:
    """Catalog and schema of the tables that `system` makes."""
    driver = system.driver()
    [catalog, *_] = [name for name in driver.catalogs() if name in ("", system.settings.get("database"))]
    return catalog, system.table("x").schema or driver.schemas(catalog)[0]


def survey_of(system: System) -> list[Surveyed]:
    """Of the place where `system` makes its tables."""
    return list(system.driver().survey(*place(system)))


class SurveyConformance:
    @pytest.fixture(autouse=True)
    def _tidy(self, system: System) -> Iterator[None]:
        system.drop_all()
        yield
        system.close_drivers()

    def test_lists_what_browsing_lists(self, system):
        driver = system.driver()
        assert isinstance(driver, Surveys)
        catalogs = driver.survey_catalogs()
        assert [catalog.name for catalog in catalogs] == driver.catalogs()
        schemas = [Named(name, catalog) for catalog in driver.catalogs() for name in driver.schemas(catalog)]
        assert [Named(schema.name, schema.catalog) for schema in driver.survey_schemas()] == schemas
        assert [schema.name for schema in driver.survey_schemas(place(system)[0])] == driver.schemas(place(system)[0])

    def test_tells_nothing_where_there_is_nothing(self, system):
        assert survey_of(system) == []

    def test_tells_tables_of_any_name_in_their_order(self, system):
        for name in ODD_NAMES:
            system.make(name, numbered(1), key=["id"])
        catalog, schema = place(system)
        found = survey_of(system)
        assert [one.table for one in found] == [Table(name, schema, catalog) for name in sorted(ODD_NAMES)]
        driver = system.driver()
        for one in found:
            assert one.columns == driver.describe(one.table).columns
            assert list(driver.survey(catalog, schema, one.table.name)) == [one]

    def test_tells_a_primary_key_in_its_own_order(self, system):
        system.execute("CREATE TABLE pairs (a integer NOT NULL, b integer NOT NULL, c integer, PRIMARY KEY (b, a))")
        system.execute("CREATE TABLE coded (code integer NOT NULL UNIQUE)")
        system.execute("CREATE VIEW shown AS SELECT a, c FROM pairs")
        found = survey_of(system)
        assert [(one.table.name, one.kind, one.primary_key) for one in found] == [
            ("coded", "table", ()),
            ("pairs", "table", ("b", "a")),
            ("shown", "view", ()),
        ]
        assert [column.name for column in found[2].columns] == ["a", "c"]
        assert (found[2].rows, found[2].bytes) == (None, None)

    def test_tells_many_tables_page_by_page(self, system, monkeypatch):
        monkeypatch.setattr(survey, "TABLES_AT_ONCE", 2)
        tables = [system.make(f"orders_{number}", numbered(1)).name for number in range(5)]
        found = survey_of(system)
        assert [one.table.name for one in found] == tables
        assert [len(one.columns) for one in found] == [2] * 5

    def test_can_be_left_in_the_middle(self, system):
        for name in ("a", "b"):
            system.make(name, numbered(1))
        driver = system.driver()
        told = driver.survey()
        next(told)
        told.close()
        assert [one.table.name for one in driver.survey(*place(system))] == ["a", "b"]

    def test_refuses_names_that_nothing_bears(self, system):
        system.make("orders", numbered(1))
        catalog, schema = place(system)
        driver = system.driver()
        for name in ("nowhere", "a\0b", "\ud800", "x" * 300, "😀"):
            for names, code in (
                ((name,), "unknown_catalog"),
                ((catalog, name), "unknown_schema"),
                (("", name), "unknown_schema"),
                ((catalog, schema, name), "unknown_table"),
                (("", "", name), "unknown_table"),
            ):
                failure(lambda: next(driver.survey(*names)), ConfigError, code)  # noqa: B023
            failure(lambda: driver.survey_schemas(name), ConfigError, "unknown_catalog")  # noqa: B023
