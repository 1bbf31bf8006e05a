"""The transaction of one reading from SQLite."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from engine.drivers.sql.reading import Fetched
from engine.drivers.sql.select import Statement
from engine.drivers.sql.sqlite import errors


class SqliteSession:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        with errors.translated():
            connection.execute("BEGIN")

    def fetch(self, statement: Statement, values: dict[str, Any]) -> Fetched:
        with errors.translated():
            return self._connection.execute(statement.text, statement.bound(values)).fetchall()

    def stream(self, statement: Statement, values: dict[str, Any], page_rows: int) -> Iterator[Fetched]:
        with errors.translated():
            cursor = self._connection.execute(statement.text, statement.bound(values))
        while fetched := self._next(cursor, page_rows):
            yield fetched

    def close(self) -> None:
        self._connection.close()

    def _next(self, cursor: sqlite3.Cursor, page_rows: int) -> Fetched:
        with errors.translated():
            return cursor.fetchmany(page_rows)
