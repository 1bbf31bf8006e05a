"""A writer's connection to MySQL or MariaDB."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pymysql
from pymysql.cursors import Cursor

from engine.drivers.sql.interruption import Interruption
from engine.drivers.sql.mysql import errors
from engine.drivers.sql.mysql.connect import Connection, interruption

# A zero is a value of its own also in a column that the server numbers.
SETTINGS = "SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_AUTO_VALUE_ON_ZERO')"

_SAVEPOINT = "crossdock"


class MysqlSession:
    """`mark`: a named lock that the session holds while it lives, so that others can find it."""

    def __init__(self, connect: Callable[[str], Connection], name: str, mark: str) -> None:
        self._connect = connect
        self._name = name
        self._mark = mark
        self._connection: Connection | None = None
        self._interruption: Interruption | None = None
        self._lock_seconds: int | None = None

    @property
    def connection(self) -> Connection:
        assert self._connection is not None, "begin comes first"
        return self._connection

    @property
    def is_lost(self) -> bool:
        return self._connection is not None and not self._connection.open

    def translated(self) -> contextlib.AbstractContextManager[None]:
        return errors.translated()

    def begin(self, *, lock_seconds: int | None = None) -> None:
        """Outside autocommit the first statement begins a transaction."""
        if self._connection is None or not self._connection.open:
            self._connection = self._connect(self._name)
            self._interruption = interruption(self._connection, lambda: self._connect(self._name))
            self._lock_seconds = None
            self.execute(SETTINGS)
            self.rows("SELECT GET_LOCK(%s, 0)", [self._mark])
        if lock_seconds != self._lock_seconds:
            seconds = "DEFAULT" if lock_seconds is None else lock_seconds
            self.execute(f"SET SESSION innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}")
            self._lock_seconds = lock_seconds

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        if self._connection is None or not self._connection.open:
            return
        try:
            self._connection.rollback()
        except (pymysql.Error, OSError):
            self._close(self._connection)

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        self.execute(f"SAVEPOINT {_SAVEPOINT}")
        try:
            yield
        except BaseException:
            # After a deadlock the server has rolled back everything and knows no savepoint.
            with contextlib.suppress(pymysql.Error):
                self.execute(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
            raise

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        with self.connection.cursor() as cursor:
            return cursor.execute(statement, parameters or None)

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall())

    def spelled(self, statement: str, parameters: Sequence[Any]) -> str:
        """The statement with its parameters in it, as it would be sent."""
        with self.connection.cursor(Cursor) as cursor:
            return cursor.mogrify(statement, parameters)

    def interrupt(self) -> None:
        if self._interruption is not None:
            self._interruption()

    def close(self) -> None:
        if self._connection is not None and self._connection.open:
            self._close(self._connection)

    @staticmethod
    def _close(connection: Connection) -> None:
        with contextlib.suppress(pymysql.Error, OSError):
            connection.close()
