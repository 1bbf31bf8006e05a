"""Connections to SQLite files below the folders that an operator opened."""

import contextlib
import sqlite3
from collections.abc import Mapping
from typing import Any

from engine.contract import Field
from engine.drivers.sql import fields, paths
from engine.drivers.sql.sqlite import errors
from engine.errors import ConfigError
from engine.toolkit.surroundings import Surroundings

PATH = Field(
    "path", "File", required=True, bound=True, help="Path of the file below a folder that the operator opened."
)
FIELDS = (PATH,)

BUSY_SECONDS = 30
# What describes tables, and nothing that sets or writes.
READING_PRAGMAS = frozenset({"table_xinfo", "index_list", "index_info", "index_xinfo", "table_list", "data_version"})
REACHING_OUT = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH})


def open_connection(
    settings: Mapping[str, Any],
    _secrets: Mapping[str, Any],
    surroundings: Surroundings,
    *,
    application_name: str,  # noqa: ARG001  (the same call opens every dialect; no server is here to tell it to)
    read_only: bool = False,
) -> sqlite3.Connection:
    """A connection that begins no transaction by itself; one that is not `read_only` makes a file that is missing.

    Raises ConfigError.
    """
    path = paths.allowed(fields.text(settings, PATH), surroundings.folders)
    if read_only and not path.is_file():
        raise ConfigError(f"There is no file {fields.text(settings, PATH)!r}.", code="unknown_database")
    mode = "ro" if read_only else "rwc"
    with errors.translated():
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        connection.set_authorizer(_may_read if read_only else _may_write)
        connection.execute("SELECT count(*) FROM sqlite_master")
    return connection


def is_reset(connection: sqlite3.Connection) -> bool:
    """Ends the connection's transaction; whether it can be used again."""
    with contextlib.suppress(sqlite3.Error):
        connection.rollback()
        return True
    return False


def _may_read(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() not in READING_PRAGMAS:
        return sqlite3.SQLITE_DENY
    return _may_write(action, first, second)


def _may_write(action: int, _first: str | None, second: str | None, *_: str | None) -> int:
    is_loading = action == sqlite3.SQLITE_FUNCTION and (second or "").lower() == "load_extension"
    return sqlite3.SQLITE_DENY if is_loading or action in REACHING_OUT else sqlite3.SQLITE_OK
