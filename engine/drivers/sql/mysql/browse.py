"""What there is on a MySQL or MariaDB server: every database is a catalog with one schema of the same name."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.drivers.sql import description
from engine.drivers.sql.mysql import describe, errors
from engine.drivers.sql.mysql.connect import Connection
from engine.schema import Stream, Table

DATABASES = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN %s ORDER BY SCHEMA_NAME"
LISTED_TABLES = "TABLE_SCHEMA IN %(schemas)s AND TABLE_TYPE IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')"
TABLES = f"""
SELECT TABLE_NAME, TABLE_SCHEMA FROM information_schema.TABLES WHERE {LISTED_TABLES} ORDER BY TABLE_SCHEMA, TABLE_NAME
"""


class MysqlCatalogue:
    """`database`: the one that the connection's settings name, or ""."""

    def __init__(self, connection: Connection, database: str) -> None:
        self._connection = connection
        self._database = database
        with errors.translated():
            connection.autocommit(True)  # noqa: FBT003  (the client's own signature)

    def check(self) -> None:
        self._rows("SELECT 1")

    def catalogs(self) -> list[str]:
        return [name for (name,) in self._rows(DATABASES, [describe.SYSTEM_DATABASES])]

    def schemas(self, catalog: str) -> list[str]:
        asked = catalog or self._database
        if not asked:
            return self.catalogs()
        if asked not in self.catalogs():
            raise description.unknown_catalog(asked)
        return [asked]

    def tables(self, catalog: str, schema: str) -> list[Table]:
        if schema not in self.schemas(catalog or schema):
            raise description.unknown_schema(schema)
        return self._tables([schema])

    def every_table(self) -> list[Table]:
        return self._tables([self._database] if self._database else self.catalogs())

    def describe(self, table: Table) -> Stream:
        with errors.translated(), self._connection.cursor() as cursor:
            return describe.table(cursor, table, self._database, is_mariadb=self._connection.is_mariadb).stream

    def _tables(self, databases: Sequence[str]) -> list[Table]:
        # The client would write an empty list as (), which is no SQL.
        return [Table(*row) for row in self._rows(TABLES, {"schemas": databases})] if databases else []

    def _rows(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Sequence[tuple[Any, ...]]:
        with errors.translated(), self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()
