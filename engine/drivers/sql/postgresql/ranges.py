"""Reading PostgreSQL in ranges of the key, by COPY: as bytes of its binary format, or as columns."""

import math
from collections.abc import Iterator
from typing import Any

from psycopg import ClientCursor
from sqlalchemy import BindParameter, ColumnElement, Integer, bindparam, select, tuple_

from engine.bulk import ArrowRange, Batch, ByteRange
from engine.contract import Key
from engine.drivers.sql.postgresql import copy_out
from engine.drivers.sql.postgresql.arrow_out import BATCH_BYTES, CsvBatches
from engine.drivers.sql.postgresql.read import PostgresqlReading, PostgresqlSelects, as_portable
from engine.drivers.sql.select import PAGE, PAGE_ROWS, Show, Statement, as_it_is, up_to
from engine.schema import Kind, Query

Values = dict[str, Any]

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

    def end(self, *, is_continued: bool) -> Statement:
        """The last place of a range of so many rows; none where fewer are left."""
        statement = self.ordered(self.bounded(select(*self.order)), is_continued=is_continued)
        return self.compiled(statement.offset(SKIP).limit(PAGE))

    def last(self, *, is_continued: bool) -> Statement:
        statement = self.ordered(self.bounded(select(*self.order)), is_continued=is_continued)
        statement = statement.order_by(None).order_by(*(column.desc() for column in self.order))
        return self.compiled(statement.limit(PAGE))

    def range(self, *, is_continued: bool) -> Statement:
        rows = self.bounded(select(*self.shown(self.plan.stream.columns)))
        statement = self.ordered(rows, is_continued=is_continued).order_by(None)
        return self.compiled(statement.where(self._up_to()) if self.order else statement)

    def _up_to(self) -> ColumnElement[bool]:
        values: list[BindParameter[Any]] = [bindparam(up_to(place)) for place in range(len(self.order))]
        return self.order[0] <= values[0] if len(values) == 1 else tuple_(*self.order) <= tuple_(*values)


class RangedReading(PostgresqlReading):
    """A reading that also goes in ranges of the key, each copied out whole."""

    @property
    def arrow_refusal(self) -> str:
        """Arrays in PostgreSQL's own notation are no JSON."""
        arrays = [column.name for column in self.stream.columns if column.type.kind is Kind.ARRAY]
        return f"{arrays[0]} is an array" if arrays and self.plan.native else ""

    def arrow_ranges(self) -> Iterator[ArrowRange]:
        for command, after in self._copies(as_portable, "csv"):
            yield ArrowRange(self._batches(command), after)

    def _batches(self, command: bytes) -> Iterator[Batch]:
        made = CsvBatches(self.stream.columns)
        for rows in copy_out.chunks(self.connection, command, size=BATCH_BYTES):
            yield made.batch(rows)

    def _copies(self, show: Show, encoding: str) -> Iterator[tuple[bytes, Key | None]]:
        """For each range the command that copies it, and the place behind it."""
        if self.is_void:
            return
        # A copy lasts as long as its destination takes.
        self.transaction.set(statement_timeout="0")
        selects = RangeSelects(self.plan, show, self.conditions)
        bounds = self.places.within(self.until)
        if self.plan.order:
            for statement, values, after in self._spans(selects, bounds):
                yield self._command(statement, values, encoding), after
        else:
            yield self._command(selects.range(is_continued=False), bounds, encoding), None

    def _spans(self, selects: RangeSelects, bounds: Values) -> Iterator[tuple[Statement, Values, Key]]:
        skipped = {SKIPPED: self._range_rows() - 1}
        reached, is_last = self.after, False
        while not is_last:
            is_continued = reached is not None
            values = {**bounds, **self.places.behind(reached)}
            end = self._found(selects.end(is_continued=is_continued), {**values, **skipped})
            is_last = end is None
            end = end or self._found(selects.last(is_continued=is_continued), values)
            if end is not None:
                yield selects.range(is_continued=is_continued), {**values, **self.places.up_to(end)}, end
            reached = end

    def _found(self, statement: Statement, values: Values) -> Key | None:
        fetched = self.transaction.fetch(statement, {**values, PAGE_ROWS: 1})
        return self.places.of(fetched[0]) if fetched else None

    def _command(self, statement: Statement, values: Values, encoding: str) -> bytes:
        # COPY takes no parameters: the client writes them into the statement.
        rows = ClientCursor(self.connection).mogrify(statement.text.encode(), statement.bound(values))
        return f"COPY ({rows}) TO STDOUT (FORMAT {encoding})".encode()

    def _range_rows(self) -> int:
        table = self.plan.stream.source
        if isinstance(table, Query):
            return FEWEST_ROWS
        names = {"schema": table.schema, "name": table.name, "column": self.plan.order[0].name}
        found = self.transaction.fetch(Statement(SIZE, {}, None), names)
        size, rows, correlation = found[0] if found else (None, 0, None)
        return range_rows(int(size or 0), float(rows or 0), correlation)


class BytesReading(RangedReading):
    bytes_format = "postgresql-binary"

    def ranges(self) -> Iterator[ByteRange]:
        for command, after in self._copies(as_it_is, "binary"):
            yield ByteRange(copy_out.chunks(self.connection, command), after)


def range_rows(size: int, rows: float, correlation: float | None) -> int:
    """How many rows a range has: by their bytes, and few ranges where the key says nothing of where a row lies."""
    if not size or not rows:
        return FEWEST_ROWS
    fitting = int(min(max(RANGE_BYTES * rows / size, FEWEST_ROWS), MOST_ROWS))
    is_scattered = correlation is not None and correlation < CORRELATED
    return max(fitting, math.ceil(rows / MOST_SCATTERED_RANGES)) if is_scattered else fitting
