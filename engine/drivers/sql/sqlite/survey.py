"""What an SQLite file holds. It is asked table by table: a statement here is a call, and waits for no server."""

import sqlite3
from collections.abc import Iterator, Sequence

from engine.drivers.sql import description
from engine.drivers.sql.sqlite import browse, describe, errors
from engine.drivers.sql.sqlite.describe import Facts
from engine.drivers.sql.survey import SqlSurvey
from engine.errors import ConfigError
from engine.looking import Named, Surveyed
from engine.schema import Table

Place = tuple[str, str]
"""A table's name, and whether it is a "table" or a "view"."""

# An index's statistics begin with the number of its rows; one over a part of the table counts that part.
ROWS = "SELECT tbl, max(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl"
HAS_STATISTICS = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'"

# A view of what is gone, a table of a module that is not here.
BROKEN = ("unknown_table", "unknown_column", "invalid_query")


class SqliteSurvey(SqlSurvey[Place]):
    """A snapshot, as every transaction of SQLite is. Rows are known where ANALYZE has counted them, sizes nowhere."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        with errors.translated():
            connection.execute("BEGIN")

    def catalogs(self) -> list[Named]:
        return [Named("")]

    def schemas(self, catalog: str) -> list[Named]:
        if catalog:
            raise description.unknown_catalog(catalog)
        return [Named(browse.SCHEMA)]

    def places(self, schemas: Sequence[str], table: str) -> list[Place]:  # noqa: ARG002  (there is one)
        with errors.translated():
            statement = f"{describe.TABLES} AND (?1 = '' OR name = ?1 COLLATE NOCASE) ORDER BY name"
            return self._connection.execute(statement, (table,)).fetchall()

    def page(self, places: Sequence[Place]) -> Iterator[Surveyed]:
        rows = self._rows()
        for name, kind in places:
            facts = self._facts(name)
            yield Surveyed(
                table=Table(name, browse.SCHEMA),
                kind=kind,
                columns=facts.columns,
                primary_key=facts.primary_key,
                rows=rows.get(name),
            )

    def _rows(self) -> dict[str, int]:
        with errors.translated():
            is_analysed = self._connection.execute(HAS_STATISTICS).fetchone()
            return dict(self._connection.execute(ROWS)) if is_analysed else {}

    def _facts(self, name: str) -> Facts:
        try:
            with errors.translated():
                return describe.facts(self._connection, name)
        except ConfigError as error:
            if error.code not in BROKEN:
                raise
            return Facts((), (), ())
