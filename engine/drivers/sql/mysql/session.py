"""The transaction of one reading from MySQL: one snapshot, from its first moment."""

from typing import Any

from pymysql.cursors import SSCursor

from engine.drivers.sql.mysql import errors
from engine.drivers.sql.mysql.connect import Connection
from engine.drivers.sql.mysql.describe import FieldsCursor
from engine.drivers.sql.reading import Fetched
from engine.drivers.sql.select import Statement


class PassingRows(SSCursor):
    """Rows that the server is still sending."""

    after = None
    _result: Any
    connection: Any

    def take(self, count: int) -> Fetched:
        with errors.translated():
            return list(self.fetchmany(count))

    def close(self) -> None:
        """Reads nothing more: the client would read the rest of the table first, or fail at it. What is still to come
        leaves a connection of no more use: it is closed."""
        if self._result is not None and self._result.unbuffered_active:
            self._result.unbuffered_active = False
            self.connection.close()
        self.connection = None


class MysqlSession:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        with errors.translated():
            self.cursor = connection.cursor(FieldsCursor)
            self.cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def fetch(self, statement: Statement, values: dict[str, Any]) -> Fetched:
        with errors.translated():
            self.cursor.execute(statement.text, statement.bound(values))
            return list(self.cursor.fetchall())

    def passing(self, statement: Statement, values: dict[str, Any]) -> "PassingRows":
        cursor = self._connection.cursor(PassingRows)
        with errors.translated():
            cursor.execute(statement.text, statement.bound(values))
        return cursor

    def close(self) -> None:
        self._connection.close()
