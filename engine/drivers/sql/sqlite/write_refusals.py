"""Why SQLite refuses a row, from the error that it raised."""

import sqlite3

from engine.drivers.sql.write_rejects import Refusal

_CONSTRAINT_DATATYPE = 3091  # for which the library of Python 3.11 has no name yet

# What to say before the column or constraint that the error names.
_REFUSALS = {
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: ("not_null", "A value is needed"),
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: ("duplicate_key", "Another row has the same value"),
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: ("duplicate_key", "Another row has the same value"),
    sqlite3.SQLITE_CONSTRAINT_ROWID: ("duplicate_key", "Another row has the same value"),
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: ("foreign_key", "The row it refers to does not exist"),
    sqlite3.SQLITE_CONSTRAINT_CHECK: ("check", "A check of the table fails"),
    sqlite3.SQLITE_MISMATCH: ("invalid_value", "The value does not fit"),
    _CONSTRAINT_DATATYPE: ("invalid_value", "The value does not fit"),
    sqlite3.SQLITE_TOOBIG: ("value_too_long", "The value is too long"),
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: ("refused_by_trigger", "A trigger refuses it"),
}


def refusal(error: sqlite3.Error) -> Refusal | None:
    """None when it is no row's fault."""
    found = _REFUSALS.get(getattr(error, "sqlite_errorcode", 0))
    if found is None:
        return None
    code, message = found
    # "NOT NULL constraint failed: orders.name": behind the colon are names, never values.
    name = str(error).partition(": ")[2] if code != "refused_by_trigger" else str(error)
    return Refusal(code, f"{message}: {name}." if name else f"{message}.")
