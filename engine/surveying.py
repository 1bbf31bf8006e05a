"""A survey of any system that can be browsed."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from engine.errors import ConfigError
from engine.looking import Browses, Named, Surveyed, Surveys
from engine.schema import Table

MOST_SCHEMAS = 10_000
MOST_TABLES = 100_000

Item = TypeVar("Item")


def surveyed(driver: Browses) -> Surveys:
    """The driver itself where it surveys; else a walk through what it lists, which looks into no table: all columns are
    (), and there are no figures. A walk raises ConfigError `too_many_tables` behind MOST_TABLES or MOST_SCHEMAS."""
    return driver if isinstance(driver, Surveys) else _Walk(driver)


class _Walk:
    def __init__(self, driver: Browses) -> None:
        self._driver = driver

    def survey_catalogs(self) -> list[Named]:
        return [Named(catalog) for catalog in sorted(self._driver.catalogs())]

    def survey_schemas(self, catalog: str = "") -> list[Named]:
        catalogs = [catalog] if catalog else sorted(self._driver.catalogs())
        found = (Named(schema, one) for one in catalogs for schema in sorted(self._driver.schemas(one)))
        return list(_within(found, MOST_SCHEMAS, "schemas"))

    def survey(self, catalog: str = "", schema: str = "", table: str = "") -> Iterator[Surveyed]:
        found = False
        for told in _within(self._tables(catalog, schema, table), MOST_TABLES, "tables"):
            found = True
            yield Surveyed(told, "table", ())
        if table and not found:
            raise ConfigError(f"There is no table {str(Table(table, schema, catalog))!r}.", code="unknown_table")

    def _tables(self, catalog: str, schema: str, table: str) -> Iterator[Table]:
        places = self._places(catalog, schema)
        for place in places:
            names = sorted(told.name for told in self._listed(place, may_fail=len(places) > 1))
            yield from (Table(name, place.name, place.catalog) for name in names if table in ("", name))

    def _places(self, catalog: str, schema: str) -> list[Named]:
        """A schema that is named is looked into whether it is listed or not: a listing may stop early."""
        if not schema:
            return self.survey_schemas(catalog)
        catalogs = [catalog] if catalog else sorted(self._driver.catalogs())
        return [Named(schema, one) for one in catalogs]

    def _listed(self, place: Named, *, may_fail: bool) -> list[Table]:
        try:
            return self._driver.tables(place.catalog, place.name)
        except ConfigError:
            if not may_fail:
                raise
            return []  # one of many that is gone by now, or may not be looked into


def _within(items: Iterable[Item], most: int, what: str) -> Iterator[Item]:
    for number, item in enumerate(items, 1):
        if number > most:
            raise ConfigError(f"There are more than {most:,} {what}: too many to survey.", code="too_many_tables")
        yield item
