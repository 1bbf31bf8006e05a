"""The statements of a reading: built and quoted by SQLAlchemy, compiled once, every value a parameter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    TextClause,
    and_,
    bindparam,
    column,
    or_,
    select,
    table,
    text,
    tuple_,
)
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.sql.elements import quoted_name

from engine.contract import Condition
from engine.drivers.sql.conditions import Conditions
from engine.drivers.sql.plan import Plan
from engine.errors import DriverBug
from engine.schema import Column, Query, Table

Show = Callable[[Column, ColumnElement[Any]], ColumnElement[Any]]
"""How a column is asked for: itself, or what of it reads as a portable value."""

PAGE_ROWS = "page_rows"
PAGE: BindParameter[int] = bindparam(PAGE_ROWS, type_=Integer)
SINCE, UNTIL = "since", "until"


@dataclass(frozen=True, slots=True)
class Statement:
    """`fixed`: parameters that are always the same. `places`: their order for a client that knows no names."""

    text: str
    fixed: dict[str, Any]
    places: tuple[str, ...] | None

    def bound(self, values: dict[str, Any]) -> Any:
        """The parameters as the client takes them."""
        known = {**self.fixed, **values}
        return known if self.places is None else tuple(known[name] for name in self.places)


class Selects:
    """`row_values`: whether the server walks an index for (a, b) > (1, 2)."""

    def __init__(self, plan: Plan, dialect: Dialect, show: Show, conditions: Conditions, *, row_values: bool) -> None:
        self.plan = plan
        self.order = [self.named(column) for column in plan.order]
        self._dialect = dialect
        self._show = show
        self._where = [_clause(conditions, *one) for one in plan.where]
        self._row_values = row_values

    def page(self, *, is_continued: bool) -> Statement:
        return self.compiled(self.ordered(self.rows(), is_continued=is_continued).limit(PAGE))

    def everything(self) -> Statement:
        return self.compiled(self.rows())

    def last_cursor(self) -> Statement:
        assert self.plan.cursor is not None
        cursor = self.named(self.plan.cursor)
        statement = select(self._show(self.plan.cursor, cursor)).select_from(self.source())
        return self.compiled(statement.where(*self.usable(cursor)).order_by(cursor.desc()).limit(PAGE))

    def named(self, of: Column) -> ColumnElement[Any]:
        return named(of)

    def source(self) -> FromClause | TextClause:
        return source(self.plan.stream.source)

    def usable(self, cursor: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """What a cursor's value must be to bound anything."""
        return [cursor.is_not(None)]

    def rows(self) -> Select[Any]:
        return self.bounded(select(*self.shown(self.plan.selected)))

    def shown(self, columns: Sequence[Column]) -> list[ColumnElement[Any]]:
        return [self._show(column, self.named(column)) for column in columns]

    def bounded(self, statement: Select[Any]) -> Select[Any]:
        """From the source, where its conditions hold, and between the cursor's bounds where there are any."""
        statement = statement.select_from(self.source()).where(*self._where)
        if self.plan.cursor is None:
            return statement
        cursor = self.named(self.plan.cursor)
        since: BindParameter[Any] = bindparam(SINCE)
        until: BindParameter[Any] = bindparam(UNTIL)
        if self.plan.is_incremental:
            return statement.where(cursor > since if self.plan.strict else cursor >= since, cursor <= until)
        return statement.where(or_(cursor.is_(None), cursor <= until)) if self.plan.is_capped else statement

    def ordered(self, statement: Select[Any], *, is_continued: bool) -> Select[Any]:
        statement = statement.order_by(*self.order)
        return statement.where(self._behind()) if is_continued else statement

    def compiled(self, statement: Select[Any]) -> Statement:
        return _statement(statement, self._dialect)

    def _behind(self) -> ColumnElement[bool]:
        values: list[BindParameter[Any]] = [bindparam(after(place)) for place in range(len(self.order))]
        if len(values) == 1:
            return self.order[0] > values[0]
        return tuple_(*self.order) > tuple_(*values) if self._row_values else _spelled_out(self.order, values)


def empty(query: Query, of: Dialect) -> Statement:
    """No row of a query, to see its columns."""
    return _statement(select(text("*")).select_from(source(query)).limit(0), of)


def dialect(name: str) -> Dialect:
    """How a database quotes and its client marks parameters, by SQLAlchemy's name for the two."""
    return make_url(f"{name}://").get_dialect()()


def as_it_is(_column: Column, plain: ColumnElement[Any]) -> ColumnElement[Any]:
    return plain


def after(place: int) -> str:
    return f"after_{place}"


def up_to(place: int) -> str:
    return f"up_to_{place}"


def source(of: Table | Query) -> FromClause | TextClause:
    """What to select from."""
    if isinstance(of, Table):
        return table(quoted_name(of.name, quote=True), schema=quoted_name(of.schema, quote=True) if of.schema else None)
    return text(subselect(of).replace(":", "\\:"))  # else a colon would begin a parameter


def subselect(query: Query) -> str:
    """Servers take one statement there, and only one that reads."""
    # On lines of its own, so that a comment at its end cannot swallow the bracket.
    return f"(\n{query.text.strip().removesuffix(';')}\n) AS q"


def named(of: Column) -> ColumnElement[Any]:
    return column(quoted_name(of.name, quote=True))


def _clause(conditions: Conditions, condition: Condition, column: Column) -> ColumnElement[bool]:
    clause = conditions.clause(condition, column, named(column))
    if clause is None:
        raise DriverBug(f"The rows of {column.name!r} are read by a condition that their database does not judge.")
    return clause


def _statement(built: Select[Any], of: Dialect) -> Statement:
    compiled = built.compile(dialect=of)
    places = getattr(compiled, "positiontup", None)
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return Statement(str(compiled), fixed, None if places is None else tuple(places))


def _spelled_out(columns: Sequence[ColumnElement[Any]], values: Sequence[BindParameter[Any]]) -> ColumnElement[bool]:
    """(a, b) > (1, 2) as a > 1 OR (a = 1 AND b > 2)."""
    steps = []
    for place, (one, value) in enumerate(zip(columns, values, strict=True)):
        equal = [before == known for before, known in zip(columns[:place], values[:place], strict=True)]
        steps.append(and_(*equal, one > value))
    return or_(*steps)
