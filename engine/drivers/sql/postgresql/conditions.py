"""Conditions as PostgreSQL compares: texts by their bytes, moments by their texts where those have another order."""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, collate, func

from engine.contract import Condition, Operator
from engine.drivers.sql import conditions
from engine.drivers.sql.condition_moments import asked
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
from engine.drivers.sql.postgresql import ddl
from engine.drivers.sql.postgresql.session import Connection
from engine.schema import Column, Kind

# Within these years the order of moments is the one of their texts; beyond are "infinity" and the years of BC.
FIRST_DAY, BEHIND_LAST_DAY = "0001-01-01", "10000-01-01"
INFINITE = {"infinity", "-infinity"}
DECIMAL = re.compile(r"-?\d{1,1000}(\.\d{1,1000})?|NaN|-?Infinity", re.ASCII)
# Of these it can be asked whether a value is any of several.
FINDABLE = {
    Kind.BOOLEAN,
    Kind.INTEGER,
    Kind.DECIMAL,
    Kind.TEXT,
    Kind.UUID,
    Kind.DATE,
    Kind.TIMESTAMP,
    Kind.TIMESTAMPTZ,
}
NUMBERS = ("smallint", "integer", "bigint", "double precision", "numeric")


class PostgresqlConditions(Conditions):
    """`is_utf8`: the database can hold every text that is asked for, and sorts its bytes by code point."""

    def __init__(self, *, is_utf8: bool) -> None:
        self._is_utf8 = is_utf8

    def knows(self, column: Column) -> bool:
        kind, native = column.type.kind, column.native
        if kind is Kind.TEXT:
            return native == "text" or native.startswith("character varying")
        if kind in (Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL):
            return native.startswith(NUMBERS)
        return ddl.is_own(column)

    def finds(self, column: Column) -> bool:
        """Whether rows can be asked for by the values that it has."""
        return column.type.kind in FINDABLE and self.knows(column) and (self._is_utf8 or column.type.kind != Kind.TEXT)

    def empty(self, column: Column, plain: Plain) -> Clause:
        absent = plain.is_(None)
        return either(absent, _exact(plain) == bound("")) if column.type.kind is Kind.TEXT else absent

    def ordered(self, condition: Condition, plain: Plain, value: Any) -> Clause:
        clause = ordering(condition.operator, plain, value)
        # "NaN" is greater than every number there.
        return both(clause, plain < bound("NaN")) if condition.operator in conditions.UPWARD else clause

    def boolean(self, condition: Condition, column: Column, plain: Plain) -> Clause | None:
        if condition.operator is not Operator.ANY_OF:
            return super().boolean(condition, column, plain)
        return among(plain, condition.value) if all(type(one) is bool for one in condition.value) else None

    def decimal(self, condition: Condition, column: Column, plain: Plain) -> Clause | None:
        """Any of some texts has as many digits as they have, though an index cares for the number alone."""
        if condition.operator is not Operator.ANY_OF:
            return super().decimal(condition, column, plain)
        values = texts(condition)
        if values is None or not all(map(DECIMAL.fullmatch, values)):
            return None
        return both(among(plain, values), among(cast(plain, Text()), values))

    def integer(self, condition: Condition, column: Column, plain: Plain) -> Clause | None:
        # An integer is compared with one of any size; one that has no NaN needs no look for it.
        if condition.operator in conditions.ORDERINGS and type(condition.value) is int:
            exact = abs(condition.value) < conditions.MOST_EXACT
            return ordering(condition.operator, plain, condition.value) if exact else None
        return super().integer(condition, column, plain)

    def text(self, condition: Condition, _column: Column, plain: Plain) -> Clause | None:
        values = texts(condition)
        if values is None or not (self._is_utf8 or "".join(values).isascii()):
            return None
        exact = _exact(plain)
        if condition.operator is Operator.ANY_OF:
            return both(among(plain, values), among(exact, values))
        [value] = values
        if condition.operator is Operator.EQUALS:  # as an index has it, which takes no rows that differ in their bytes
            return both(plain == bound(value), exact == bound(value))
        if condition.operator in conditions.PARTS:
            return _of_a_part(condition.operator, exact, value)
        return compared(condition, exact, value)

    def uuid(self, condition: Condition, _column: Column, plain: Plain) -> Clause | None:
        values = texts(condition)
        if values is None or not all(map(_is_uuid, values)):
            return None
        return among(plain, values) if condition.operator is Operator.ANY_OF else compared(condition, plain, values[0])

    def moment(self, condition: Condition, column: Column, plain: Plain) -> Clause | None:
        if condition.operator is Operator.ANY_OF:
            values = [_exact_moment(column, value) for value in condition.value]
            return None if None in values else among(plain, values)
        one = asked(condition, column, has_all_digits=False)
        if one is None:
            return None
        same = compared(Condition(column.name, one.operator), plain, one.text)
        if one.operator not in conditions.ORDERINGS or same is None:
            return same
        text = func.replace(cast(plain, Text()), "+00", "+00:00")
        by_text = ordering(condition.operator, collate(text, "C"), condition.value)
        first, behind_last = bound(FIRST_DAY), bound(BEHIND_LAST_DAY)
        return either(
            both(same, plain >= first, plain < behind_last),
            both(plain < first, by_text),
            both(plain >= behind_last, by_text),
        )


def of(connection: Connection) -> PostgresqlConditions:
    """As the database that is connected to compares."""
    return PostgresqlConditions(is_utf8=connection.info.parameter_status("server_encoding") == "UTF8")


def _exact(plain: Plain) -> Plain:
    return collate(plain, "C")


def _exact_moment(column: Column, value: Any) -> str | None:
    """The moment that only this text is written for."""
    if isinstance(value, str) and value in INFINITE:
        return value
    one = asked(Condition(column.name, Operator.EQUALS, value), column, has_all_digits=False)
    return one.text if one else None


def _of_a_part(operator: Operator, exact: Plain, value: str) -> Clause | None:
    """What asks for a part of the text; an empty one has no place there."""
    if not value:
        return None
    if operator is Operator.STARTS_WITH:
        return func.left(exact, len(value)) == bound(value)
    if operator is Operator.ENDS_WITH:
        return func.right(exact, len(value)) == bound(value)
    return func.strpos(exact, bound(value)) > 0


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
