"""The statements of a reading as SQLAlchemy's own expressions, which it compiles for its dialect when they are run: how
many rows is then a number, where some databases want to see one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    TextClause,
    TypeDecorator,
    cast,
    column,
    select,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter, quoted_name
from sqlalchemy.types import String, TypeEngine, UserDefinedType

from engine.drivers.sql.conditions import Conditions
from engine.drivers.sql.plan import Plan
from engine.drivers.sql.select import PAGE_ROWS, Selects, Show, Statement
from engine.schema import Column, Query, Table

Compare = Callable[[Column], TypeEngine[Any] | None]
"""The type that a column is compared as; None: as whatever the client sees in a parameter."""


@dataclass(frozen=True, slots=True)
class Expression(Statement):
    """A statement that is compiled when it is run. `is_limited`: of so many rows as PAGE_ROWS says."""

    select: Select[Any]
    is_limited: bool

    def filled(self, values: dict[str, Any]) -> tuple[Select[Any], dict[str, Any]]:
        """What to run, and with which parameters."""
        if not self.is_limited:
            return self.select, values
        rest = {name: value for name, value in values.items() if name != PAGE_ROWS}
        return self.select.limit(values[PAGE_ROWS]), rest


class Qualified(FromClause):
    """A table by all the parts of its name, each of them quoted: dialects split a schema at its dots."""

    inherit_cache = False

    def __init__(self, *parts: str) -> None:
        self.parts = parts


@compiles(Qualified)
def _qualified(element: Qualified, compiler: SQLCompiler, **_: Any) -> str:
    return ".".join(compiler.preparer.quote_identifier(part) for part in element.parts)


class Native(UserDefinedType[Any]):
    """A type by its name in the database."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


class Texts(TypeDecorator[str]):
    """A column that is compared with texts, which the database takes for its own type."""

    impl = String
    cache_ok = True

    def __init__(self, native: str) -> None:
        super().__init__()
        self.native = native

    def bind_expression(self, bindparam: BindParameter[str]) -> ColumnElement[Any]:
        return cast(bindparam, Native(self.native))


class AlchemySelects(Selects):
    def __init__(self, plan: Plan, dialect: Dialect, show: Show, compare: Compare, conditions: Conditions) -> None:
        self._compare = compare
        super().__init__(plan, dialect, show, conditions, row_values=False)

    def named(self, of: Column) -> ColumnElement[Any]:
        return column(quoted_name(of.name, quote=True), self._compare(of))

    def source(self) -> FromClause | TextClause:
        return source(self.plan.stream.source)

    def page(self, *, is_continued: bool) -> Expression:
        return expression(self.ordered(self.rows(), is_continued=is_continued), is_limited=True)

    def last_cursor(self) -> Expression:
        assert self.plan.cursor is not None
        cursor = self.named(self.plan.cursor)
        statement = select(self._show(self.plan.cursor, cursor)).select_from(self.source())
        return expression(statement.where(*self.usable(cursor)).order_by(cursor.desc()), is_limited=True)

    def compiled(self, statement: Select[Any]) -> Expression:
        return expression(statement, is_limited=False)


def expression(statement: Select[Any], *, is_limited: bool) -> Expression:
    return Expression("", {}, None, statement, is_limited)


def empty(query: Query, rows: int) -> Select[Any]:
    """The first rows of a query, to see its columns."""
    return select(text("*")).select_from(source(query)).limit(rows)


def source(of: Table | Query) -> FromClause:
    if isinstance(of, Table):
        return Qualified(*(part for part in (of.schema, of.name) if part))
    inside = text(f"\n{of.text.strip().removesuffix(';')}\n".replace(":", "\\:"))
    return inside.columns().subquery("q")
