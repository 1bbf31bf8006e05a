"""Tables and queries as SQLite describes them; where nothing is declared, by the first values."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.drivers.sql import description
from engine.drivers.sql.description import Description
from engine.drivers.sql.select import subselect
from engine.drivers.sql.sqlite import types
from engine.schema import Column, Kind, Query, Stream, Table, Type

TABLES = (
    "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
)
COLUMNS = 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1'
INDEXES = "SELECT name, origin FROM pragma_index_list(?) WHERE \"unique\" AND NOT partial ORDER BY origin <> 'pk', name"
INDEXED = "SELECT name FROM pragma_index_info(?) ORDER BY seqno"

Declared = tuple[str, str, int, str | None, int, int]
"""What COLUMNS tells of one."""

SAMPLED_ROWS = 100
INFERRED = {
    frozenset({"integer"}): types.INTEGER,
    frozenset({"real"}): types.FLOAT,
    frozenset({"integer", "real"}): types.FLOAT,
    frozenset({"blob"}): Type(Kind.BINARY),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """`unique`: the columns of each unique index over NOT NULL columns, the primary key's first."""

    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]


def table(connection: sqlite3.Connection, asked: Table) -> Description:
    """Raises ConfigError `unknown_table`."""
    name, is_view = _found(connection, asked)
    found = facts(connection, name)
    return description.keyed(Stream(Table(name), found.columns), None if is_view else found.unique, ())


def facts(connection: sqlite3.Connection, name: str) -> Facts:
    """Of a table or view that bears exactly this name."""
    found = connection.execute(COLUMNS, (name,)).fetchall()
    unique, row_number = _unique(connection, name, found)
    columns = [_column(*row, row_number=row_number) for row in found]
    return Facts(tuple(_inferred(connection, quoted(name), columns)), _primary_key(found), tuple(unique))


def query(connection: sqlite3.Connection, source: Query) -> Description:
    wrapped = subselect(source)
    names = [name for name, *_ in connection.execute(f"SELECT * FROM {wrapped} LIMIT 0").description]
    columns = [Column(name, types.portable("")) for name in names]
    return Description(Stream(source, tuple(_inferred(connection, wrapped, columns))))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _found(connection: sqlite3.Connection, asked: Table) -> tuple[str, bool]:
    is_here = asked.catalog == "" and asked.schema in ("", "main") and description.is_name(asked.name)
    found = is_here and connection.execute(f"{TABLES} AND name = ? COLLATE NOCASE", (asked.name,)).fetchone()
    if not found:
        raise description.unknown_table(asked)
    name, kind = found
    return name, kind == "view"


def _column(
    name: str, declared: str, is_required: int, default: str | None, key_place: int, hidden: int, *, row_number: str
) -> Column:
    is_row_number = name == row_number and key_place > 0
    return Column(
        name,
        types.portable(declared),
        nullable=not (is_required or is_row_number),
        native=declared,
        generated=hidden > 1,
        default="auto_increment" if is_row_number else default,
    )


def _primary_key(columns: Sequence[Declared]) -> tuple[str, ...]:
    places = sorted((key_place, name) for name, *_, key_place, _ in columns if key_place)
    return tuple(name for _, name in places)


def _unique(
    connection: sqlite3.Connection, table: str, columns: Sequence[Declared]
) -> tuple[list[tuple[str, ...]], str]:
    """The unique indexes over NOT NULL columns, and the column that is the row's number."""
    indexes = connection.execute(INDEXES, (table,)).fetchall()
    primary = _primary_key(columns)
    # The one primary key without an index is the row number itself; every other one may hold NULLs.
    is_row_number = len(primary) == 1 and not any(origin == "pk" for _, origin in indexes)
    required = {name for name, _, is_required, *_ in columns if is_required}
    found = [tuple(part for (part,) in connection.execute(INDEXED, (index,))) for index, _ in indexes]
    unique = [names for names in found if required.issuperset(names)]
    return ([primary, *unique], primary[0]) if is_row_number else (unique, "")


def _inferred(connection: sqlite3.Connection, source: str, columns: list[Column]) -> list[Column]:
    """The columns, with types for those that declare none."""
    bare = [column.name for column in columns if not column.native]
    if not bare:
        return columns
    selected = ", ".join(f"typeof({quoted(name)})" for name in bare)
    sample = connection.execute(f"SELECT {selected} FROM {source} LIMIT {SAMPLED_ROWS}").fetchall()
    seen = {name: frozenset(kinds) - {"null"} for name, kinds in zip(bare, zip(*sample, strict=True), strict=False)}
    return [replace(column, type=INFERRED.get(seen.get(column.name, frozenset()), column.type)) for column in columns]
