"""Tables as SQLite makes them. A column's declared type decides how its values are kept, so that each is exact."""

from collections.abc import Sequence

from engine.drivers.sql.state import Grammar
from engine.drivers.sql.write_plan import check_names
from engine.schema import Column, Kind, Type

LONGEST_NAME = 1000
# What SQLite takes for a number it keeps as 64 bits, which hold this many decimal digits.
EXACT_DIGITS = 15

STATE = Grammar(
    create="""CREATE TABLE IF NOT EXISTS {table} (
    step_uid TEXT NOT NULL,
    stream TEXT NOT NULL,
    generation INTEGER NOT NULL,
    job_uid TEXT NOT NULL,
    fence INTEGER NOT NULL,
    position TEXT,
    done BOOLEAN NOT NULL,
    made TEXT NOT NULL,
    swapping BOOLEAN NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (step_uid, stream)
)""",
    if_absent="ON CONFLICT DO NOTHING",
    same="IS",
    for_update="",
    now="CURRENT_TIMESTAMP",
)

_DECLARED = {
    Kind.BOOLEAN: "BOOLEAN",
    Kind.INTEGER: "INTEGER",
    Kind.FLOAT: "REAL",
    Kind.BINARY: "BLOB",
    Kind.DATE: "DATE",
    Kind.TIME: "TIME",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.TIMESTAMPTZ: "TIMESTAMPTZ",
    Kind.INTERVAL: "TEXT",
    Kind.UUID: "UUID",
    Kind.JSON: "JSON",
    Kind.ARRAY: "JSON",
}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def names(columns: Sequence[Column]) -> str:
    return ", ".join(quoted(column.name) for column in columns)


def create_table(table: str, columns: Sequence[Column], key: Sequence[str]) -> str:
    check_names(table, columns, fits=LONGEST_NAME, measure="characters", ignores_case=True)
    parts = [
        f"{quoted(column.name)} {native(column.type)}"
        + ("" if column.nullable and column.name not in key else " NOT NULL")
        for column in columns
    ]
    if key:
        parts.append(f"PRIMARY KEY ({', '.join(map(quoted, key))})")
    return f"CREATE TABLE {quoted(table)} ({', '.join(parts)})"


def native(portable: Type) -> str:
    if portable.kind is Kind.DECIMAL:
        return _decimal(portable)
    if portable.kind is Kind.TEXT:
        return f"VARCHAR({portable.size})" if portable.size else "TEXT"
    if portable.kind is Kind.INTEGER and (portable.size or 0) > 64:
        return "TEXT"
    return _DECLARED[portable.kind]


def _decimal(portable: Type) -> str:
    if portable.precision is None or portable.precision > EXACT_DIGITS:
        return "TEXT"
    return f"DECIMAL({portable.precision},{portable.scale or 0})"
