"""Conditions that mean everywhere what filters mean: whether there is a value, and comparisons of whole numbers."""

from typing import Any

from engine.contract import Condition, Operator
from engine.drivers.sql.conditions import Clause, Conditions, Plain, bound, either, ordering
from engine.schema import Column, Kind


class WholeNumbers(Conditions):
    def knows(self, column: Column) -> bool:
        return column.type.kind is Kind.INTEGER

    def empty(self, _column: Column, plain: Plain) -> Clause:
        return plain.is_(None)

    def ordered(self, condition: Condition, plain: Plain, value: Any) -> Clause:
        return ordering(condition.operator, plain, value)

    def integer(self, condition: Condition, column: Column, plain: Plain) -> Clause | None:
        if condition.operator is Operator.NOT_EQUALS and type(condition.value) is int:
            # Not every database has IS DISTINCT FROM.
            return either(plain.is_(None), plain != bound(condition.value))
        return super().integer(condition, column, plain)

    def text(self, _condition: Condition, _column: Column, _plain: Plain) -> Clause | None:
        return None

    def uuid(self, _condition: Condition, _column: Column, _plain: Plain) -> Clause | None:
        return None

    def moment(self, _condition: Condition, _column: Column, _plain: Plain) -> Clause | None:
        return None
