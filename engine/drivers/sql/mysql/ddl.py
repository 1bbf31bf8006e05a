"""Tables as MySQL and MariaDB make them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.drivers.sql.mysql import types
from engine.drivers.sql.write_plan import check_names
from engine.errors import ConfigError
from engine.schema import Column, Kind, Table, Type

LONGEST_NAME = 64
LONGEST_COMMENT = 1024
LONGEST_FRACTION = 6
LONGEST_DECIMAL = 65
LONGEST_SCALE = 30
CHARACTER_BYTES = 4

# The limits of InnoDB: all that a row keeps in itself, and all that an index entry holds.
ROW_BYTES = 60_000
INDEX_BYTES = 3072
# What a column of a key other than text takes of an index entry, at the most: a decimal of 65 digits.
OTHER_BYTES = 32

# The types that say more than their portable one does. Only these may be repeated in a statement, and only while a
# column still is of that type.
_OWN = re.compile(
    r"(?P<integer>tinyint|smallint|mediumint|int|bigint)(\((?P<shown>\d+)\))?(?P<unsigned> unsigned)?( zerofill)?"
    r"|(?P<float>float)( unsigned)?"
    r"|(?P<bit>bit)\((?P<bits>\d+)\)"
    r"|(?P<year>year)(\(4\))?"
    r"|(?P<timestamp>timestamp)(\((?P<fraction>\d)\))?"
    r"|(?P<list>enum|set)\('(?:[^'\\]|'')*'(?:,'(?:[^'\\]|'')*')*\)"
    r"|(?P<text>char\(\d+\)|(tiny|medium|long)?text)"
    r"|(?P<blob>binary\(\d+\)|(tiny|medium|long)?blob)"
)
_COLLATE = re.compile(r" collate \w+$")

_SIMPLE = {
    Kind.BOOLEAN: "TINYINT(1)",
    Kind.FLOAT: "DOUBLE",
    Kind.DATE: "DATE",
    Kind.INTERVAL: "VARCHAR(255)",
    Kind.JSON: "JSON",
    Kind.ARRAY: "JSON",
}
_MOMENTS = {Kind.TIME: "TIME", Kind.TIMESTAMP: "DATETIME", Kind.TIMESTAMPTZ: "DATETIME"}


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def quoted_table(table: Table) -> str:
    return f"{quoted(table.schema)}.{quoted(table.name)}"


def names(columns: Sequence[Column]) -> str:
    return ", ".join(quoted(column.name) for column in columns)


def quoted_text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Words:
    """What differs between servers: the collation that tells texts apart exactly, and the type of a UUID."""

    collation: str
    uuid: str


def create_table(table: Table, columns: Sequence[Column], key: Sequence[str], words: Words) -> str:
    check_names(table.name, columns, fits=LONGEST_NAME, measure="characters", ignores_case=True)
    parts = [
        _definition(column, native, is_required=not column.nullable or column.name in key)
        for column, native in zip(columns, natives(columns, key, words), strict=True)
    ]
    if key:
        parts.append(f"PRIMARY KEY ({', '.join(map(quoted, key))})")
    return (
        f"CREATE TABLE {quoted_table(table)} ({', '.join(parts)}) ENGINE = InnoDB ROW_FORMAT = DYNAMIC"
        f" CHARACTER SET utf8mb4 COLLATE {words.collation}"
    )


def natives(columns: Sequence[Column], key: Sequence[str], words: Words) -> list[str]:
    """The type of each column: MySQL's own where it came from there, else the nearest that loses least."""
    left = ROW_BYTES
    found = []
    for column in columns:
        native = _key_part(column, columns, key, words) if column.name in key else _native(column, words)
        if left < _bytes_in_row(native):
            native = "LONGBLOB" if "BINARY" in native.upper() else "LONGTEXT"
        left -= _bytes_in_row(native)
        found.append(native)
    return found


def _definition(column: Column, native: str, *, is_required: bool) -> str:
    words = [quoted(column.name), native, "NOT NULL" if is_required else "NULL"]
    if native.startswith("timestamp") and is_required:
        # Without a default, some servers let a table's first timestamp change with every update of its row.
        words.append("DEFAULT CURRENT_TIMESTAMP" + native.removeprefix("timestamp"))
    if column.comment:
        words.append(f"COMMENT {quoted_text(column.comment[:LONGEST_COMMENT])}")
    return " ".join(words)


def _native(column: Column, words: Words) -> str:
    own = _COLLATE.sub("", column.native)
    return own if _is_own(own, column.type) else _portable(column.type, words)


def _is_own(native: str, portable: Type) -> bool:
    match = _OWN.fullmatch(native)
    if match is None:
        return False
    if match["list"] or match["text"]:
        return portable.kind is Kind.TEXT
    if match["blob"]:
        return portable.kind is Kind.BINARY
    name = next(match[group] for group in ("integer", "float", "bit", "year", "timestamp") if match[group])
    return portable == types.portable(
        types.Native(
            name,
            is_unsigned=match["unsigned"] is not None,
            size=int(match["bits"] or 1),
            fraction=int(match["fraction"] or 0),
            shown=int(match["shown"] or 0),
        )
    )


def _portable(portable: Type, words: Words) -> str:
    kind = portable.kind
    if kind is Kind.INTEGER:
        return _integer(portable.size)
    if kind is Kind.DECIMAL:
        return _decimal(portable)
    if kind is Kind.TEXT:
        return f"VARCHAR({portable.size})" if portable.size else "LONGTEXT"
    if kind is Kind.BINARY:
        return f"VARBINARY({portable.size})" if portable.size else "LONGBLOB"
    if kind is Kind.UUID:
        return words.uuid
    if kind in _MOMENTS:
        digits = LONGEST_FRACTION if portable.precision is None else min(portable.precision, LONGEST_FRACTION)
        return f"{_MOMENTS[kind]}({digits})"
    return _SIMPLE[kind]


def _integer(bits: int | None) -> str:
    names = ((8, "TINYINT"), (16, "SMALLINT"), (32, "INT"), (64, "BIGINT"))
    return next((name for most, name in names if (bits or 64) <= most), f"DECIMAL({LONGEST_DECIMAL},0)")


def _decimal(portable: Type) -> str:
    """A decimal that is longer, or that has no limit, gets the most: half for what is behind the point."""
    precision, scale = portable.precision, portable.scale or 0
    if precision is None or precision > LONGEST_DECIMAL or scale > LONGEST_SCALE:
        return f"DECIMAL({LONGEST_DECIMAL},{LONGEST_SCALE if precision is None else min(scale, LONGEST_SCALE)})"
    return f"DECIMAL({max(precision, scale)},{scale})"


def _key_part(column: Column, columns: Sequence[Column], key: Sequence[str], words: Words) -> str:
    """A key's text must have a length, so that all of the key fits into an entry of the index."""
    kind = column.type.kind
    if kind in (Kind.JSON, Kind.ARRAY):
        raise ConfigError(f"The column {column.name!r} cannot be part of a key: it is JSON.", code="invalid_key")
    if kind not in (Kind.TEXT, Kind.BINARY):
        return _native(column, words)
    texts = [one for one in columns if one.name in key and one.type.kind in (Kind.TEXT, Kind.BINARY)]
    share = (INDEX_BYTES - OTHER_BYTES * (len(key) - len(texts))) // len(texts)
    most = share if kind is Kind.BINARY else share // CHARACTER_BYTES
    return f"{'VARBINARY' if kind is Kind.BINARY else 'VARCHAR'}({min(column.type.size or most, most)})"


def _bytes_in_row(native: str) -> int:
    match = re.fullmatch(r"(?:VAR)?(CHAR|BINARY)\((\d+)\)", native.upper())
    if match is None:
        return OTHER_BYTES
    return int(match[2]) * (CHARACTER_BYTES if match[1] == "CHAR" else 1)
