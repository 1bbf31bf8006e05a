"""Conditions on rows as clauses of a statement, where a database means by them what the engine's filters mean."""

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, not_, or_
from sqlalchemy.types import NullType

from engine.contract import Condition, Operator
from engine.drivers.sql.description import is_name
from engine.schema import Column, Kind

Plain = ColumnElement[Any]
Clause = ColumnElement[bool]

# Beyond them a float, as which filters compare numbers, is no longer every whole number.
MOST_EXACT = 2**53
MOST_INTEGER = 2**63
# So many digits a float tells apart.
MOST_DIGITS = 15
DOUBLE = 64

ORDERINGS: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
}
UPWARD = {Operator.GREATER, Operator.GREATER_OR_EQUAL}
PARTS = {Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS}
EMPTINESS = {Operator.EMPTY, Operator.NOT_EMPTY}
ABSENCE = {Operator.EQUALS, Operator.NOT_EQUALS}


class Conditions(ABC):
    """The subclasses know what their databases compare as Python does: numbers by number, texts by code point."""

    def clause(self, condition: Condition, column: Column, plain: Plain) -> Clause | None:
        """The condition on the column that the statement knows as `plain`; None where it would mean something else."""
        if condition.value is None and condition.operator in ABSENCE:
            return plain.is_(None) if condition.operator is Operator.EQUALS else plain.is_not(None)
        if not self.knows(column):
            return None
        if condition.operator in EMPTINESS:
            empty = self.empty(column, plain)
            return empty if condition.operator is Operator.EMPTY else not_(empty)
        kinds: dict[Kind, Callable[[Condition, Column, Plain], Clause | None]] = {
            Kind.BOOLEAN: self.boolean,
            Kind.INTEGER: self.integer,
            Kind.FLOAT: self.floating,
            Kind.DECIMAL: self.decimal,
            Kind.TEXT: self.text,
            Kind.UUID: self.uuid,
            Kind.DATE: self.moment,
            Kind.TIMESTAMP: self.moment,
            Kind.TIMESTAMPTZ: self.moment,
        }
        make = kinds.get(column.type.kind)
        return make(condition, column, plain) if make else None

    @abstractmethod
    def knows(self, column: Column) -> bool:
        """Whether the column's values are what its portable type says, and the database compares them so."""

    @abstractmethod
    def empty(self, column: Column, plain: Plain) -> Clause:
        """Whether it is NULL or an empty text. Never NULL itself."""

    @abstractmethod
    def ordered(self, condition: Condition, plain: Plain, value: Any) -> Clause:
        """A comparison of numbers by order, which nothing passes that is no number."""

    @abstractmethod
    def text(self, condition: Condition, column: Column, plain: Plain) -> Clause | None: ...

    @abstractmethod
    def uuid(self, condition: Condition, column: Column, plain: Plain) -> Clause | None: ...

    @abstractmethod
    def moment(self, condition: Condition, column: Column, plain: Plain) -> Clause | None: ...

    def boolean(self, condition: Condition, _column: Column, plain: Plain) -> Clause | None:
        return compared(condition, plain, condition.value) if isinstance(condition.value, bool) else None

    def integer(self, condition: Condition, _column: Column, plain: Plain) -> Clause | None:
        value = condition.value
        if condition.operator is Operator.ANY_OF:
            values = [_whole(choice) for choice in value]
            return None if None in values else among(plain, values)
        if type(value) is not int:
            return None
        if condition.operator in ORDERINGS:
            return self.ordered(condition, plain, value) if abs(value) < MOST_EXACT else None
        return compared(condition, plain, value) if abs(value) < MOST_INTEGER else None

    def floating(self, condition: Condition, column: Column, plain: Plain) -> Clause | None:
        if column.type.size != DOUBLE:
            return None  # of a shorter one the value is written in fewer digits than it has
        if condition.operator is Operator.ANY_OF:
            values = [_double(choice) for choice in condition.value]
            return None if None in values else among(plain, values)
        value = _double(condition.value)
        if value is None:
            return None
        if condition.operator in ORDERINGS:
            return self.ordered(condition, plain, value)
        return compared(condition, plain, value)

    def decimal(self, condition: Condition, column: Column, plain: Plain) -> Clause | None:
        """By order with a number: filters take decimals for the texts that they are, and for floats only there."""
        value = _double(condition.value)
        if value is None or condition.operator not in ORDERINGS:
            return None
        exact = Decimal(repr(value))
        is_told_apart = column.type.precision is not None and column.type.precision <= MOST_DIGITS
        if not is_told_apart or len(exact.normalize().as_tuple().digits) > MOST_DIGITS:
            return None
        return self.ordered(condition, plain, exact)


def bound(value: Any) -> BindParameter[Any]:
    """A parameter whose type is left for the client to see."""
    return bindparam(None, value, type_=NullType(), unique=True)


def compared(condition: Condition, plain: Plain, value: Any) -> Clause | None:
    """Equal, not equal or by order; what is not equal may be NULL."""
    if condition.operator is Operator.EQUALS:
        return plain == bound(value)
    if condition.operator is Operator.NOT_EQUALS:
        return plain.is_distinct_from(bound(value))
    if condition.operator in ORDERINGS:
        return ordering(condition.operator, plain, value)
    return None


def ordering(of: Operator, plain: Plain, value: Any) -> Clause:
    clause: Clause = ORDERINGS[of](plain, bound(value))
    return clause


def among(plain: Plain, values: list[Any]) -> Clause:
    return plain.in_([bound(value) for value in values])


def texts(condition: Condition) -> list[str] | None:
    """The texts that a condition compares with; None where it has others, or none that every database takes."""
    values = condition.value if condition.operator is Operator.ANY_OF else [condition.value]
    return values if values and all(isinstance(value, str) and is_name(value) for value in values) else None


def both(*clauses: Clause) -> Clause:
    return and_(*clauses)


def either(*clauses: Clause) -> Clause:
    return or_(*clauses)


def _whole(choice: Any) -> int | None:
    """A whole number that is asked for, or its text."""
    if isinstance(choice, str):
        try:
            number = int(choice)
        except ValueError:
            return None
        return number if str(number) == choice and abs(number) < MOST_INTEGER else None
    return choice if type(choice) is int and abs(choice) < MOST_INTEGER else None


def _double(value: Any) -> float | None:
    if type(value) is int and abs(value) <= MOST_EXACT:
        return float(value)
    return value if type(value) is float and math.isfinite(value) else None
