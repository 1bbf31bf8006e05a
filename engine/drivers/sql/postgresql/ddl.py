"""Tables as PostgreSQL makes them."""

import re
from collections.abc import Sequence

from engine.drivers.sql.write_plan import check_names
from engine.schema import Column, Kind, Table, Type

LONGEST_NAME = 63
LONGEST_TEXT = 10_485_760
LONGEST_DECIMAL = 1000
LONGEST_FRACTION = 6

# What has no counterpart elsewhere travels as text.
_TEXTS = re.compile(
    r"bit|bit varying|box|character|character varying|cidr|circle|inet|jsonpath|line|lseg|macaddr|macaddr8|path|pg_lsn"
    r"|point|polygon|text|time with time zone|tsquery|tsvector|xml"
    r"|(date|int4|int8|num|ts|tstz)(range|multirange)"
)
# The built-in types by the names that format_type gives them, which is how a source's columns are spelled. Only these
# may be repeated in a statement, and only while a column still is of that kind.
_OWN: dict[str, Type] = {
    "bigint": Type(Kind.INTEGER, size=64),
    "integer": Type(Kind.INTEGER, size=32),
    "smallint": Type(Kind.INTEGER, size=16),
    "oid": Type(Kind.INTEGER, size=64),
    "real": Type(Kind.FLOAT, size=32),
    "double precision": Type(Kind.FLOAT, size=64),
    "numeric": Type(Kind.DECIMAL),
    "money": Type(Kind.DECIMAL),
    "boolean": Type(Kind.BOOLEAN),
    "bytea": Type(Kind.BINARY),
    "date": Type(Kind.DATE),
    "time without time zone": Type(Kind.TIME),
    "timestamp without time zone": Type(Kind.TIMESTAMP),
    "timestamp with time zone": Type(Kind.TIMESTAMPTZ),
    "interval": Type(Kind.INTERVAL),
    "uuid": Type(Kind.UUID),
    "json": Type(Kind.JSON),
    "jsonb": Type(Kind.JSON),
}
_MODIFIER = re.compile(r"\(\d+(,-?\d+)?\)")
_INTERVAL_FIELDS = re.compile(r"(?<=^interval) (year|month|day|hour|minute|second)( to (month|hour|minute|second))?")

_SIMPLE = {
    Kind.BOOLEAN: "boolean",
    Kind.BINARY: "bytea",
    Kind.DATE: "date",
    Kind.INTERVAL: "interval",
    Kind.UUID: "uuid",
    Kind.JSON: "jsonb",
}
_MOMENTS = {
    Kind.TIME: "time({}) without time zone",
    Kind.TIMESTAMP: "timestamp({}) without time zone",
    Kind.TIMESTAMPTZ: "timestamp({}) with time zone",
}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def quoted_table(table: Table) -> str:
    return f"{quoted(table.schema)}.{quoted(table.name)}"


def quoted_text(text: str) -> str:
    """For statements that take no parameters; the E makes it right whatever the server thinks of backslashes."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def names(columns: Sequence[Column]) -> str:
    return ", ".join(quoted(column.name) for column in columns)


def create_table(table: Table, columns: Sequence[Column], key: Sequence[str]) -> list[str]:
    """The statements that make it; the key's columns are required, its index is left to be built after loading."""
    check_names(table.name, columns, fits=LONGEST_NAME, measure="bytes", ignores_case=False)
    parts = [
        f"{quoted(column.name)} {native(column)}" + ("" if column.nullable and column.name not in key else " NOT NULL")
        for column in columns
    ]
    comments = [
        f"COMMENT ON COLUMN {quoted_table(table)}.{quoted(column.name)} IS {quoted_text(column.comment)}"
        for column in columns
        if column.comment
    ]
    return [f"CREATE TABLE {quoted_table(table)} ({', '.join(parts)})", *comments]


def add_key(table: Table, key: Sequence[str]) -> str:
    return f"ALTER TABLE {quoted_table(table)} ADD PRIMARY KEY ({', '.join(map(quoted, key))})"


def native(column: Column) -> str:
    """The source's own spelling where PostgreSQL has the same type, else the nearest that loses nothing."""
    return column.native if is_own(column) else _portable(column.type)


def is_own(column: Column) -> bool:
    """Whether the column's native type is a built-in type of PostgreSQL."""
    spelling, is_array = column.native.removesuffix("[]"), column.native.endswith("[]")
    name = _INTERVAL_FIELDS.sub("", _MODIFIER.sub("", spelling, count=1))
    own = Type(Kind.TEXT) if _TEXTS.fullmatch(name) else _OWN.get(name)
    portable = column.type.element if is_array else column.type
    if own is None or portable is None or (is_array and column.type.kind is not Kind.ARRAY):
        return False
    return own.kind is portable.kind and own.size in (None, portable.size)


def _portable(portable: Type) -> str:
    kind = portable.kind
    if kind is Kind.ARRAY:
        return f"{_portable(portable.element or Type(Kind.TEXT))}[]"
    if kind is Kind.INTEGER:
        return _integer(portable.size)
    if kind is Kind.FLOAT:
        return "real" if portable.size == 32 else "double precision"
    if kind is Kind.DECIMAL:
        return _decimal(portable)
    if kind is Kind.TEXT:
        return f"character varying({portable.size})" if 0 < (portable.size or 0) <= LONGEST_TEXT else "text"
    if kind in _MOMENTS:
        digits = LONGEST_FRACTION if portable.precision is None else min(portable.precision, LONGEST_FRACTION)
        return _MOMENTS[kind].format(digits)
    return _SIMPLE[kind]


def _integer(bits: int | None) -> str:
    if bits is not None and bits <= 16:
        return "smallint"
    if bits is not None and bits <= 32:
        return "integer"
    return "bigint" if bits is None or bits <= 64 else "numeric"


def _decimal(portable: Type) -> str:
    if portable.precision is None or portable.precision > LONGEST_DECIMAL:
        return "numeric"
    return f"numeric({portable.precision},{portable.scale or 0})"
