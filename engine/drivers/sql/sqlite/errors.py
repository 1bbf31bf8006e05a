"""What SQLite reports, as the engine's errors. Its own words are passed on only where they name objects."""

import contextlib
import re
import sqlite3
from collections.abc import Iterator

from engine.errors import ConfigError, EngineError, TransientError

Verdict = tuple[type[EngineError], str, str]

# By the first word of the error's name: "SQLITE_BUSY_SNAPSHOT" is a BUSY.
VERDICTS: dict[str, Verdict] = {
    "BUSY": (TransientError, "locked", "The file is locked by somebody else."),
    "LOCKED": (TransientError, "locked", "The file is locked by somebody else."),
    "INTERRUPT": (TransientError, "timeout", "The statement was cancelled."),
    "NOMEM": (TransientError, "overloaded", "There is no memory left for this."),
    "FULL": (ConfigError, "storage_full", "The disk is full."),
    "NOTADB": (ConfigError, "not_a_database", "The file is not an SQLite database."),
    "CORRUPT": (ConfigError, "corrupt_database", "The SQLite file is damaged."),
    "CANTOPEN": (ConfigError, "permission_denied", "The file cannot be opened."),
    "PERM": (ConfigError, "permission_denied", "The file cannot be opened."),
    "READONLY": (ConfigError, "read_only", "The statement writes, where only reading is allowed."),
    "AUTH": (ConfigError, "permission_denied", "The statement does what is not allowed here."),
    "CONSTRAINT": (ConfigError, "constraint_violated", "The rows break a rule of the table."),
    "MISMATCH": (ConfigError, "invalid_value", "A value does not fit its column."),
    "TOOBIG": (ConfigError, "invalid_value", "A value is too long for SQLite."),
}
# Most mistakes in a statement are one code in SQLite, and these words name only what the statement named.
WORDS: tuple[tuple[str, str, str], ...] = (
    (r"no such table", "unknown_table", "A table does not exist"),
    (r"no such column|has no column", "unknown_column", "A column does not exist"),
    (r"Could not decode to UTF-8", "invalid_text", ""),
    (r"", "invalid_query", "The database refused the statement"),
)

LONGEST_TEXT = 300


@contextlib.contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise translate(error) from error


def translate(error: sqlite3.Error | sqlite3.Warning) -> EngineError:
    name: str = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
    verdict = VERDICTS.get(name.removeprefix("SQLITE_").partition("_")[0])
    if verdict is not None:
        kind, code, message = verdict
        return kind(message, code=code)
    if name != "SQLITE_ERROR":
        return TransientError(f"SQLite answered with {name}.", code="database_error")
    return _by_words(str(error))


def _by_words(words: str) -> ConfigError:
    code, message = next((code, message) for pattern, code, message in WORDS if re.search(pattern, words))
    if not message:
        return ConfigError("The file holds text that is not UTF-8.", code=code)
    return ConfigError(f"{message}: {words[:LONGEST_TEXT]}", code=code)
