"""What a writer must know of a PostgreSQL table beyond its description."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.drivers.sql.postgresql.write_session import PostgresqlSession
from engine.schema import Table

_PLAIN, _PARTITIONED = "r", "p"
_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table", "S": "a sequence", "i": "an index"}

_RELATION = """
SELECT c.oid, c.relkind::text,
       EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.condeferrable AND c.oid IN (k.conrelid, k.confrelid))
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = %s AND c.relname = %s
"""

# The only unique indexes that ON CONFLICT may name: checked at once, over columns alone and for every row.
_UNIQUE = """
SELECT pg_catalog.array_agg(a.attname::text)
  FROM pg_catalog.pg_index i
 CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) place
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place]
 WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
   AND i.indexprs IS NULL
 GROUP BY i.indexrelid
"""

_REFERRING = """
SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname)
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE k.contype = 'f' AND k.confrelid = %s AND k.conrelid <> k.confrelid
 ORDER BY 1
"""

_STAGES = """
SELECT c.relname
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = %s AND c.relkind = 'r' AND pg_catalog.starts_with(c.relname, %s)
"""

_IDENTITIES = """
SELECT a.attname::text
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = %s AND c.relname = %s AND a.attidentity <> '' AND NOT a.attisdropped
"""


@dataclass(frozen=True, slots=True)
class Relation:
    """`is_deferring`: some of its constraints may wait for the end of the transaction."""

    oid: int
    kind: str
    is_deferring: bool

    @property
    def is_table(self) -> bool:
        return self.kind in (_PLAIN, _PARTITIONED)

    @property
    def is_partitioned(self) -> bool:
        return self.kind == _PARTITIONED

    @property
    def noun(self) -> str:
        return _KINDS.get(self.kind, "no table")


def relation(session: PostgresqlSession, table: Table) -> Relation | None:
    rows = session.rows(_RELATION, [table.schema, table.name])
    return Relation(*rows[0]) if rows else None


def has_unique_index(session: PostgresqlSession, oid: int, key: Sequence[str]) -> bool:
    return any(set(columns) == set(key) for (columns,) in session.rows(_UNIQUE, [oid]))


def referring_tables(session: PostgresqlSession, oid: int) -> list[str]:
    """Other tables whose foreign keys point at this one."""
    return [name for (name,) in session.rows(_REFERRING, [oid])]


def stages(session: PostgresqlSession, schema: str, prefix: str) -> list[str]:
    return [name for (name,) in session.rows(_STAGES, [schema, prefix])]


def identity_columns(session: PostgresqlSession, table: Table) -> list[str]:
    return [name for (name,) in session.rows(_IDENTITIES, [table.schema, table.name])]


def default_schema(session: PostgresqlSession) -> str | None:
    [(schema,)] = session.rows("SELECT pg_catalog.current_schema()::text")
    return str(schema) if schema is not None else None


def end_sessions(session: PostgresqlSession, prefix: str, fence: int) -> None:
    """Ends our own role's sessions of the attempts before `fence`."""
    session.rows(
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
        " WHERE usename = current_user AND pg_catalog.starts_with(application_name, %s)"
        "   AND pg_catalog.substr(application_name, %s) ~ '^[0-9]{1,18}$'"
        "   AND pg_catalog.substr(application_name, %s)::bigint < %s",
        [prefix, len(prefix) + 1, len(prefix) + 1, fence],
    )
