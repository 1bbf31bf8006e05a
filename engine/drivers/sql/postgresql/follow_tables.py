"""Tables as whoever follows them must know them: what tells their rows apart, and why they cannot be followed."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.drivers.sql.postgresql import conditions, ddl, describe
from engine.drivers.sql.postgresql.columns import Columns
from engine.drivers.sql.postgresql.follow_server import Server
from engine.following import Followed
from engine.schema import Column, Table

TABLES = f"""
SELECT asked.place, c.oid, n.nspname, c.relname, c.relkind::text, c.relispartition,
       c.relkind = 'r' AND c.relhassubclass, pg_catalog.pg_has_role(c.relowner, 'USAGE')
  FROM unnest(%(schemas)s::text[], %(names)s::text[], %(catalogs)s::text[])
       WITH ORDINALITY asked (schema, name, catalog, place)
  JOIN pg_catalog.pg_class c ON c.relname::text = asked.name
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {describe.SYSTEM_SCHEMAS}
   AND CASE WHEN asked.schema = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname::text = asked.schema END
   AND asked.catalog IN ('', pg_catalog.current_database())
 ORDER BY asked.place
"""

# The server writes the identity of a row that is changed or removed, and refuses the change where there is none. A
# partition that is made later has no other identity than the primary key of its table.
PARTS = """
SELECT root.oid, c.oid, c.relkind::text, c.relpersistence::text, c.relfilenode,
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (
                    (c.relreplident = 'f' AND c.relkind <> 'p') OR a.attnum IN (
                    SELECT i.indkey[place]
                      FROM pg_catalog.pg_index i
                     CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) place
                     WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
                       AND CASE WHEN c.relkind = 'p' OR c.relreplident = 'd' THEN i.indisprimary
                                ELSE c.relreplident = 'i' AND i.indisreplident END))),
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attgenerated <> '' AND NOT a.attisdropped)
  FROM unnest(%s::oid[]) root (oid)
 CROSS JOIN LATERAL (SELECT root.oid UNION SELECT relid FROM pg_catalog.pg_partition_tree(root.oid)) part (oid)
  JOIN pg_catalog.pg_class c ON c.oid = part.oid
 ORDER BY root.oid, c.oid
"""

KINDS = {"v": "It is a view.", "m": "It is a materialized view.", "f": "It lies on another server."}


@dataclass(frozen=True, slots=True)
class Part:
    """The table itself, or a partition of it. `identity`: the columns by which the server tells which of its rows was
    changed or removed."""

    oid: int
    kind: str
    persistence: str
    file: int
    identity: frozenset[str]
    generated: frozenset[str]


@dataclass(frozen=True, slots=True)
class Known:
    """A table that is there, under its name as statements spell it. `refusal`: why it cannot be followed, or ""."""

    followed: Followed
    oid: int
    quoted: str
    is_ours: bool
    columns: tuple[Column, ...]
    parts: tuple[Part, ...]
    refusal: str

    @property
    def key(self) -> list[Column]:
        return [column for name in self.followed.key for column in self.columns if column.name == name]

    @property
    def oids(self) -> list[int]:
        return [part.oid for part in self.parts]

    def mark(self, *of: object) -> str:
        """Differs as soon as its rows may have changed without a word of any of them: when it was made anew, altered,
        written anew, or got and lost partitions."""
        shape = [[column.name, column.native] for column in self.columns]
        known = [*of, self.oid, shape, [[part.oid, part.file] for part in self.parts]]
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:32]


def known(server: Server, tables: Sequence[Followed]) -> dict[Table, Known]:
    """Those that are there."""
    asked = [one.table for one in tables]
    values = {
        "schemas": [table.schema for table in asked],
        "names": [table.name for table in asked],
        "catalogs": [table.catalog for table in asked],
    }
    rows = server.rows(TABLES, values)
    oids = [row[1] for row in rows]
    parts = _parts(server, oids)
    with server.transaction() as cursor:
        columns = Columns(cursor).of(oids)
    finds = conditions.of(server.connection).finds
    found = {}
    for place, oid, schema, name, kind, is_partition, has_heirs, is_ours in rows:
        followed = tables[place - 1]
        shape = tuple(one.column for one in columns.get(oid, ()))
        refusal = (
            _refused_kind(kind, is_partition=is_partition, has_heirs=has_heirs)
            or _refused_key(followed.key, {column.name: finds(column) for column in shape})
            or _refused_parts(followed.key, parts[oid])
        )
        quoted = ddl.quoted_table(Table(name, schema))
        found[followed.table] = Known(followed, oid, quoted, is_ours, shape, tuple(parts[oid]), refusal)
    return found


def refusals(tables: Sequence[Followed], found: Mapping[Table, Known]) -> dict[Table, str]:
    missing = "There is no such table."
    return {one.table: found[one.table].refusal if one.table in found else missing for one in tables}


def _parts(server: Server, oids: Sequence[int]) -> dict[int, list[Part]]:
    parts: dict[int, list[Part]] = defaultdict(list)
    for root, oid, kind, persistence, file, identity, generated in server.rows(PARTS, (list(oids),)):
        parts[root].append(Part(oid, kind, persistence, file, frozenset(identity), frozenset(generated)))
    return parts


def _refused_kind(kind: str, *, is_partition: bool, has_heirs: bool) -> str:
    if kind in KINDS:
        return KINDS[kind]
    if is_partition:
        return "It is a partition: follow the table that it is a part of."
    return "Other tables inherit from it." if has_heirs else ""


def _refused_key(key: Sequence[str], finds: Mapping[str, bool]) -> str:
    if not key:
        return "It has no key."
    for name in key:
        if name not in finds:
            return f"It has no column {name!r}, which is in its key."
        if not finds[name]:
            return f"The column {name!r} of its key is of a type by which rows cannot be asked for."
    return ""


def _refused_parts(key: Sequence[str], parts: Sequence[Part]) -> str:
    for part in parts:
        if part.kind == "f":
            return "A partition of it lies on another server."
        if part.persistence != "p":
            return "It is not logged."
        if not part.identity:
            return "It has no primary key and no other replica identity: updates of it would fail if it was published."
        if not part.identity.issuperset(key):
            return "Its replica identity does not tell its key."
        if not part.identity.isdisjoint(part.generated):
            return "A generated column is in its replica identity: updates of it would fail if it was published."
    return ""
