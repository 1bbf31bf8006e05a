"""What a database holds, told in pages of tables: as many statements as there are pages, and never one a table."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from engine.drivers.sql import description
from engine.looking import Named, Surveyed
from engine.schema import Table

# From 1,000 values on MariaDB makes a subquery of a list, and takes more than ten times as long.
TABLES_AT_ONCE = 900

PlaceT = TypeVar("PlaceT")


class SqlSurvey(ABC, Generic[PlaceT]):
    """A connection to survey with. A place is what a table is asked for by; those of all tables are held at once, what
    is told of them a page at a time. Raises the engine's errors."""

    @abstractmethod
    def catalogs(self) -> list[Named]: ...

    @abstractmethod
    def schemas(self, catalog: str) -> list[Named]:
        """Those of every catalog for "". Raises ConfigError `unknown_catalog`."""

    @abstractmethod
    def places(self, schemas: Sequence[str], table: str) -> Sequence[PlaceT]:
        """Of the tables in these schemas, in the order of schema and name; unless `table` is "", of those it names."""

    @abstractmethod
    def page(self, places: Sequence[PlaceT]) -> Iterator[Surveyed]:
        """In the order of the places, without those that are gone by now."""

    def tables(self, catalog: str, schema: str, table: str) -> Iterator[Surveyed]:
        """Raises ConfigError `unknown_catalog`, `unknown_schema`, `unknown_table` for a name that nothing bears."""
        schemas = [named.name for named in self.schemas(catalog) if schema in ("", named.name)]
        if schema and not schemas:
            raise description.unknown_schema(schema)
        places = self.places(schemas, table) if schemas and description.is_name(table) else ()
        if table and not places:
            raise description.unknown_table(Table(table, schema, catalog))
        for start in range(0, len(places), TABLES_AT_ONCE):
            yield from self.page(places[start : start + TABLES_AT_ONCE])
