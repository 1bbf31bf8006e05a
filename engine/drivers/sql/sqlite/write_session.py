"""A writer's connection to an SQLite file."""

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from engine.drivers.sql.sqlite import errors

_SAVEPOINT = "crossdock"
_MARKS = re.compile("%[s%]")


class SqliteSession:
    """A file has no sessions to end: who holds its lock is waited for."""

    is_lost = False

    def __init__(self, connect: Callable[[str], sqlite3.Connection], name: str) -> None:
        self._connect = connect
        self._name = name
        self._connection: sqlite3.Connection | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        assert self._connection is not None, "begin comes first"
        return self._connection

    def translated(self) -> contextlib.AbstractContextManager[None]:
        return errors.translated()

    def begin(self, *, lock_seconds: int | None = None) -> None:  # noqa: ARG002  (the connection has its own patience)
        if self._connection is None:
            self._connection = self._connect(self._name)
            self._connection.execute("PRAGMA foreign_keys = ON")
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):  # a full disk may have rolled it back already
                self._connection.rollback()

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        self.execute(f"SAVEPOINT {_SAVEPOINT}")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.execute(f"ROLLBACK TO {_SAVEPOINT}")
            raise
        self.execute(f"RELEASE {_SAVEPOINT}")

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        return self._execute(statement, parameters).rowcount

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._execute(statement, parameters).fetchall()

    def execute_for_all(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self.connection.executemany(statement, rows)

    def interrupt(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.ProgrammingError):  # it is closed
                self._connection.interrupt()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _execute(self, statement: str, parameters: Sequence[Any]) -> sqlite3.Cursor:
        if parameters:
            statement = _MARKS.sub(lambda mark: "?" if mark[0] == "%s" else "%", statement)
        return self.connection.execute(statement, parameters)
