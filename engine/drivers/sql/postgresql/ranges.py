"""Reading PostgreSQL in key ranges of its binary copy format."""

import math
from collections.abc import Iterator
from typing import Any

from psycopg import ClientCursor
from sqlalchemy import BindParameter, ColumnElement, Integer, bindparam, select, tuple_

from engine.contract import ByteRange, Key
from engine.drivers.sql.plan import Plan
from engine.drivers.sql.postgresql import copy_out
from engine.drivers.sql.postgresql.conditions import PostgresqlConditions
from engine.drivers.sql.postgresql.read import PostgresqlReading, PostgresqlSelects
from engine.drivers.sql.select import PAGE, PAGE_ROWS, Statement, as_it_is, named, up_to
from engine.schema import Table

RANGE_BYTES = 64 * 1024 * 1024
FEWEST_ROWS, MOST_ROWS = 50_000, 250_000
# A key that says nothing of where its rows lie makes each range walk over the whole table.
CORRELATED = 0.5
MOST_SCATTERED_RANGES = 8

SKIPPED = "skipped"
SKIP: BindParameter[int] = bindparam(SKIPPED, type_=Integer)

SIZE = """
SELECT sum(pg_catalog.pg_relation_size(part.oid)), sum(greatest(part.reltuples, 0)),
       (SELECT abs(correlation) FROM pg_catalog.pg_stats
         WHERE schemaname = n.nspname AND tablename = c.relname AND attname = %(column)s
         ORDER BY inherited DESC LIMIT 1)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class part
    ON part.oid = c.oid OR part.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid) WHERE isleaf)
 WHERE n.nspname = %(schema)s AND c.relname = %(name)s
 GROUP BY n.nspname, c.relname
"""


class RangeSelects(PostgresqlSelects):
    """Statements that find where ranges end, and that copy one."""

    def __init__(self, plan: Plan, conditions: PostgresqlConditions) -> None:
        super().__init__(plan, as_it_is, conditions)

    def end(self, *, is_continued: bool) -> Statement:
        """The last place of a range of so many rows; none where fewer are left."""
        statement = self.ordered(self.bounded(select(*self.order)), is_continued=is_continued)
        return self.compiled(statement.offset(SKIP).limit(PAGE))

    def last(self, *, is_continued: bool) -> Statement:
        statement = self.ordered(self.bounded(select(*self.order)), is_continued=is_continued)
        statement = statement.order_by(None).order_by(*(column.desc() for column in self.order))
        return self.compiled(statement.limit(PAGE))

    def range(self, *, is_continued: bool) -> Statement:
        rows = self.bounded(select(*(named(column) for column in self.plan.stream.columns)))
        statement = self.ordered(rows, is_continued=is_continued).order_by(None)
        return self.compiled(statement.where(self._up_to()) if self.order else statement)

    def _up_to(self) -> ColumnElement[bool]:
        values: list[BindParameter[Any]] = [bindparam(up_to(place)) for place in range(len(self.order))]
        return self.order[0] <= values[0] if len(values) == 1 else tuple_(*self.order) <= tuple_(*values)


class RangedReading(PostgresqlReading):
    bytes_format = "postgresql-binary"

    def ranges(self) -> Iterator[ByteRange]:
        if self.is_void:
            return
        # A copy lasts as long as its destination takes.
        self.transaction.set(statement_timeout="0")
        selects = RangeSelects(self.plan, self.conditions)
        bounds = self.places.within(self.until)
        if self.plan.order:
            yield from self._key_ranges(selects, bounds)
        else:
            yield ByteRange(self._copied(selects.range(is_continued=False), bounds), None)

    def _key_ranges(self, selects: RangeSelects, bounds: dict[str, Any]) -> Iterator[ByteRange]:
        skipped = {SKIPPED: self._range_rows() - 1}
        reached, is_last = self.after, False
        while not is_last:
            is_continued = reached is not None
            values = {**bounds, **self.places.behind(reached)}
            end = self._found(selects.end(is_continued=is_continued), {**values, **skipped})
            is_last = end is None
            end = end or self._found(selects.last(is_continued=is_continued), values)
            if end is not None:
                between = {**values, **self.places.up_to(end)}
                yield ByteRange(self._copied(selects.range(is_continued=is_continued), between), end)
            reached = end

    def _found(self, statement: Statement, values: dict[str, Any]) -> Key | None:
        fetched = self.transaction.fetch(statement, {**values, PAGE_ROWS: 1})
        return self.places.of(fetched[0]) if fetched else None

    def _copied(self, statement: Statement, values: dict[str, Any]) -> Iterator[bytes]:
        # COPY takes no parameters: the client writes them into the statement.
        rows = ClientCursor(self.connection).mogrify(statement.text.encode(), statement.bound(values))
        return copy_out.chunks(self.connection, f"COPY ({rows}) TO STDOUT (FORMAT binary)".encode())

    def _range_rows(self) -> int:
        table = self.plan.stream.source
        assert isinstance(table, Table)
        names = {"schema": table.schema, "name": table.name, "column": self.plan.order[0].name}
        [(size, rows, correlation)] = self.transaction.fetch(Statement(SIZE, {}, None), names)
        return range_rows(int(size), float(rows), correlation)


def range_rows(size: int, rows: float, correlation: float | None) -> int:
    """How many rows a range has: by their bytes, and few ranges where the key says nothing of where a row lies."""
    if not size or not rows:
        return FEWEST_ROWS
    fitting = int(min(max(RANGE_BYTES * rows / size, FEWEST_ROWS), MOST_ROWS))
    is_scattered = correlation is not None and correlation < CORRELATED
    return max(fitting, math.ceil(rows / MOST_SCATTERED_RANGES)) if is_scattered else fitting
