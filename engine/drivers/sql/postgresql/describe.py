"""Tables and queries as PostgreSQL's catalogue describes them."""

from dataclasses import dataclass
from typing import Any

import psycopg

from engine.drivers.sql import description
from engine.drivers.sql.description import Description
from engine.drivers.sql.postgresql import types
from engine.drivers.sql.postgresql.columns import Columns
from engine.schema import Column, Stream, Table

SYSTEM_SCHEMAS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"

RELATION = f"""
SELECT c.oid, n.nspname, c.relname, c.reltuples, c.relkind IN ('v', 'm', 'f'),
       c.relkind = 'r' AND c.relhassubclass
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relname = %(name)s AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {SYSTEM_SCHEMAS}
   AND CASE WHEN %(schema)s = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = %(schema)s END
   AND %(catalog)s IN ('', pg_catalog.current_database())
"""

UNIQUE = """
SELECT pg_catalog.array_agg(a.attname::text ORDER BY place)
  FROM pg_catalog.pg_index i
 CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) place
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place]
 WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
 GROUP BY i.indexrelid, i.indisprimary
HAVING pg_catalog.bool_and(a.attnotnull AND i.indcollation[place] = a.attcollation)
 ORDER BY i.indisprimary DESC, pg_catalog.count(*), i.indexrelid
"""


@dataclass(frozen=True, slots=True)
class _Relation:
    oid: int
    table: Table
    rows: int | None
    is_view: bool
    has_children: bool


def table(cursor: psycopg.Cursor[Any], asked: Table) -> Description:
    """Raises ConfigError `unknown_table`."""
    relation = _relation(cursor, asked)
    found = Columns(cursor).of([relation.oid]).get(relation.oid, [])
    stream = Stream(relation.table, tuple(one.column for one in found), rows=relation.rows)
    unordered = [one.column.name for one in found if not one.is_ordered]
    return description.keyed(stream, _unique(cursor, relation), unordered)


def result(cursor: psycopg.Cursor[Any], source: Any) -> Description:
    """The columns of what `cursor` has just executed for `source`."""
    answer = cursor.pgresult
    assert answer is not None
    places = range(answer.nfields)
    names = [(answer.fname(place) or b"").decode() for place in places]
    resolved = types.resolve(cursor, [(answer.ftype(place), answer.fmod(place)) for place in places])
    columns = tuple(Column(name, one.type, native=one.native) for name, one in zip(names, resolved, strict=True))
    unordered = frozenset(name for name, one in zip(names, resolved, strict=True) if not one.is_ordered)
    return Description(Stream(source, columns), unordered=unordered)


def _relation(cursor: psycopg.Cursor[Any], asked: Table) -> _Relation:
    if not all(map(description.is_name, (asked.name, asked.schema, asked.catalog))):
        raise description.unknown_table(asked)
    cursor.execute(RELATION, {"name": asked.name, "schema": asked.schema, "catalog": asked.catalog})
    found = cursor.fetchone()
    if found is None:
        raise description.unknown_table(asked)
    oid, schema, name, rows, is_view, has_children = found
    return _Relation(oid, Table(name, schema), int(rows) if rows > 0 else None, is_view, has_children)


def _unique(cursor: psycopg.Cursor[Any], relation: _Relation) -> list[tuple[str, ...]] | None:
    if relation.is_view:
        return None
    if relation.has_children:
        # The rows of the tables that inherit are read too, and no index of the parent keeps theirs apart.
        return []
    cursor.execute(UNIQUE, (relation.oid,))
    return [tuple(names) for (names,) in cursor.fetchall()]
