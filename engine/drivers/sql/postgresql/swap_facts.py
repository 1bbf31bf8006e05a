"""What hangs on a PostgreSQL table, and so decides whether another may take its place."""

from typing import NamedTuple

from engine.drivers.sql.postgresql.write_session import PostgresqlSession

# Nothing may hang on the table but its own indexes, constraints and defaults: no view, foreign key, trigger, policy,
# publication or sequence. And it may have no property that a copy of it would lack.
_IS_FREE = """
SELECT c.relkind = 'r' AND c.relpersistence = 'p' AND NOT c.relhassubclass AND NOT c.relrowsecurity
   AND c.relreplident = 'd' AND c.reloptions IS NULL AND c.reltablespace = 0 AND c.reloftype = 0
   AND pg_catalog.pg_get_userbyid(c.relowner) = current_user
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid)
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                      AND (a.attidentity <> '' OR a.attacl IS NOT NULL OR a.attstattarget <> -1
                           OR a.attoptions::text LIKE '%%n_distinct%%'))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                    WHERE k.conrelid = c.oid AND (k.contype NOT IN ('p', 'u', 'c', 'n') OR k.condeferrable))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                    WHERE i.indrelid = c.oid
                      AND (NOT i.indisvalid OR i.indisclustered OR x.reltablespace <> 0
                           OR EXISTS (SELECT FROM pg_catalog.pg_description s WHERE s.objoid = i.indexrelid)))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.deptype = 'n'
                      AND d.refobjid IN (SELECT t.oid FROM pg_catalog.pg_type t
                                          WHERE c.reltype IN (t.oid, t.typelem)))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                     LEFT JOIN pg_catalog.pg_constraint k
                       ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.objid
                     LEFT JOIN pg_catalog.pg_class x
                       ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.oid = d.objid
                    WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid
                      AND k.conrelid IS DISTINCT FROM c.oid
                      AND COALESCE(x.relkind, '-') NOT IN ('i', 't')
                      AND d.classid <> 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                      AND d.deptype <> 'i')
  FROM pg_catalog.pg_class c WHERE c.oid = %s
"""

_INDEXES = """
SELECT x.relname::text, i.indisunique, CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE '' END,
       pg_catalog.pg_get_indexdef(i.indexrelid),
       pg_catalog.format('CREATE %%sINDEX %%I ON %%I.%%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END,
                         x.relname, n.nspname, c.relname)
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
 WHERE i.indrelid = %s
 ORDER BY i.indexrelid
"""

_GRANTS = """
SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END,
       g.privilege_type, g.is_grantable
  FROM pg_catalog.pg_class c,
       pg_catalog.aclexplode(COALESCE(c.relacl, pg_catalog.acldefault('r', c.relowner))) g
 WHERE c.oid = %s
"""


class Index(NamedTuple):
    """`definition`: what comes behind the table in its CREATE INDEX. `constraint`: what it is the index of, or ""."""

    name: str
    is_unique: bool
    constraint: str
    definition: str


class Grant(NamedTuple):
    grantee: str
    privilege: str
    is_grantable: bool


def is_free(session: PostgresqlSession, oid: int) -> bool:
    return session.rows(_IS_FREE, [oid]) == [(True,)]


def indexes(session: PostgresqlSession, oid: int) -> list[Index]:
    return [
        Index(name, is_unique, constraint, definition.removeprefix(beginning))
        for name, is_unique, constraint, definition, beginning in session.rows(_INDEXES, [oid])
    ]


def grants(session: PostgresqlSession, oid: int) -> set[Grant]:
    return {Grant(*row) for row in session.rows(_GRANTS, [oid])}


def comment(session: PostgresqlSession, oid: int) -> str | None:
    [(text,)] = session.rows("SELECT pg_catalog.obj_description(%s, 'pg_class')", [oid])
    return str(text) if text is not None else None
