"""Conditions as MySQL compares: texts by their bytes, since its collations take different texts for the same."""

from typing import Any

from sqlalchemy import BINARY, cast, func, literal_column

from engine.contract import Condition, Operator
from engine.drivers.sql.condition_moments import asked
from engine.drivers.sql.conditions import (
    PARTS,
    Clause,
    Conditions,
    Plain,
    among,
    bound,
    compared,
    either,
    ordering,
    texts,
)
from engine.schema import Column, Kind

# Of the types that travel as these kinds, those whose values are what they seem; enumerations and bits are not.
KNOWN: dict[Kind, tuple[str, ...]] = {
    Kind.BOOLEAN: ("tinyint",),
    Kind.INTEGER: ("tinyint", "smallint", "mediumint", "int", "bigint"),
    Kind.FLOAT: ("double",),
    Kind.DECIMAL: ("decimal",),
    Kind.TEXT: ("char", "varchar", "tinytext", "text", "mediumtext", "longtext"),
    Kind.DATE: ("date",),
    Kind.TIMESTAMP: ("datetime",),
    Kind.TIMESTAMPTZ: ("timestamp",),
}


class MysqlConditions(Conditions):
    def knows(self, column: Column) -> bool:
        return column.native.startswith(KNOWN.get(column.type.kind, ()))

    def empty(self, column: Column, plain: Plain) -> Clause:
        absent = plain.is_(None)
        return either(absent, func.length(plain) == 0) if column.type.kind is Kind.TEXT else absent

    def ordered(self, condition: Condition, plain: Plain, value: Any) -> Clause:
        return ordering(condition.operator, plain, value)

    def text(self, condition: Condition, _column: Column, plain: Plain) -> Clause | None:
        values = texts(condition)
        if values is None:
            return None
        exact = cast(func.convert(plain.op("USING")(literal_column("utf8mb4"))), BINARY())
        if condition.operator is Operator.ANY_OF:
            return among(exact, [value.encode() for value in values])
        [value] = values
        if condition.operator in PARTS:
            return _of_a_part(condition.operator, exact, value.encode())
        return compared(condition, exact, value.encode())

    def uuid(self, _condition: Condition, _column: Column, _plain: Plain) -> Clause | None:
        return None  # it sorts them by another order than their texts

    def moment(self, condition: Condition, column: Column, plain: Plain) -> Clause | None:
        one = asked(condition, column, has_all_digits=True)
        return compared(Condition(column.name, one.operator), plain, one.text) if one else None


def _of_a_part(operator: Operator, exact: Plain, value: bytes) -> Clause | None:
    """What asks for a part of the text; an empty one has no place there."""
    if not value:
        return None
    if operator is Operator.STARTS_WITH:
        return func.left(exact, len(value)) == bound(value)
    if operator is Operator.ENDS_WITH:
        return func.right(exact, len(value)) == bound(value)
    return func.locate(bound(value), exact) > 0
