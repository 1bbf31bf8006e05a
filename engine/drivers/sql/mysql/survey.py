"""What a MySQL or MariaDB server holds: every database that its user sees."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.drivers.sql import description
from engine.drivers.sql.mysql import browse, columns, describe, errors
from engine.drivers.sql.mysql.columns import Place
from engine.drivers.sql.mysql.connect import Connection
from engine.drivers.sql.survey import SqlSurvey
from engine.looking import Named, Surveyed
from engine.schema import Table

SETTINGS = (
    # Of a table that is locked for longer, say because it is being made and filled, the name alone is told.
    "SET SESSION lock_wait_timeout = 1",
    # MySQL 8 may tell figures of yesterday unless it is asked for today's; no other server knows the setting.
    "/*!80003 SET SESSION information_schema_stats_expiry = 0 */",
)

SCHEMAS = "SELECT SCHEMA_NAME, {comment} FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN %s"

PLACES = f"SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE {browse.LISTED_TABLES}"
OF_A_NAME = "AND TABLE_NAME = %(name)s AND (@@lower_case_table_names > 0 OR BINARY TABLE_NAME = %(name)s)"

# What has no engine is a view, broken or locked, and its "comment" says that.
TABLES = """
SELECT TABLE_SCHEMA, TABLE_NAME, IF(TABLE_TYPE = 'VIEW', 'view', 'table'), TABLE_ROWS, DATA_LENGTH + INDEX_LENGTH,
       IF(ENGINE IS NULL, '', TABLE_COMMENT)
  FROM information_schema.TABLES
 WHERE TABLE_SCHEMA {schemas} AND TABLE_NAME {names}
"""

PRIMARY_KEYS = """
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME
  FROM information_schema.STATISTICS
 WHERE TABLE_SCHEMA {schemas} AND TABLE_NAME {names} AND INDEX_NAME = 'PRIMARY'
 ORDER BY SEQ_IN_INDEX
"""


class MysqlSurvey(SqlSurvey[Place]):
    """Neither server shows its catalogue in a snapshot: every page is told as it is at its time."""

    def __init__(self, connection: Connection) -> None:
        self._is_mariadb = connection.is_mariadb
        self._cursor = connection.cursor()
        with errors.translated():
            connection.autocommit(True)  # noqa: FBT003  (the client's own signature)
            for statement in SETTINGS:
                self._cursor.execute(statement)

    def catalogs(self) -> list[Named]:
        # MySQL keeps no comments of databases.
        statement = SCHEMAS.format(comment="SCHEMA_COMMENT" if self._is_mariadb else "''")
        return [
            Named(name, comment=comment) for name, comment in sorted(self._rows(statement, [describe.SYSTEM_DATABASES]))
        ]

    def schemas(self, catalog: str) -> list[Named]:
        """Of a database, itself."""
        found = [Named(one.name, one.name, one.comment) for one in self.catalogs() if catalog in ("", one.name)]
        if catalog and not found:
            raise description.unknown_catalog(catalog)
        return found

    def places(self, schemas: Sequence[str], table: str) -> list[Place]:
        if not describe.is_name(table):
            return []
        statement = f"{PLACES} {OF_A_NAME}" if table else PLACES
        return sorted(self._rows(statement, {"schemas": columns.listed(schemas), "name": table}))

    def page(self, places: Sequence[Place]) -> Iterator[Surveyed]:
        with errors.translated():
            tables = columns.facts(self._cursor, TABLES, places)
            keys = columns.facts(self._cursor, PRIMARY_KEYS, places)
            found = columns.of_tables(self._cursor, places, is_mariadb=self._is_mariadb)
        for place in places:
            schema, name = place
            for kind, rows, size, comment in tables[place]:
                yield Surveyed(
                    table=Table(name, schema, schema),
                    kind=kind,
                    columns=tuple(found[place]),
                    primary_key=tuple(column for (column,) in keys[place]),
                    rows=rows,
                    bytes=size,
                    comment=comment,
                )

    def _rows(self, statement: str, values: Sequence[Any] | Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        with errors.translated():
            self._cursor.execute(statement, values)
            return self._cursor.fetchall()
