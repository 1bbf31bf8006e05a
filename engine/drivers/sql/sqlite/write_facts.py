"""What a writer must know of an SQLite table beyond its description."""

from engine.drivers.sql.sqlite.write_session import SqliteSession

_KIND = "SELECT name, type FROM sqlite_master WHERE name = %s COLLATE NOCASE AND type IN ('table', 'view')"

_PRIMARY = "SELECT name FROM pragma_table_info(%s) WHERE pk > 0"

_UNIQUE = """
SELECT l.seq, i.name
  FROM pragma_index_list(%s) l JOIN pragma_index_info(l.name) i
 WHERE l."unique" AND NOT l.partial
"""

_REFERRING = """
SELECT DISTINCT m.name
  FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
 WHERE m.type = 'table' AND f."table" = %s COLLATE NOCASE AND m.name <> %s COLLATE NOCASE
 ORDER BY 1
"""

_STAGES = "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, %s) = %s"


def kind(session: SqliteSession, table: str) -> str | None:
    """ "table", "view", or None where there is none."""
    rows = session.rows(_KIND, [table])
    return str(rows[0][1]) if rows else None


def unique_keys(session: SqliteSession, table: str) -> list[set[str]]:
    """The columns of the primary key and of each unique index."""
    indexes: dict[int, set[str]] = {}
    for number, name in session.rows(_UNIQUE, [table]):
        indexes.setdefault(number, set()).add(name)
    return [{name for (name,) in session.rows(_PRIMARY, [table])}, *indexes.values()]


def referring_tables(session: SqliteSession, table: str) -> list[str]:
    """Other tables whose foreign keys point at this one."""
    return [name for (name,) in session.rows(_REFERRING, [table, table])]


def stages(session: SqliteSession, prefix: str) -> list[str]:
    return [name for (name,) in session.rows(_STAGES, [len(prefix), prefix])]
