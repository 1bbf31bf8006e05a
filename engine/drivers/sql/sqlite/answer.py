"""A person's own statement at an SQLite file that is open for reading only."""

import sqlite3

from engine.drivers.sql import answer
from engine.drivers.sql.reading import Fetched
from engine.drivers.sql.sqlite import errors
from engine.looking import Answer, Limits

WORDS = ("select", "with", "values", "explain")
LONGEST_VALUE = 50_000_000
"""Bytes. It is made in our own memory, before anybody can count it."""


def of(connection: sqlite3.Connection, text: str, limits: Limits) -> Answer:
    """Raises ConfigError and TransientError."""
    answer.check(text, WORDS)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    with errors.translated():
        return answer.answer(_Results(connection.execute(text)), limits)


class _Results:
    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self.names = [name for name, *_ in cursor.description or ()]

    def take(self, count: int) -> Fetched:
        return self._cursor.fetchmany(count)
