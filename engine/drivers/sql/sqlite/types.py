"""SQLite's declared types as portable ones. A column may still hold anything: values are taken as they are."""

import re

from engine.schema import Kind, Type

# Names that say more than SQLite's affinity does.
NAMED: dict[str, Type] = {
    "BOOLEAN": Type(Kind.BOOLEAN),
    "BOOL": Type(Kind.BOOLEAN),
    "DATE": Type(Kind.DATE),
    "TIME": Type(Kind.TIME, precision=6),
    "DATETIME": Type(Kind.TIMESTAMP, precision=6),
    "TIMESTAMP": Type(Kind.TIMESTAMP, precision=6),
    "TIMESTAMPTZ": Type(Kind.TIMESTAMPTZ, precision=6),
    "TIMESTAMP WITH TIME ZONE": Type(Kind.TIMESTAMPTZ, precision=6),
    "UUID": Type(Kind.UUID),
    "JSON": Type(Kind.JSON),
    "JSONB": Type(Kind.JSON),
}
DECIMALS = ("DECIMAL", "NUMERIC")
INTEGER = Type(Kind.INTEGER, size=64)
FLOAT = Type(Kind.FLOAT, size=64)

DECLARED = re.compile(r"\s*([A-Za-z_ ]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*$")


def portable(declared: str) -> Type:
    """By the declared name where it says more, else by the affinity that SQLite derives from it."""
    found = DECLARED.match(declared)
    name, first, second = found.groups() if found else ("", None, None)
    name = " ".join(name.upper().split())
    if name in NAMED:
        return NAMED[name]
    if name in DECIMALS:
        precision = int(first) if first else None
        return Type(Kind.DECIMAL, precision=precision, scale=int(second or 0) if precision else None)
    return _by_affinity(declared.upper(), int(first) if first else None)


def _by_affinity(declared: str, size: int | None) -> Type:
    # The order is SQLite's: "CHARINT" is an integer.
    if "INT" in declared:
        return INTEGER
    if any(part in declared for part in ("CHAR", "CLOB", "TEXT")):
        return Type(Kind.TEXT, size=size)
    if "BLOB" in declared:
        return Type(Kind.BINARY)
    if any(part in declared for part in ("REAL", "FLOA", "DOUB")):
        return FLOAT
    return Type(Kind.TEXT) if not declared else Type(Kind.DECIMAL)
