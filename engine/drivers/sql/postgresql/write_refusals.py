"""Why PostgreSQL refuses a row, from the error that it raised."""

import psycopg

from engine.drivers.sql.write_rejects import Refusal

LONGEST_TEXT = 300

_CODES = {
    "22001": "value_too_long",
    "22003": "value_out_of_range",
    "23502": "not_null",
    "23503": "foreign_key",
    "23505": "duplicate_key",
    "23514": "check",
    "23P01": "exclusion",
    "44000": "check",
    "54000": "value_too_long",
    "P0001": "refused_by_trigger",
}
_CLASSES = {"22": "invalid_value", "23": "constraint"}


def refusal(error: psycopg.Error) -> Refusal | None:
    """None when it is no row's fault. The detail of an error shows other rows' values, its first line does not."""
    state = error.sqlstate or ""
    code = _CODES.get(state) or _CLASSES.get(state[:2])
    if code is None:
        return None
    constraint = error.diag.constraint_name
    message = (error.diag.message_primary or "")[:LONGEST_TEXT]
    if state == "23505" and constraint:
        message = f"Another row has the same value in the unique index {constraint!r}."
    elif state == "23503" and constraint:
        message = f"The row it refers to by {constraint!r} does not exist."
    elif state == "23502" and error.diag.column_name:
        message = f"Column {error.diag.column_name!r} needs a value."
    elif column := _column_of(error):
        message = f"Column {column!r}: {message}"
    return Refusal(code, message)


def _column_of(error: psycopg.Error) -> str | None:
    """The column that COPY was reading, from its context line: 'COPY orders, line 3, column amount: "x"'."""
    context = (error.diag.context or "").partition("\n")[0]
    if not context.startswith("COPY ") or ", column " not in context:
        return None
    return context.partition(", column ")[2].partition(":")[0]
