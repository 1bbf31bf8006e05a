"""PostgreSQL's types as portable ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from engine.schema import Kind, Type

LONGEST_FRACTION = 6
TYPMOD_HEADER = 4

SIMPLE: dict[str, Type] = {
    "bool": Type(Kind.BOOLEAN),
    "int2": Type(Kind.INTEGER, size=16),
    "int4": Type(Kind.INTEGER, size=32),
    "int8": Type(Kind.INTEGER, size=64),
    "oid": Type(Kind.INTEGER, size=64),
    "float4": Type(Kind.FLOAT, size=32),
    "float8": Type(Kind.FLOAT, size=64),
    "money": Type(Kind.DECIMAL, precision=19, scale=2),
    "bytea": Type(Kind.BINARY),
    "date": Type(Kind.DATE),
    "interval": Type(Kind.INTERVAL),
    "uuid": Type(Kind.UUID),
    "json": Type(Kind.JSON),
    "jsonb": Type(Kind.JSON),
    "name": Type(Kind.TEXT, size=63),
    "char": Type(Kind.TEXT, size=1),
}
MOMENTS = {"time": Kind.TIME, "timestamp": Kind.TIMESTAMP, "timestamptz": Kind.TIMESTAMPTZ}
SIZED_TEXT = {"varchar": TYPMOD_HEADER, "bpchar": TYPMOD_HEADER, "bit": 0, "varbit": 0}

# A type that is a domain is described by what it is over, however deep; an array by its elements.
RESOLVE = """
WITH RECURSIVE asked AS (
    SELECT * FROM unnest(%s::oid[], %s::int4[]) WITH ORDINALITY AS a(oid, typmod, place)
), base AS (
    SELECT place, t.oid, t.typname, t.typtype, t.typnamespace, t.typbasetype, t.typtypmod, t.typelem, t.typcategory,
           a.typmod
      FROM asked a JOIN pg_catalog.pg_type t ON t.oid = a.oid
    UNION ALL
    SELECT place, t.oid, t.typname, t.typtype, t.typnamespace, t.typbasetype, t.typtypmod, t.typelem, t.typcategory,
           base.typtypmod
      FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype
     WHERE base.typtype = 'd'
)
SELECT pg_catalog.format_type(a.oid, a.typmod), pg_catalog.quote_ident(n.nspname),
       b.typname, b.typmod, b.typtype, b.typnamespace = 'pg_catalog'::regnamespace,
       CASE WHEN b.typcategory = 'A' AND b.typelem <> 0 THEN e.typname END
  FROM asked a
  JOIN base b ON b.place = a.place AND b.typtype <> 'd'
  JOIN pg_catalog.pg_type t ON t.oid = a.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_type e ON e.oid = b.typelem
 ORDER BY a.place
"""


@dataclass(frozen=True, slots=True)
class Resolved:
    """`native` of a user-defined type has its schema: it alone holds a dot. `is_ordered`: fit to be a key."""

    native: str
    type: Type
    is_ordered: bool


def resolve(cursor: psycopg.Cursor[Any], asked: Sequence[tuple[int, int]]) -> list[Resolved]:
    """The types behind pairs of a type's oid and modifier, in their order."""
    cursor.execute(RESOLVE, ([oid for oid, _ in asked], [modifier for _, modifier in asked]))
    return [_resolved(*row) for row in cursor.fetchall()]


def portable(name: str, modifier: int, element: str | None = None) -> Type:
    """What a built-in type is everywhere; TEXT, in its own notation, for all that has no counterpart."""
    if element is not None:
        return Type(Kind.ARRAY, element=portable(element, modifier))
    if name in SIMPLE:
        return SIMPLE[name]
    if name == "numeric":
        return _decimal(modifier)
    if name in MOMENTS:
        return Type(MOMENTS[name], precision=LONGEST_FRACTION if modifier < 0 else modifier)
    if name in SIZED_TEXT and modifier >= 0:
        return Type(Kind.TEXT, size=modifier - SIZED_TEXT[name])
    return Type(Kind.TEXT)


def _resolved(
    formatted: str, schema: str, name: str, modifier: int, category: str, is_built_in: bool, element: str | None
) -> Resolved:
    is_qualified = schema == "pg_catalog" or formatted.startswith(f"{schema}.")
    # Comparisons with a type that an extension brought depend on the search path, its sorting does not.
    return Resolved(
        native=formatted if is_qualified else f"{schema}.{formatted}",
        type=portable(name, modifier, element) if is_built_in or element else Type(Kind.TEXT),
        is_ordered=(is_built_in or category == "e") and name != "money",
    )


def _decimal(modifier: int) -> Type:
    if modifier < TYPMOD_HEADER:
        return Type(Kind.DECIMAL)
    precision = (modifier - TYPMOD_HEADER) >> 16 & 0xFFFF
    # An eleven-bit number with a sign: since PostgreSQL 15 a scale may lie left of the point, or beyond the precision.
    scale = (((modifier - TYPMOD_HEADER) & 0x7FF) ^ 1024) - 1024
    return Type(Kind.DECIMAL, precision=max(precision - min(scale, 0), scale), scale=max(scale, 0))
