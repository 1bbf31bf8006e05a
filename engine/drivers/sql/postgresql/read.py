"""Reading PostgreSQL in pages: what its types need to become portable text, and the statements that say so."""

from typing import Any

from sqlalchemy import ColumnElement, Numeric, cast, func

from engine.contract import Request
from engine.drivers.sql import select
from engine.drivers.sql.plan import Plan
from engine.drivers.sql.postgresql import conditions
from engine.drivers.sql.postgresql.conditions import PostgresqlConditions
from engine.drivers.sql.postgresql.session import Connection, PostgresqlSession
from engine.drivers.sql.reading import Convert, SqlReading
from engine.drivers.sql.select import Selects, Show
from engine.schema import Column, Kind, Query, Stream

DIALECT = select.dialect("postgresql+psycopg")
MOMENTS = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)


class PostgresqlValues:
    """The client's loaders give portable values already; parameters are text whose type the server infers."""

    def converter(self, _column: Column) -> Convert | None:
        return None

    def parameter(self, _column: Column, value: Any) -> Any:
        return str(value)

    def place(self, _column: Column, value: Any) -> Any:
        return f"\\x{value.hex()}" if isinstance(value, bytes) else value

    def from_place(self, _column: Column, place: Any) -> Any:
        return str(place)


class PostgresqlSelects(Selects):
    def __init__(self, plan: Plan, show: Show, conditions: PostgresqlConditions) -> None:
        super().__init__(plan, DIALECT, show, conditions, row_values=True)

    def usable(self, cursor: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        # "infinity" says "not yet" or "for ever": as a bound it would leave out all that comes later.
        is_moment = self.plan.cursor is not None and self.plan.cursor.type.kind in MOMENTS
        return [*super().usable(cursor), *([func.pg_catalog.isfinite(cursor)] if is_moment else [])]


class PostgresqlReading(SqlReading):
    """`bytes_refusal`: why it cannot be read as bytes; "" where it can."""

    def __init__(self, connection: Connection, plan: Plan, request: Request) -> None:
        self.connection = connection
        self.transaction = PostgresqlSession(connection, native=plan.native)
        self.bytes_refusal = bytes_refusal(plan.stream)
        self.conditions = conditions.of(connection)
        selects = PostgresqlSelects(plan, as_native if plan.native else as_portable, self.conditions)
        super().__init__(self.transaction, plan, selects, PostgresqlValues(), request)


def bytes_refusal(stream: Stream) -> str:
    """Why a stream's bytes would not be safe to hand on; "" where they are."""
    if isinstance(stream.source, Query):
        return "a query"
    own = next((column.name for column in stream.columns if "." in column.native), None)
    return "" if own is None else f"{own} is of a type that every database numbers by itself"


def as_portable(column: Column, plain: ColumnElement[Any]) -> ColumnElement[Any]:
    if column.type.kind is Kind.ARRAY:
        return func.pg_catalog.array_to_json(plain)
    return as_native(column, plain)


def as_native(column: Column, plain: ColumnElement[Any]) -> ColumnElement[Any]:
    # An amount of money is written as the server's locale has it, which no other system reads.
    return cast(plain, Numeric()) if column.native == "money" else plain
