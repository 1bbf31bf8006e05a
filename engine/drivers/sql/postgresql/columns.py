"""The columns of tables as PostgreSQL's catalogue describes them, of one table or of a thousand in one statement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import psycopg

from engine.drivers.sql.postgresql import types
from engine.schema import Column

COLUMNS = """
SELECT a.attrelid, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attgenerated <> '',
       CASE WHEN a.attidentity <> '' THEN 'identity'
            WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
       c.description
  FROM pg_catalog.pg_attribute a
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_catalog.pg_description c
    ON c.objoid = a.attrelid AND c.classoid = 'pg_catalog.pg_class'::regclass AND c.objsubid = a.attnum
 WHERE a.attrelid = ANY(%s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum
"""


@dataclass(frozen=True, slots=True)
class Found:
    """`is_ordered`: fit to be a part of a key."""

    column: Column
    is_ordered: bool


class Columns:
    """As one transaction sees them: a type that was met before is not asked for again."""

    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        self._cursor = cursor
        self._resolved: dict[tuple[int, int], types.Resolved] = {}

    def of(self, oids: Sequence[int]) -> dict[int, list[Found]]:
        """By the table's oid, in their order; a table without columns has no entry."""
        self._cursor.execute(COLUMNS, (list(oids),))
        rows = self._cursor.fetchall()
        self._resolve({(oid, modifier) for _, _, oid, modifier, *_ in rows})
        by_table = groupby(rows, key=itemgetter(0))
        return {table: [self._found(*values) for _, *values in found] for table, found in by_table}

    def _resolve(self, asked: Collection[tuple[int, int]]) -> None:
        new = [pair for pair in asked if pair not in self._resolved]
        if new:
            self._resolved.update(zip(new, types.resolve(self._cursor, new), strict=True))

    def _found(
        self,
        name: str,
        type_oid: int,
        modifier: int,
        is_required: bool,
        is_generated: bool,
        default: str | None,
        comment: str | None,
    ) -> Found:
        resolved = self._resolved[type_oid, modifier]
        column = Column(name, resolved.type, not is_required, resolved.native, is_generated, default, comment)
        return Found(column, resolved.is_ordered)
