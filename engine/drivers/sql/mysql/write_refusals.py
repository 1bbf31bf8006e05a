"""Why MySQL or MariaDB refuses a row, from the error that it raised."""

import re

import pymysql
from pymysql.constants import ER

from engine.drivers.sql.write_rejects import Refusal

_SIGNAL = 1644
_RESULT_OUT_OF_RANGE = 1690
_CHECK_MARIADB = 4025
_CHECK_MYSQL = 3819
_INVALID_JSON = 3140

_CODES: dict[int, str] = {
    ER.DATA_TOO_LONG: "value_too_long",
    ER.TOO_BIG_ROWSIZE: "value_too_long",
    ER.WARN_DATA_OUT_OF_RANGE: "value_out_of_range",
    _RESULT_OUT_OF_RANGE: "value_out_of_range",
    ER.BAD_NULL_ERROR: "not_null",
    ER.NO_DEFAULT_FOR_FIELD: "not_null",
    ER.DUP_ENTRY: "duplicate_key",
    ER.DUP_KEY: "duplicate_key",
    ER.NO_REFERENCED_ROW: "foreign_key",
    ER.NO_REFERENCED_ROW_2: "foreign_key",
    ER.ROW_IS_REFERENCED: "foreign_key",
    ER.ROW_IS_REFERENCED_2: "foreign_key",
    _CHECK_MARIADB: "check",
    _CHECK_MYSQL: "check",
    ER.VIEW_CHECK_FAILED: "check",
    ER.TRUNCATED_WRONG_VALUE: "invalid_value",
    ER.TRUNCATED_WRONG_VALUE_FOR_FIELD: "invalid_value",
    ER.WARN_DATA_TRUNCATED: "invalid_value",
    ER.WRONG_VALUE_FOR_TYPE: "invalid_value",
    ER.CANT_CREATE_GEOMETRY_OBJECT: "invalid_value",
    _INVALID_JSON: "invalid_value",
    _SIGNAL: "refused_by_trigger",
}
_WORDS = {
    "value_too_long": "The value is too long",
    "value_out_of_range": "The value is out of range",
    "not_null": "A value is needed",
    "duplicate_key": "Another row has the same value",
    "foreign_key": "The row it refers to does not exist",
    "check": "A check of the table fails",
    "invalid_value": "The value does not fit",
}
# The server's own words hold values; of them only names are passed on.
_NAME = re.compile(r"column `[^`]*`\.`[^`]*`\.`(?P<column>[^`]*)`|([Cc]olumn|key|CONSTRAINT) [`'](?P<name>[^`']+)[`']")


def refusal(error: pymysql.Error) -> Refusal | None:
    """None when it is no row's fault."""
    number, words = (*error.args, 0, "")[:2]
    code = _CODES.get(number)
    if code is None:
        return None
    if code == "refused_by_trigger":
        return Refusal(code, str(words))
    name = named(error)
    return Refusal(code, f"{_WORDS[code]}: {name!r}." if name else f"{_WORDS[code]}.")


def named(error: pymysql.Error) -> str:
    """The column, index or constraint that the error names, "" for none."""
    match = _NAME.search(str(error.args[-1]))
    return (match["column"] or match["name"]) if match else ""
