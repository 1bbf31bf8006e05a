"""What PostgreSQL reports, as the engine's errors. Its own words reach a caller only where they name SQL objects."""

import contextlib
import re
from collections.abc import Iterator

import psycopg

from engine.errors import ConfigError, CredentialsError, EngineError, TransientError
from engine.toolkit.egress import unreachable

Verdict = tuple[type[EngineError], str, str]

# By SQLSTATE, else by its class (the first two characters).
VERDICTS: dict[str, Verdict] = {
    "08": (TransientError, "connection_lost", "The connection to the database was lost."),
    "0A": (ConfigError, "unsupported", "The database cannot do this."),
    "22": (ConfigError, "invalid_value", "The database met a value that it cannot work with."),
    "23": (ConfigError, "constraint_violated", "The rows break a rule of the table."),
    "25006": (ConfigError, "read_only", "The statement writes, where only reading is allowed."),
    "25P03": (TransientError, "connection_lost", "The database ended an idle transaction."),
    "28": (CredentialsError, "auth_failed", "The database refused the user or the password."),
    "3D000": (ConfigError, "unknown_database", "The database does not exist."),
    "3F000": (ConfigError, "unknown_table", "The schema does not exist."),
    "40": (TransientError, "conflict", "The database ended the transaction because of another one."),
    "42": (ConfigError, "invalid_query", "The database refused the statement."),
    "42501": (ConfigError, "permission_denied", "The user may not do this."),
    "42P01": (ConfigError, "unknown_table", "A table does not exist."),
    "42703": (ConfigError, "unknown_column", "A column does not exist."),
    "53": (TransientError, "overloaded", "The database has no resources left for this."),
    "53100": (ConfigError, "storage_full", "The database has no storage left."),
    "53300": (TransientError, "too_many_connections", "The database takes no more connections."),
    "55P03": (TransientError, "locked", "The table is locked by somebody else."),
    "57": (TransientError, "connection_lost", "The database ended the connection."),
    "57014": (TransientError, "timeout", "The database ended the statement: it took too long or was cancelled."),
}

# libpq gives no SQLSTATE for a failed connection, so these go by its words.
CONNECTION_VERDICTS: tuple[tuple[str, Verdict], ...] = (
    (
        r"authentication failed|no password supplied|role .* does not exist|not permitted to log in",
        (CredentialsError, "auth_failed", "The database refused the user {user!r} or the password."),
    ),
    (
        r"database .* does not exist|not currently accepting connections",
        (ConfigError, "unknown_database", "There is no database {database!r} at {host}:{port}."),
    ),
    (
        r"pg_hba\.conf|permission denied for database",
        (ConfigError, "permission_denied", "The server does not let {user!r} connect to {database!r} from here."),
    ),
    (
        r"too many (clients|connections)|connection slots",
        (TransientError, "too_many_connections", "The database takes no more connections."),
    ),
    (
        r"starting up|shutting down|recovery",
        (TransientError, "unavailable", "The database is starting or stopping."),
    ),
    (
        r"\bSSL\b|certificate",
        (ConfigError, "tls_failed", "{host}:{port} did not agree to the TLS settings."),
    ),
    (
        r"FATAL|received invalid response",
        (TransientError, "connection_rejected", "{host}:{port} did not accept the connection."),
    ),
)

LONGEST_TEXT = 300


@contextlib.contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise translate(error) from error
    except UnicodeDecodeError as error:
        raise ConfigError("The database holds text that is not UTF-8.", code="invalid_text") from error


@contextlib.contextmanager
def connecting(host: str, port: int, database: str, user: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise _refused(error, host, port, database, user) from error


def translate(error: psycopg.Error) -> EngineError:
    state = error.sqlstate or ("22" if isinstance(error, psycopg.DataError) else "08")
    kind, code, message = VERDICTS.get(state) or VERDICTS.get(state[:2]) or _unexpected(state)
    # These classes name tables, columns, words of the statement and what is not supported, never a value.
    if state.startswith(("42", "0A")) and error.diag.message_primary:
        message = f"{message[:-1]}: {error.diag.message_primary[:LONGEST_TEXT]}"
    return kind(message, code=code)


def _unexpected(state: str) -> Verdict:
    return TransientError, "database_error", f"The database answered with error {state}."


def _refused(error: psycopg.Error, host: str, port: int, database: str, user: str) -> EngineError:
    connection = error.pgconn
    if connection is not None and connection.needs_password:
        return CredentialsError("The database asks for a password.")
    for pattern, (kind, code, message) in CONNECTION_VERDICTS:
        if re.search(pattern, str(error), re.IGNORECASE):
            return kind(message.format(host=host, port=port, database=database, user=user), code=code)
    return unreachable(host, port)
