"""Loads rows into a MySQL or MariaDB table by INSERTs of many rows."""

from collections.abc import Sequence
from typing import Any

import pymysql
from pymysql.constants import ER

from engine.drivers.sql.mysql.ddl import names, quoted, quoted_table
from engine.drivers.sql.mysql.write_refusals import named, refusal
from engine.drivers.sql.mysql.write_session import MysqlSession
from engine.drivers.sql.write_rejects import Refusal
from engine.schema import Column, Table

Values = tuple[Any, ...]

_TOO_LARGE = Refusal("value_too_long", "The row is larger than a statement may be (max_allowed_packet).")
_OTHER_ROW = Refusal("duplicate_key", "Another row has the same value in another unique index.")
# What else a packet holds.
_PACKET_HEADER = 1024


class Loader:
    """`key`: update the rows that have it already. `packet`: the longest statement that the server takes."""

    def __init__(
        self, session: MysqlSession, table: Table, columns: Sequence[Column], key: Sequence[str], packet: int
    ) -> None:
        self._session = session
        self._longest = packet - _PACKET_HEADER
        self._key_places = {column.name: place for place, column in enumerate(columns) if column.name in key}
        self._insert = _escaped(f"INSERT INTO {quoted_table(table)} ({names(columns)}) VALUES ")
        self._row = f"({', '.join(['%s'] * len(columns))})"
        self._update = _escaped(_update(columns, key)) if key else ""

    def load(self, rows: Sequence[Values]) -> Refusal | None:
        """All of the rows, or none and why."""
        try:
            with self._session.savepoint():
                self._insert_rows(rows)
        except _TooLargeError:
            return _TOO_LARGE
        except pymysql.Error as error:
            refused = refusal(error)
            if refused is None:
                raise
            return _OTHER_ROW if self._is_of_another_row(error, rows) else refused
        return None

    def _insert_rows(self, rows: Sequence[Values]) -> None:
        statement = self._insert + ", ".join([self._row] * len(rows)) + self._update
        spelled = self._session.spelled(statement, [value for row in rows for value in row])
        if len(spelled.encode(errors="surrogateescape")) <= self._longest:
            self._session.execute(spelled)
        elif len(rows) == 1:
            raise _TooLargeError
        else:
            middle = len(rows) // 2
            self._insert_rows(rows[:middle])
            self._insert_rows(rows[middle:])

    def _is_of_another_row(self, error: pymysql.Error, rows: Sequence[Values]) -> bool:
        """Whether it was our own assignment of NULL that failed, not a value of the row."""
        place = self._key_places.get(named(error))
        return error.args[0] == ER.BAD_NULL_ERROR and place is not None and all(row[place] is not None for row in rows)


class _TooLargeError(Exception):
    pass


def _update(columns: Sequence[Column], key: Sequence[str]) -> str:
    """A row of the same key is updated. One that is the same only in another unique index must not be: for it the key
    is assigned NULL, which fails."""
    assignments = []
    for column in columns:
        name = quoted(column.name)
        value = f"IF({name} <=> VALUES({name}), VALUES({name}), NULL)" if column.name in key else f"VALUES({name})"
        assignments.append(f"{name} = {value}")
    return " ON DUPLICATE KEY UPDATE " + ", ".join(assignments)


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
