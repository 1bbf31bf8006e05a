"""What a PostgreSQL database holds, in one transaction of one snapshot."""

from collections.abc import Iterator, Sequence
from typing import Any

from engine.drivers.sql import description
from engine.drivers.sql.postgresql import browse, errors
from engine.drivers.sql.postgresql.columns import Columns
from engine.drivers.sql.postgresql.session import Connection
from engine.drivers.sql.survey import SqlSurvey
from engine.looking import Named, Surveyed
from engine.schema import Table

# What is waited for longer is stuck; between pages the transaction may be idle as long as its caller needs. Compiling
# costs more here than it saves.
SETTINGS = """
SELECT pg_catalog.set_config('statement_timeout', '600s', true), pg_catalog.set_config('lock_timeout', '60s', true),
       pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true),
       pg_catalog.set_config('jit', 'off', true)
"""

CATALOG = """
SELECT d.datname, coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), '')
  FROM pg_catalog.pg_database d
 WHERE d.datname = pg_catalog.current_database()
"""

SCHEMAS = f"""
SELECT n.nspname, pg_catalog.current_database(), coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), '')
  FROM pg_catalog.pg_namespace n
 WHERE {browse.USABLE_SCHEMAS}
 ORDER BY n.nspname
"""

# Cast: compared with a name, a longer text would be cut off first.
PLACES = f"""
SELECT c.oid
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE {browse.LISTED_TABLES} AND n.nspname = ANY(%(schemas)s) AND %(table)s::text IN ('', c.relname::text)
 ORDER BY n.nspname, c.relname
"""

# Sizing a table waits for who has locked it or one of its indexes, say to rewrite it: that one is not sized.
LOCKED = """
SELECT coalesce(i.indrelid, l.relation)
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = l.relation
 WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
"""

# As the planner does it: the rows of a page when VACUUM or ANALYZE last looked, times the pages of today. The running
# count is newer, but a crash sets it to nothing, a standby never has it, and it counts twice what one session wrote and
# analyzed: it is believed where it has been set since, and is near. Where nobody ever looked it is all that is known.
ROWS = """
CASE WHEN size.pages = 0 THEN 0
     WHEN size.pages > 0 AND c.relpages > 0 AND counted.running > 0
      AND abs(counted.running - c.reltuples / c.relpages * size.pages) <= greatest(c.reltuples / 5, 200)
     THEN counted.running
     WHEN size.pages > 0 AND c.relpages > 0 AND c.reltuples >= 0
     THEN round(c.reltuples / c.relpages * size.pages)::bigint
     WHEN c.reltuples > 0 THEN c.reltuples::bigint
     ELSE nullif(pg_catalog.pg_stat_get_live_tuples(c.oid), 0) END
"""

# What a partitioned table holds lies in its partitions, however deep.
TABLES = f"""
WITH RECURSIVE locked (oid) AS ({LOCKED}), part (root, oid) AS (
    SELECT root, root FROM unnest(%(oids)s::oid[]) root
    UNION ALL
    SELECT part.root, i.inhrelid
      FROM part
      JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid
      JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
), figures AS (
    SELECT part.root, sum({ROWS})::bigint AS rows,
           sum(CASE WHEN size.pages IS NOT NULL THEN pg_catalog.pg_total_relation_size(c.oid) END)::bigint AS bytes
      FROM part JOIN pg_catalog.pg_class c ON c.oid = part.oid AND c.relkind IN ('r', 'm', 'f')
     CROSS JOIN LATERAL (
        SELECT CASE WHEN c.relkind IN ('r', 'm') AND c.oid NOT IN (SELECT oid FROM locked)
                    THEN pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint END
     ) size (pages)
     CROSS JOIN LATERAL (
        SELECT CASE WHEN coalesce(
                    pg_catalog.pg_stat_get_last_analyze_time(c.oid),
                    pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid),
                    pg_catalog.pg_stat_get_last_vacuum_time(c.oid),
                    pg_catalog.pg_stat_get_last_autovacuum_time(c.oid)
               ) IS NOT NULL THEN pg_catalog.pg_stat_get_live_tuples(c.oid) END
     ) counted (running)
     GROUP BY part.root
)
SELECT c.oid, n.nspname, c.relname, c.relkind::text, figures.rows, figures.bytes, coalesce(d.description, ''),
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.pg_index i
              CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) place
               JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place]
              WHERE i.indrelid = c.oid AND i.indisprimary
              ORDER BY place)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN figures ON figures.root = c.oid
  LEFT JOIN pg_catalog.pg_description d
    ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
 WHERE c.oid = ANY(%(oids)s::oid[])
 ORDER BY n.nspname, c.relname
"""

KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}


class PostgresqlSurvey(SqlSurvey[int]):
    """A place is a table's oid."""

    def __init__(self, connection: Connection) -> None:
        connection.autocommit = False
        self._catalog = connection.info.dbname
        self._cursor = connection.cursor()
        self._columns = Columns(self._cursor)
        self._rows(SETTINGS)

    def catalogs(self) -> list[Named]:
        return [Named(name, comment=comment) for name, comment in self._rows(CATALOG)]

    def schemas(self, catalog: str) -> list[Named]:
        if catalog not in ("", self._catalog):
            raise description.unknown_catalog(catalog)
        return [Named(*row) for row in self._rows(SCHEMAS)]

    def places(self, schemas: Sequence[str], table: str) -> list[int]:
        return [oid for (oid,) in self._rows(PLACES, {"schemas": list(schemas), "table": table})]

    def page(self, places: Sequence[int]) -> Iterator[Surveyed]:
        rows = self._rows(TABLES, {"oids": list(places)})
        with errors.translated():
            columns = self._columns.of(places)
        for oid, schema, name, kind, count, size, comment, primary_key in rows:
            yield Surveyed(
                table=Table(name, schema, self._catalog),
                kind=KINDS[kind],
                columns=tuple(found.column for found in columns.get(oid, ())),
                primary_key=tuple(primary_key),
                rows=count,
                bytes=size,
                comment=comment,
            )

    def _rows(self, statement: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with errors.translated():
            return self._cursor.execute(statement.encode(), values).fetchall()
