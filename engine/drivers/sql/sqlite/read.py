"""Reading SQLite in pages. Any column may hold any kind of value: what fits its declared type is made portable, what
does not is left as it is, for the destination to refuse."""

from decimal import Decimal
from typing import Any

from engine.contract import Request
from engine.drivers.sql import select
from engine.drivers.sql.plan import Plan
from engine.drivers.sql.reading import Convert, SqlReading
from engine.drivers.sql.select import Selects, as_it_is
from engine.drivers.sql.sqlite.conditions import SqliteConditions
from engine.drivers.sql.sqlite.session import SqliteSession
from engine.schema import Column, Kind, RawJson

DIALECT = select.dialect("sqlite+pysqlite")
# A place must tell text from bytes, which the column's type does not.
TEXT, BYTES = "t", "b"


class SqliteValues:
    def converter(self, column: Column) -> Convert | None:
        return CONVERTERS.get(column.type.kind)

    def parameter(self, column: Column, value: Any) -> Any:
        return number(value) if column.type.kind in NUMBERS else value

    def place(self, _column: Column, value: Any) -> Any:
        if isinstance(value, str):
            return TEXT + value
        return BYTES + value.hex() if isinstance(value, bytes) else value

    def from_place(self, _column: Column, place: Any) -> Any:
        if not isinstance(place, str):
            return place
        return bytes.fromhex(place[1:]) if place.startswith(BYTES) else place[1:]


class SqliteReading(SqlReading):
    def __init__(self, session: SqliteSession, plan: Plan, request: Request) -> None:
        selects = Selects(plan, DIALECT, as_it_is, SqliteConditions(), row_values=True)
        super().__init__(session, plan, selects, SqliteValues(), request)


def number(value: Any) -> Any:
    """SQLite takes no text for a number where a query has computed what it compares with."""
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def flag(value: Any) -> Any:
    return bool(value) if value in (0, 1) else value


def text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) else value


def decimal(value: Any) -> Any:
    return format(Decimal(str(value)), "f") if isinstance(value, int | float) else value


def data(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def json(value: Any) -> Any:
    return RawJson(value) if isinstance(value, str) else value


CONVERTERS: dict[Kind, Convert] = {
    Kind.BOOLEAN: flag,
    Kind.DECIMAL: decimal,
    Kind.TEXT: text,
    Kind.BINARY: data,
    Kind.JSON: json,
}
NUMBERS = (Kind.BOOLEAN, Kind.INTEGER, Kind.DECIMAL)
