"""What a writer must know of a MySQL or MariaDB server and its tables beyond their description."""

import re
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import pymysql
from pymysql.constants import ER

from engine.drivers.sql.mysql.write_session import MysqlSession
from engine.errors import TransientError
from engine.schema import Table

END_SECONDS = 5

_FIRST_UUID = (10, 7)

# Text is told apart byte by byte, trailing spaces included, as it is in most other databases.
_COLLATIONS = ("utf8mb4_nopad_bin", "utf8mb4_0900_bin", "utf8mb4_bin")

_SAME_NAME = "TABLE_SCHEMA = %s AND TABLE_NAME = %s AND (@@lower_case_table_names > 0 OR BINARY TABLE_NAME = %s)"

_RELATION = f"""
SELECT TABLE_TYPE, COALESCE(e.TRANSACTIONS, '') = 'YES'
  FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
 WHERE {_SAME_NAME}
"""

_UNIQUE = """
SELECT INDEX_NAME, COLUMN_NAME, SUB_PART IS NULL AND COLUMN_NAME IS NOT NULL
  FROM information_schema.STATISTICS
 WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND NON_UNIQUE = 0
 ORDER BY INDEX_NAME
"""

_REFERRING = """
SELECT DISTINCT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME)
  FROM information_schema.KEY_COLUMN_USAGE
 WHERE REFERENCED_TABLE_SCHEMA = %s AND REFERENCED_TABLE_NAME = %s
   AND (TABLE_SCHEMA, TABLE_NAME) <> (REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME)
 ORDER BY 1
"""

# A copy of the table would lack these, and the old table would take them with it.
_HANGING = """
SELECT (SELECT COUNT(*) FROM information_schema.TABLE_CONSTRAINTS
         WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND CONSTRAINT_TYPE = 'FOREIGN KEY')
     + (SELECT COUNT(*) FROM information_schema.TRIGGERS
         WHERE EVENT_OBJECT_SCHEMA = %s AND EVENT_OBJECT_TABLE = %s)
"""

_STAGES = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND LEFT(TABLE_NAME, %s) = %s"


@dataclass(frozen=True, slots=True)
class Server:
    """`packet`: the longest statement it takes, in bytes."""

    has_uuid: bool
    collation: str
    packet: int


@dataclass(frozen=True, slots=True)
class Relation:
    kind: str
    is_transactional: bool

    @property
    def is_table(self) -> bool:
        return self.kind in ("BASE TABLE", "SYSTEM VERSIONED")

    @property
    def is_plain(self) -> bool:
        """Not so a system-versioned table: its history would be lost with it."""
        return self.kind == "BASE TABLE"


def server(session: MysqlSession) -> Server:
    [(version, packet)] = session.rows("SELECT VERSION(), @@max_allowed_packet")
    known = {name for (name,) in session.rows("SELECT COLLATION_NAME FROM information_schema.COLLATIONS")}
    numbers = re.match(r"(\d+)\.(\d+)", version)
    is_recent = numbers is not None and (int(numbers[1]), int(numbers[2])) >= _FIRST_UUID
    return Server(
        has_uuid="MariaDB" in version and is_recent,
        collation=next(name for name in _COLLATIONS if name in known),
        packet=packet,
    )


def default_database(session: MysqlSession) -> str | None:
    [(database,)] = session.rows("SELECT DATABASE()")
    return str(database) if database is not None else None


def relation(session: MysqlSession, table: Table) -> Relation | None:
    rows = session.rows(_RELATION, [table.schema, table.name, table.name])
    return Relation(rows[0][0], bool(rows[0][1])) if rows else None


def unique_indexes(session: MysqlSession, table: Table) -> list[set[str]]:
    """The columns of each; an index over parts of columns or over expressions counts as over none."""
    rows = session.rows(_UNIQUE, [table.schema, table.name])
    indexes = [list(parts) for _, parts in groupby(rows, key=itemgetter(0))]
    return [{name for _, name, _ in parts} if all(is_whole for *_, is_whole in parts) else set() for parts in indexes]


def referring_tables(session: MysqlSession, table: Table) -> list[str]:
    """Other tables whose foreign keys point at this one."""
    return [name for (name,) in session.rows(_REFERRING, [table.schema, table.name])]


def is_free(session: MysqlSession, table: Table) -> bool:
    """Whether another table may take its place: no foreign key or trigger hangs on it."""
    [(count,)] = session.rows(_HANGING, [table.schema, table.name] * 2)
    return not count


def stages(session: MysqlSession, database: str, prefix: str) -> list[str]:
    return [name for (name,) in session.rows(_STAGES, [database, len(prefix), prefix])]


def end_session(session: MysqlSession, mark: str) -> None:
    """Ends the session that holds the named lock, if there is one, and waits until it has let go of everything."""
    [(number,)] = session.rows("SELECT IS_USED_LOCK(%s)", [mark])
    if number is None:
        return
    try:
        session.execute(f"KILL {int(number)}")
    except pymysql.Error as error:
        if error.args[0] not in (ER.NO_SUCH_THREAD, ER.KILL_DENIED_ERROR):  # it ended by itself; it is another user's
            raise
    [(is_gone,)] = session.rows("SELECT GET_LOCK(%s, %s)", [mark, END_SECONDS])
    if not is_gone:
        raise TransientError("A session of an earlier attempt does not end.", code="locked")
    session.rows("SELECT RELEASE_LOCK(%s)", [mark])
