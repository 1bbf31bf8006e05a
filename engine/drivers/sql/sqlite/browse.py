"""What there is in an SQLite file: one catalog without a name, one schema "main"."""

import sqlite3

from engine.drivers.sql import description
from engine.drivers.sql.sqlite import describe, errors
from engine.schema import Stream, Table

SCHEMA = "main"


class SqliteCatalogue:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def check(self) -> None:
        self.every_table()

    def catalogs(self) -> list[str]:
        return [""]

    def schemas(self, catalog: str) -> list[str]:
        if catalog:
            raise description.unknown_catalog(catalog)
        return [SCHEMA]

    def tables(self, catalog: str, schema: str) -> list[Table]:
        if schema not in self.schemas(catalog):
            raise description.unknown_schema(schema)
        return self.every_table()

    def every_table(self) -> list[Table]:
        with errors.translated():
            return [Table(name) for name, _ in self._connection.execute(f"{describe.TABLES} ORDER BY name")]

    def describe(self, table: Table) -> Stream:
        with errors.translated():
            return describe.table(self._connection, table).stream
