"""The transaction of one reading from SQLite."""

import sqlite3
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

    def passing(self, statement: Statement, values: dict[str, Any]) -> "PassingRows":
        with errors.translated():
            return PassingRows(self._connection.execute(statement.text, statement.bound(values)))

    def close(self) -> None:
        self._connection.close()


class PassingRows:
    """What a statement has still to give."""

    after = None

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def take(self, count: int) -> Fetched:
        with errors.translated():
            return self._cursor.fetchmany(count)

    def close(self) -> None:
        self._cursor.close()
