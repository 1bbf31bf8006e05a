"""A person's own statement at MySQL or MariaDB, in a transaction that only reads."""

from typing import Any

from engine.drivers.sql import answer
from engine.drivers.sql.mysql import describe, errors, types
from engine.drivers.sql.mysql.connect import Connection
from engine.drivers.sql.mysql.read import MysqlValues
from engine.drivers.sql.mysql.session import PassingRows
from engine.drivers.sql.reading import Convert, Fetched
from engine.errors import ConfigError
from engine.looking import Answer, Limits
from engine.schema import Column, Kind, Query

WORDS = ("select", "with", "values", "table", "show", "explain", "describe", "desc")


def of(connection: Connection, text: str, limits: Limits) -> Answer:
    """Raises ConfigError and TransientError. The connection is of no use to anybody else afterwards."""
    answer.check(text, WORDS)
    describe.check_query(Query(text))
    with errors.translated():
        connection.query(_patience(connection, limits.seconds))
        connection.query("START TRANSACTION READ ONLY")
        rows = connection.cursor(PassingRows)
        rows.execute(text)
    try:
        return answer.answer(_Results(rows), limits)
    finally:
        rows.close()


class _Results:
    """Rows in portable values, by what the result says of its fields."""

    def __init__(self, rows: PassingRows) -> None:
        if rows.description is None:
            raise ConfigError("The statement has no rows to answer.", code="invalid_query")
        fields = rows._result.fields  # noqa: SLF001  (the client tells more of them nowhere else)
        columns = [Column(field.name, types.portable(types.of_field(field))) for field in fields]
        self.names = [column.name for column in columns]
        self._converters = [_converter(column) for column in columns]
        self._rows = rows

    def take(self, count: int) -> Fetched:
        return [tuple(map(_converted, self._converters, row)) for row in self._rows.take(count)]


def _converter(column: Column) -> Convert | None:
    """An unsigned BIGINT is a number to JSON, whatever it is to other databases."""
    return None if column.type.kind is Kind.DECIMAL else MysqlValues().converter(column)


def _converted(convert: Convert | None, value: Any) -> Any:
    return value if value is None or convert is None else convert(value)


def _patience(connection: Connection, seconds: float) -> str:
    """The statement that makes the server end what takes longer."""
    if connection.is_mariadb:
        return f"SET SESSION max_statement_time = {seconds:g}"
    return f"SET SESSION max_execution_time = {round(seconds * 1000)}"
