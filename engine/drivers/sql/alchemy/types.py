"""The type names of further databases as portable types. Each driver adds what its database means otherwise."""

import re
from collections.abc import Mapping

from engine.schema import Kind, Type

Natives = Mapping[str, Type]

TEXT = Type(Kind.TEXT)
SMALL, INTEGER, BIG = (Type(Kind.INTEGER, size=bits) for bits in (16, 32, 64))
SINGLE, DOUBLE = (Type(Kind.FLOAT, size=bits) for bits in (32, 64))
DECIMAL = Type(Kind.DECIMAL)
BINARY = Type(Kind.BINARY)
BOOLEAN = Type(Kind.BOOLEAN)
DATE = Type(Kind.DATE)
TIME = Type(Kind.TIME, precision=6)
TIMESTAMP = Type(Kind.TIMESTAMP, precision=6)
TIMESTAMPTZ = Type(Kind.TIMESTAMPTZ, precision=6)
JSON = Type(Kind.JSON)
ARRAY = Type(Kind.ARRAY)


def whole(digits: int) -> Type:
    return Type(Kind.DECIMAL, precision=digits, scale=0)


# Texts are what is not named here: enumerations, networks, shapes, documents in XML.
KNOWN: dict[str, Type] = {
    "BOOLEAN": BOOLEAN,
    "BOOL": BOOLEAN,
    "TINYINT": SMALL,
    "SMALLINT": SMALL,
    "INT2": SMALL,
    "INT": INTEGER,
    "INTEGER": INTEGER,
    "INT4": INTEGER,
    "MEDIUMINT": INTEGER,
    "BIGINT": BIG,
    "INT8": BIG,
    "REAL": SINGLE,
    "FLOAT4": SINGLE,
    "FLOAT": DOUBLE,
    "FLOAT8": DOUBLE,
    "DOUBLE": DOUBLE,
    "DOUBLE PRECISION": DOUBLE,
    "DECIMAL": DECIMAL,
    "NUMERIC": DECIMAL,
    "NUMBER": DECIMAL,
    "DATE": DATE,
    "TIME": TIME,
    "TIME WITHOUT TIME ZONE": TIME,
    "TIMESTAMP": TIMESTAMP,
    "TIMESTAMP WITHOUT TIME ZONE": TIMESTAMP,
    "DATETIME": TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": TIMESTAMPTZ,
    "TIMESTAMPTZ": TIMESTAMPTZ,
    "INTERVAL": Type(Kind.INTERVAL),
    "UUID": Type(Kind.UUID),
    "JSON": JSON,
    "JSONB": JSON,
    "ARRAY": ARRAY,
    "MAP": JSON,
    "STRUCT": JSON,
    "ROW": JSON,
    "BLOB": BINARY,
    "BYTEA": BINARY,
    "BYTES": BINARY,
    "BINARY": BINARY,
    "VARBINARY": BINARY,
}
SIZED = {Kind.TEXT, Kind.BINARY}
MOMENTS = {Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMPTZ}

# "TIMESTAMP(3) WITH TIME ZONE": a name, its numbers, and what of the name stands behind them.
SPELLED = re.compile(
    r"\s*([A-Za-z_][\w ]*?)\s*(?:\(\s*(\d+)(?:\s+\w+)?\s*(?:,\s*(?:(-?\d+)|'[^']*')\s*)?\))?((?: \w+)*)\s*", re.ASCII
)
LISTED = re.compile(r"\[\d*\]\s*$")
# ClickHouse's ways to say something more of a type.
WRAPPED = re.compile(r"(?:Nullable|LowCardinality)\((.*)\)", re.DOTALL)
# Everything that stands in brackets of its own: ARRAY<INT64>, STRUCT(a INTEGER), map(varchar, bigint).
NESTED = re.compile(r"\s*(\w+)\s*[(<].*[)>]\s*$", re.DOTALL)


def portable(native: str, natives: Natives = KNOWN) -> Type:
    """The type that a database calls `native`, modifiers included; text for those that are not known."""
    if LISTED.search(native):
        return ARRAY
    if wrapped := WRAPPED.fullmatch(native):
        return portable(wrapped[1], natives)
    found = SPELLED.fullmatch(native)
    if found is None:
        nested = NESTED.match(native)
        return _named(nested[1], natives) if nested else TEXT
    name, first, second, rest = found.groups()
    return _sized(_named(name + rest, natives), first, second)


def _named(name: str, natives: Natives) -> Type:
    name = " ".join(name.upper().split())
    return natives.get(name) or KNOWN.get(name) or TEXT


def _sized(plain: Type, first: str | None, second: str | None) -> Type:
    if first is None:
        return plain
    if plain.kind is Kind.DECIMAL:
        return _decimal(int(first), int(second or 0))
    if plain.kind in MOMENTS:
        return Type(plain.kind, precision=int(first))
    return Type(plain.kind, size=int(first)) if plain.kind in SIZED else plain


def _decimal(digits: int, scale: int) -> Type:
    """A scale below zero stands for zeros before the point."""
    return Type(Kind.DECIMAL, precision=max(digits, scale) - min(scale, 0), scale=max(scale, 0))
