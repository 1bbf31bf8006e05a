"""What there is in a PostgreSQL database: one query for every list."""

from typing import Any

from engine.drivers.sql import description
from engine.drivers.sql.postgresql import describe, errors
from engine.drivers.sql.postgresql.session import Connection
from engine.schema import Stream, Table

USABLE_SCHEMAS = f"{describe.SYSTEM_SCHEMAS} AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
# A partition is read through the table that it is part of.
LISTED_TABLES = f"c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND {USABLE_SCHEMAS}"

SCHEMAS = f"SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE {USABLE_SCHEMAS} ORDER BY n.nspname"
TABLES = f"""
SELECT n.nspname, c.relname
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE {LISTED_TABLES} AND n.nspname = coalesce(%(schema)s, n.nspname)
 ORDER BY n.nspname, c.relname
"""


class PostgresqlCatalogue:
    """A connection sees one database, which is the one catalog."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.autocommit = True  # no transaction stays open between two looks

    def check(self) -> None:
        self._rows("SELECT 1")

    def catalogs(self) -> list[str]:
        return [self._connection.info.dbname]

    def schemas(self, catalog: str) -> list[str]:
        self._check_catalog(catalog)
        return [name for (name,) in self._rows(SCHEMAS)]

    def tables(self, catalog: str, schema: str) -> list[Table]:
        if schema not in self.schemas(catalog):
            raise description.unknown_schema(schema)
        return self._tables(schema)

    def every_table(self) -> list[Table]:
        return self._tables(None)

    def describe(self, table: Table) -> Stream:
        with errors.translated(), self._connection.cursor() as cursor:
            return describe.table(cursor, table).stream

    def _tables(self, schema: str | None) -> list[Table]:
        return [Table(name, of) for of, name in self._rows(TABLES, {"schema": schema})]

    def _check_catalog(self, catalog: str) -> None:
        if catalog not in ("", *self.catalogs()):
            raise description.unknown_catalog(catalog)

    def _rows(self, statement: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with errors.translated():
            return self._connection.execute(statement.encode(), values).fetchall()
