"""Conditions as SQLite compares: any column may hold any kind of value, and none is taken for what it is not."""

from typing import Any

from sqlalchemy import collate, func

from engine.contract import Condition, Operator
from engine.drivers.sql.conditions import (
    Clause,
    Conditions,
    Plain,
    among,
    both,
    bound,
    compared,
    either,
    ordering,
    texts,
)
from engine.schema import Column, Kind

# Parts of declared names by which SQLite itself makes what it can into numbers or into texts.
NUMBERS = ("INT", "REAL", "FLOA", "DOUB", "BOOL")
TEXTS = ("CHAR", "CLOB", "TEXT")


class SqliteConditions(Conditions):
    def knows(self, column: Column) -> bool:
        declared, kind = column.native.upper(), column.type.kind
        if kind in (Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN):
            return any(part in declared for part in NUMBERS)
        return kind is Kind.TEXT and any(part in declared for part in TEXTS)

    def empty(self, _column: Column, plain: Plain) -> Clause:
        return either(plain.is_(None), func.coalesce(plain, "") == bound(""))

    def ordered(self, condition: Condition, plain: Plain, value: Any) -> Clause:
        is_number = among(func.typeof(plain), ["integer", "real"])
        return both(ordering(condition.operator, plain, value), is_number)

    def text(self, condition: Condition, _column: Column, plain: Plain) -> Clause | None:
        values = texts(condition)
        exact = collate(plain, "BINARY")
        if values is None or condition.operator not in (Operator.EQUALS, Operator.NOT_EQUALS, Operator.ANY_OF):
            return None  # a database of another encoding sorts by that
        return among(exact, values) if condition.operator is Operator.ANY_OF else compared(condition, exact, values[0])

    def uuid(self, _condition: Condition, _column: Column, _plain: Plain) -> Clause | None:
        return None

    def moment(self, _condition: Condition, _column: Column, _plain: Plain) -> Clause | None:
        return None
