"""A connection to a further database, and the reading over it."""

import contextlib
from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy import Connection, CursorResult, Executable, Select, TextClause, event
from sqlalchemy.exc import SQLAlchemyError

from engine.drivers.sql.alchemy.errors import Reports
from engine.drivers.sql.alchemy.selects import Expression
from engine.drivers.sql.reading import Fetched, Rows
from engine.drivers.sql.select import Statement

# What clients call it when a statement is to be ended from another thread.
ENDING = ("interrupt", "cancel")


class Line:
    """A connection of SQLAlchemy's, closed for good with it. `reports`: how it says what went wrong."""

    def __init__(self, connection: Connection, reports: Reports) -> None:
        self.connection = connection
        self.reports = reports
        self.is_sending = False
        self._cursor: Any = None
        event.listen(connection, "before_cursor_execute", self._remember)

    def execute(self, statement: Executable, values: dict[str, Any]) -> CursorResult[Any]:
        """Raises the engine's errors."""
        with self.reports.translated():
            return self.connection.execute(statement, values)

    def execute_as_is(self, statement: str, values: Any) -> None:
        """Of a statement that its client is to see as it stands, and its parameters as the client takes them."""
        with self.reports.translated():
            self.connection.exec_driver_sql(statement, values)

    def rows(self, statement: Select[Any] | TextClause, values: dict[str, Any] | None = None) -> Fetched:
        with self.reports.translated():
            return _plain(self.execute(statement, values or {}).fetchall())

    def is_reset(self) -> bool:
        """Ends the transaction; whether the connection can be used again."""
        if self.is_sending or self.connection.invalidated:
            return False
        with contextlib.suppress(SQLAlchemyError, OSError):
            self.connection.rollback()
            return not self.connection.closed
        return False

    def end_statement(self) -> None:
        """Asks for it; nothing happens with a client that cannot. Never raises, since it may all be over already."""
        driver_connection = getattr(self.connection, "connection", None)
        for one in (getattr(driver_connection, "driver_connection", None), self._cursor):
            for name in ENDING:
                if callable(end := getattr(one, name, None)):
                    with contextlib.suppress(Exception):
                        end()
                    return

    def _remember(self, _connection: Connection, cursor: Any, *_: Any) -> None:
        self._cursor = cursor  # before the statement is waited for

    def close(self) -> None:
        # Closing may itself talk to a server that is gone. What is still being sent ends with its cursor.
        if self.is_sending:
            with contextlib.suppress(Exception):
                self._cursor.close()
        with contextlib.suppress(Exception):
            self.connection.invalidate() if self.is_sending else self.connection.close()
        with contextlib.suppress(Exception):
            self.connection.engine.dispose()


class AlchemySession:
    """The transaction of one reading. `options`: how a pass over rows is asked for, none of them read ahead."""

    options: ClassVar[dict[str, Any]] = {"stream_results": True}

    def __init__(self, line: Line) -> None:
        self.line = line

    def fetch(self, statement: Statement, values: dict[str, Any]) -> Fetched:
        assert isinstance(statement, Expression)
        with self.line.reports.translated():
            return _plain(self.line.execute(*statement.filled(values)).fetchall())

    def passing(self, statement: Statement, values: dict[str, Any]) -> Rows:
        assert isinstance(statement, Expression)
        select, parameters = statement.filled(values)
        streamed = select.execution_options(**self.options)
        return PassingRows(self.line, self.line.execute(streamed, parameters))

    def close(self) -> None:
        self.line.close()


class PassingRows:
    """Rows that are still to come, which the connection is of no other use before."""

    after = None

    def __init__(self, line: Line, result: CursorResult[Any]) -> None:
        self._line = line
        self._result = result
        line.is_sending = True

    def take(self, count: int) -> Fetched:
        with self._line.reports.translated():
            fetched = _plain(self._result.fetchmany(count))
        self._line.is_sending = len(fetched) == count
        return fetched

    def close(self) -> None:
        if not self._line.is_sending:
            with contextlib.suppress(SQLAlchemyError, OSError):
                self._result.close()


def _plain(fetched: Sequence[Any]) -> Fetched:
    return list(map(tuple, fetched))
