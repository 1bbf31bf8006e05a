"""A writer's connection to PostgreSQL."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import psycopg

from engine.drivers.sql.interruption import Interruption
from engine.drivers.sql.postgresql import errors
from engine.drivers.sql.postgresql.connect import interruption

Connection = psycopg.Connection[tuple[Any, ...]]

# What text means on its way in must not depend on the server's or the role's settings.
SETTINGS = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET statement_timeout = 0"


class PostgresqlSession:
    def __init__(self, connect: Callable[[str], Connection], name: str) -> None:
        self._connect = connect
        self._name = name
        self._connection: Connection | None = None
        self._interruption: Interruption | None = None

    @property
    def is_lost(self) -> bool:
        return self._connection is not None and self._connection.closed

    @property
    def connection(self) -> Connection:
        assert self._connection is not None, "begin comes first"
        return self._connection

    def translated(self) -> contextlib.AbstractContextManager[None]:
        return errors.translated()

    def begin(self, *, lock_seconds: int | None = None) -> None:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect(self._name)
            self._interruption = interruption(self._connection)
            self._connection.autocommit = True
            self._connection.execute(SETTINGS)
        limit = "" if lock_seconds is None else f"SET LOCAL lock_timeout = '{lock_seconds}s'"
        if self._connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            self._connection.execute(f"BEGIN; {limit}")
        elif limit:
            self._connection.execute(limit)

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        if self._connection is None or self._connection.closed:
            return
        try:
            self._connection.rollback()
        except psycopg.Error:
            self._connection.close()

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        with self.connection.transaction():
            yield

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        return self._execute(statement, parameters).rowcount

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._execute(statement, parameters).fetchall()

    def copy_in(self, statement: str, chunks: Iterable[bytes]) -> int:
        """How many rows were copied. An error that `chunks` raises takes the copy back."""
        with self.connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for chunk in chunks:
                    copy.write(chunk)
            return cursor.rowcount

    def interrupt(self) -> None:
        if self._interruption is not None:
            self._interruption()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _execute(self, statement: str, parameters: Sequence[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
        return self.connection.execute(statement, parameters or None)
