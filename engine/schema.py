"""What a stream looks like: tables, columns and types that mean the same in every system.

Values travel as plain Python: bool, int, float, str, bytes, None. Whatever a destination need not parse stays text:

=============  ======================================================================================
DECIMAL        "12.50" (also "NaN", "Infinity", "-Infinity")
DATE           "2024-02-29"
TIME           "23:59:59.5"
TIMESTAMP      "2024-02-29 23:59:59.5"; TIMESTAMPTZ the same with an offset, "+00:00"
INTERVAL       as the source writes it
UUID           "0b5a…" with hyphens, lower case
JSON           `RawJson` text from a database; dict, list or scalar from an API
ARRAY          `RawJson` list; from PostgreSQL to PostgreSQL its own literal, "{1,2}"
=============  ======================================================================================
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Row = dict[str, Any]


class RawJson(str):
    """Text that already is JSON, so that nobody encodes it twice."""

    __slots__ = ()


class Kind(StrEnum):
    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    TEXT = "text"
    BINARY = "binary"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    INTERVAL = "interval"
    UUID = "uuid"
    JSON = "json"
    ARRAY = "array"


@dataclass(frozen=True, slots=True)
class Type:
    """A portable type.

    `size`: bits of an INTEGER or FLOAT, characters of a TEXT, bytes of a BINARY (None: no limit).
    `precision`, `scale`: digits of a DECIMAL; `precision` alone: digits after a moment's second.
    """

    kind: Kind
    size: int | None = None
    precision: int | None = None
    scale: int | None = None
    element: "Type | None" = None


@dataclass(frozen=True, slots=True)
class Column:
    """`native` is the type as its database spells it, modifiers included; "" where there is none."""

    name: str
    type: Type
    nullable: bool = True
    native: str = ""
    generated: bool = False
    default: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table's full name; `schema` and `catalog` may be empty where the system has none or a default."""

    name: str
    schema: str = ""
    catalog: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in (self.catalog, self.schema, self.name) if part)


@dataclass(frozen=True, slots=True)
class Query:
    """A read-only SELECT in the system's own language."""

    text: str

    def __str__(self) -> str:
        return "query"


@dataclass(frozen=True, slots=True)
class Stream:
    """What can be read: where, its columns in order, its key (empty: no safe place to resume)."""

    source: Table | Query
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    rows: int | None = None

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)
