"""A person's own statement at PostgreSQL, in a transaction that only reads."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import TupleRow

from engine.drivers.sql import answer
from engine.drivers.sql.postgresql import errors, session
from engine.drivers.sql.postgresql.session import Connection, PostgresqlSession
from engine.drivers.sql.reading import Fetched
from engine.errors import ConfigError
from engine.looking import Answer, Limits

IN_CURSOR = ("select", "with", "values", "table")
AT_ONCE = ("show", "explain")


def of(connection: Connection, text: str, limits: Limits) -> Answer:
    """Raises ConfigError and TransientError. The connection is of no use to anybody else afterwards: a statement may
    have changed its settings, and taken locks that outlive the transaction."""
    word = answer.check(text, IN_CURSOR + AT_ONCE)
    settings = PostgresqlSession(connection, native=False)
    settings.set(statement_timeout=f"{round(limits.seconds * 1000)}")
    execute = _at_once if word in AT_ONCE else _in_cursor
    with errors.translated(), execute(connection, text) as cursor:
        return answer.answer(_Results(cursor), limits)


class _Results:
    def __init__(self, cursor: "psycopg.Cursor[TupleRow] | psycopg.ServerCursor[TupleRow]") -> None:
        self._cursor = cursor
        self.names = [column.name for column in cursor.description or ()]

    def take(self, count: int) -> Fetched:
        return self._cursor.fetchmany(count)


@contextmanager
def _in_cursor(connection: Connection, text: str) -> Iterator["psycopg.ServerCursor[TupleRow]"]:
    """The server keeps what was not asked for, takes no second statement, and no WITH that writes."""
    with connection.cursor(name="crossdock") as cursor:
        session.leave_as_text(cursor.adapters, native=False, parse_arrays=True)
        yield cursor.execute(text.encode())


@contextmanager
def _at_once(connection: Connection, text: str) -> Iterator["psycopg.Cursor[TupleRow]"]:
    with connection.cursor() as cursor:
        session.leave_as_text(cursor.adapters, native=False)
        with connection.pipeline():  # in which a text is one statement
            cursor.execute(text.encode())
        if cursor.description is None:
            raise ConfigError("The statement has no rows to answer.", code="invalid_query")
        yield cursor
