"""The types of MySQL and MariaDB as portable ones, from the catalogue or from the fields of a result."""

from dataclasses import dataclass
from typing import Protocol

from pymysql.constants import FIELD_TYPE, FLAG

from engine.schema import Kind, Type

UNSIGNED_BIGINT = Type(Kind.DECIMAL, precision=20, scale=0)
SINGLE, DOUBLE = 32, 64
BINARY_CHARSET = 63
LONGEST_CHARACTER = 4

# By signed and unsigned: the bits that hold every value.
INTEGERS: dict[str, tuple[Type, Type]] = {
    "tinyint": (Type(Kind.INTEGER, size=8), Type(Kind.INTEGER, size=16)),
    "smallint": (Type(Kind.INTEGER, size=16), Type(Kind.INTEGER, size=32)),
    "mediumint": (Type(Kind.INTEGER, size=32), Type(Kind.INTEGER, size=32)),
    "int": (Type(Kind.INTEGER, size=32), Type(Kind.INTEGER, size=64)),
    "bigint": (Type(Kind.INTEGER, size=64), UNSIGNED_BIGINT),
}
SIMPLE: dict[str, Type] = {
    "float": Type(Kind.FLOAT, size=SINGLE),
    "double": Type(Kind.FLOAT, size=DOUBLE),
    "year": Type(Kind.INTEGER, size=16),
    "date": Type(Kind.DATE),
    "json": Type(Kind.JSON),
    "uuid": Type(Kind.UUID),
    "tinyblob": Type(Kind.BINARY),
    "blob": Type(Kind.BINARY),
    "mediumblob": Type(Kind.BINARY),
    "longblob": Type(Kind.BINARY),
    "vector": Type(Kind.BINARY),
}
MOMENTS = {"time": Kind.TIME, "datetime": Kind.TIMESTAMP, "timestamp": Kind.TIMESTAMPTZ}
SIZED = {
    "char": Kind.TEXT,
    "varchar": Kind.TEXT,
    "enum": Kind.TEXT,
    "set": Kind.TEXT,
    "binary": Kind.BINARY,
    "varbinary": Kind.BINARY,
}
# They sort by the place of a value in their list and compare by its text.
LISTS = {"enum", "set"}
SHAPES = {
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
    "geomcollection",
}

FIELD_NAMES: dict[int, str] = {
    FIELD_TYPE.TINY: "tinyint",
    FIELD_TYPE.SHORT: "smallint",
    FIELD_TYPE.INT24: "mediumint",
    FIELD_TYPE.LONG: "int",
    FIELD_TYPE.LONGLONG: "bigint",
    FIELD_TYPE.FLOAT: "float",
    FIELD_TYPE.DOUBLE: "double",
    FIELD_TYPE.DECIMAL: "decimal",
    FIELD_TYPE.NEWDECIMAL: "decimal",
    FIELD_TYPE.YEAR: "year",
    FIELD_TYPE.DATE: "date",
    FIELD_TYPE.NEWDATE: "date",
    FIELD_TYPE.TIME: "time",
    FIELD_TYPE.DATETIME: "datetime",
    FIELD_TYPE.TIMESTAMP: "timestamp",
    FIELD_TYPE.BIT: "bit",
    FIELD_TYPE.JSON: "json",
}


@dataclass(frozen=True, slots=True)
class Native:
    """What catalogue and result both tell. `size`: characters, bytes or bits; `shown`: an integer's digits."""

    name: str
    is_unsigned: bool = False
    size: int | None = None
    precision: int | None = None
    scale: int | None = None
    fraction: int = 0
    shown: int = 0


class Field(Protocol):
    """A field of a result, as the server sends it."""

    type_code: int
    charsetnr: int
    flags: int
    length: int
    scale: int


def portable(native: Native) -> Type:
    """What a type is everywhere; TEXT for all that has no counterpart."""
    name = native.name
    if name in INTEGERS:
        is_flag = name == "tinyint" and native.shown == 1 and not native.is_unsigned
        return Type(Kind.BOOLEAN) if is_flag else INTEGERS[name][native.is_unsigned]
    if name == "decimal":
        return Type(Kind.DECIMAL, precision=native.precision, scale=native.scale)
    if name == "bit":
        return _bits(native.size or 1)
    if name in MOMENTS:
        return Type(MOMENTS[name], precision=native.fraction)
    if name in SIZED:
        return Type(SIZED[name], size=native.size)
    return SIMPLE.get(name, Type(Kind.TEXT))


def of_field(field: Field) -> Native:
    """A type as far as a result tells it: what MariaDB keeps as text with a check is text."""
    is_unsigned = bool(field.flags & FLAG.UNSIGNED)
    name = _field_name(field)
    if name == "decimal":
        precision = field.length - (not is_unsigned) - (field.scale > 0)
        return Native(name, precision=precision, scale=field.scale)
    if name in SIZED:
        return Native(name, size=field.length // (1 if SIZED[name] is Kind.BINARY else LONGEST_CHARACTER))
    return Native(name, is_unsigned, size=field.length, fraction=field.scale, shown=field.length)


def _field_name(field: Field) -> str:
    if field.flags & (FLAG.ENUM | FLAG.SET):
        return "enum"
    if field.type_code in FIELD_NAMES:
        return FIELD_NAMES[field.type_code]
    is_sized = field.type_code in (FIELD_TYPE.STRING, FIELD_TYPE.VAR_STRING, FIELD_TYPE.VARCHAR)
    if field.charsetnr == BINARY_CHARSET:
        return "varbinary" if is_sized else "blob"
    return "varchar" if is_sized else "text"


def _bits(count: int) -> Type:
    if count == 1:
        return Type(Kind.BOOLEAN)
    return Type(Kind.INTEGER, size=64) if count < 64 else UNSIGNED_BIGINT
