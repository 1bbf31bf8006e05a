"""What there is in a further database: one catalog, the one that the connection's settings name."""

from engine.drivers.sql import description
from engine.drivers.sql.alchemy import describe
from engine.drivers.sql.alchemy.inspection import Inspected
from engine.drivers.sql.alchemy.session import Line
from engine.drivers.sql.description import Description
from engine.schema import Stream, Table


class AlchemyCatalogue:
    def __init__(self, system: Inspected, line: Line) -> None:
        self._system = system
        self._line = line
        self._catalog = system.catalog
        self._inspection = system.inspection(line)

    def check(self) -> None:
        # Some let everybody in and ask for the database only when something of it is asked for.
        self.schemas("")

    def catalogs(self) -> list[str]:
        return [self._catalog]

    def schemas(self, catalog: str) -> list[str]:
        if catalog not in ("", self._catalog):
            raise description.unknown_catalog(catalog)
        with self._line.reports.translated():
            found = self._inspection.schemas()
        return sorted(name for name in found if name.lower() not in self._system.hidden_schemas)

    def tables(self, catalog: str, schema: str) -> list[Table]:
        if schema not in self.schemas(catalog):
            raise description.unknown_schema(schema)
        return [Table(name, schema) for name in self.kinds(schema)]

    def every_table(self) -> list[Table]:
        return [Table(name, schema) for schema in self.schemas("") for name in self.kinds(schema)]

    def describe(self, table: Table) -> Stream:
        return self.described(table).stream

    def described(self, asked: Table) -> Description:
        """Raises ConfigError `unknown_table`."""
        schema = asked.schema or self.default_schema
        is_possible = asked.catalog in ("", self._catalog) and description.is_name(asked.name + schema)
        kind = self.kinds(schema).get(asked.name) if is_possible and schema in self.schemas("") else None
        if kind is None:
            raise description.unknown_table(asked)
        with self._line.reports.translated():
            return describe.table(
                self._inspection,
                Table(asked.name, schema),
                kind,
                keeps_keys=self._system.keeps_keys,
                has_all_digits=self._system.has_all_digits,
            )

    @property
    def default_schema(self) -> str:
        return self._system.schema or self._inspection.default_schema

    def kinds(self, schema: str) -> dict[str, str]:
        """The schema's tables and views by name."""
        with self._line.reports.translated():
            return self._inspection.tables(schema)
