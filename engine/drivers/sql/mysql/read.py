"""Reading MySQL and MariaDB in pages: what their values need to become portable."""

import struct
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column

from engine.contract import Request
from engine.drivers.sql import select
from engine.drivers.sql.mysql import types
from engine.drivers.sql.mysql.conditions import MysqlConditions
from engine.drivers.sql.mysql.session import MysqlSession
from engine.drivers.sql.plan import Plan
from engine.drivers.sql.reading import Convert, SqlReading
from engine.drivers.sql.select import Selects
from engine.schema import Column, Kind, RawJson

DIALECT = select.dialect("mysql+pymysql")
UTC = "+00:00"


class MysqlValues:
    def converter(self, column: Column) -> Convert | None:
        kind = column.type.kind
        if kind is Kind.FLOAT and column.type.size == types.SINGLE:
            return shortest_single
        if kind is Kind.TIMESTAMPTZ:
            return lambda text: text + UTC
        return CONVERTERS.get(kind)

    def place(self, _column: Column, value: Any) -> Any:
        return value.hex() if isinstance(value, bytes) else value

    def from_place(self, column: Column, place: Any) -> Any:
        return bytes.fromhex(place) if column.type.kind is Kind.BINARY else self.parameter(column, place)

    def parameter(self, column: Column, value: Any) -> Any:
        """Numbers as numbers, since MySQL compares a number with a text as floats."""
        kind = column.type.kind
        if kind in (Kind.INTEGER, Kind.BOOLEAN):
            return int(value)
        if kind is Kind.DECIMAL:
            return Decimal(value)
        return str(value).removesuffix(UTC)


class MysqlReading(SqlReading):
    def __init__(self, session: MysqlSession, plan: Plan, request: Request) -> None:
        self.session = session
        # A row comparison walks the whole index there.
        selects = Selects(plan, DIALECT, as_portable, MysqlConditions(), row_values=False)
        super().__init__(session, plan, selects, MysqlValues(), request)


def as_portable(column: Column, plain: ColumnElement[Any]) -> ColumnElement[Any]:
    if column.native in types.SHAPES:
        return func.ST_AsText(plain)
    if column.type.kind is Kind.FLOAT and column.type.size == types.SINGLE:
        # Sent by itself it is rounded to six digits.
        return plain + literal_column("0e0")
    return plain


def flag(value: int) -> bool | int:
    """TINYINT(1) also holds 2; that is left for the destination to refuse."""
    return bool(value) if value in (0, 1) else value


def shortest_single(value: float) -> float:
    """The fewest digits that are the same 32-bit number: 0.1, not 0.10000000149011612."""
    wanted = struct.pack("f", value)
    for digits in range(6, 10):
        shorter = float(f"{value:.{digits}g}")
        if struct.pack("f", shorter) == wanted:
            return shorter
    return value


# An unsigned BIGINT comes as a number and travels as a decimal's text.
CONVERTERS: dict[Kind, Convert] = {Kind.BOOLEAN: flag, Kind.JSON: RawJson, Kind.DECIMAL: str}
