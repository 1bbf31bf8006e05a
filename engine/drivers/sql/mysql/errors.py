"""What MySQL and MariaDB report, as the engine's errors. Their own words are passed on only where they name objects."""

import contextlib
import ssl
import struct
from collections.abc import Iterator

import pymysql
from pymysql.constants import CR, ER

from engine.errors import ConfigError, CredentialsError, EngineError, TransientError
from engine.toolkit.egress import unreachable

Verdict = tuple[type[EngineError], str, str]

LOST: Verdict = (TransientError, "connection_lost", "The connection to the database was lost.")
LOCKED: Verdict = (TransientError, "locked", "The table is locked by somebody else.")
REFUSED: Verdict = (CredentialsError, "auth_failed", "The database refused the user or the password.")
NOT_ADMITTED: Verdict = (ConfigError, "permission_denied", "The server does not let this user connect from here.")
FORBIDDEN: Verdict = (ConfigError, "permission_denied", "The user may not do this.")
NO_DATABASE: Verdict = (ConfigError, "unknown_database", "The database does not exist.")
NO_TABLE: Verdict = (ConfigError, "unknown_table", "A table does not exist.")
NO_COLUMN: Verdict = (ConfigError, "unknown_column", "A column does not exist.")
NO_STORAGE: Verdict = (ConfigError, "storage_full", "The database has no storage left.")
BAD_QUERY: Verdict = (ConfigError, "invalid_query", "The database refused the statement.")
READ_ONLY: Verdict = (ConfigError, "read_only", "The statement writes, where only reading is allowed.")
CUT_OFF: Verdict = (TransientError, "timeout", "The database ended the statement: it took too long or was cancelled.")
CROWDED: Verdict = (TransientError, "too_many_connections", "The database takes no more connections.")
BAD_VALUE: Verdict = (ConfigError, "invalid_value", "The database met a value that it cannot work with.")
BROKEN_RULE: Verdict = (ConfigError, "constraint_violated", "The rows break a rule of the table.")
CONFLICT: Verdict = (TransientError, "conflict", "The database ended the transaction because of another one.")
NO_TLS: Verdict = (ConfigError, "tls_failed", "The server did not agree to the TLS settings.")

READ_ONLY_TRANSACTION = 1792
MARIADB_STATEMENT_TIMEOUT = 1969
MYSQL_EXECUTION_TIMEOUT = 3024
MYSQL_SECURE_TRANSPORT_REQUIRED = 3159
ACCESS_DENIED_WITHOUT_PASSWORD = 1698
CONNECTION_KILLED_MARIADB = 1927
CHECK_VIOLATED_MARIADB = 4025
CHECK_VIOLATED_MYSQL = 3819

VERDICTS: dict[int, Verdict] = {
    CR.CR_SERVER_GONE_ERROR: LOST,
    CR.CR_SERVER_LOST: LOST,
    CR.CR_CONN_HOST_ERROR: LOST,
    CR.CR_SSL_CONNECTION_ERROR: NO_TLS,
    MYSQL_SECURE_TRANSPORT_REQUIRED: NO_TLS,
    ER.SERVER_SHUTDOWN: LOST,
    CONNECTION_KILLED_MARIADB: LOST,
    ER.ACCESS_DENIED_ERROR: REFUSED,
    ACCESS_DENIED_WITHOUT_PASSWORD: REFUSED,
    CR.CR_AUTH_PLUGIN_CANNOT_LOAD: REFUSED,
    CR.CR_AUTH_PLUGIN_ERR: REFUSED,
    ER.NOT_SUPPORTED_AUTH_MODE: REFUSED,
    ER.HOST_NOT_PRIVILEGED: NOT_ADMITTED,
    ER.HOST_IS_BLOCKED: NOT_ADMITTED,
    ER.DBACCESS_DENIED_ERROR: FORBIDDEN,
    ER.TABLEACCESS_DENIED_ERROR: FORBIDDEN,
    ER.COLUMNACCESS_DENIED_ERROR: FORBIDDEN,
    ER.SPECIFIC_ACCESS_DENIED_ERROR: FORBIDDEN,
    ER.PROCACCESS_DENIED_ERROR: FORBIDDEN,
    ER.OPTION_PREVENTS_STATEMENT: READ_ONLY,
    READ_ONLY_TRANSACTION: READ_ONLY,
    ER.BAD_DB_ERROR: NO_DATABASE,
    ER.NO_DB_ERROR: (ConfigError, "unknown_database", "No database is named."),
    ER.NO_SUCH_TABLE: NO_TABLE,
    ER.BAD_TABLE_ERROR: NO_TABLE,
    ER.TABLE_EXISTS_ERROR: (ConfigError, "table_exists", "The table is there already."),
    ER.BAD_FIELD_ERROR: NO_COLUMN,
    ER.PARSE_ERROR: BAD_QUERY,
    ER.SYNTAX_ERROR: BAD_QUERY,
    ER.DUP_FIELDNAME: BAD_QUERY,
    ER.NON_UNIQ_ERROR: BAD_QUERY,
    ER.SP_DOES_NOT_EXIST: BAD_QUERY,
    ER.DISK_FULL: NO_STORAGE,
    ER.RECORD_FILE_FULL: NO_STORAGE,
    ER.CON_COUNT_ERROR: CROWDED,
    ER.TOO_MANY_USER_CONNECTIONS: CROWDED,
    ER.USER_LIMIT_REACHED: CROWDED,
    ER.OUT_OF_RESOURCES: (TransientError, "overloaded", "The database has no resources left for this."),
    ER.LOCK_WAIT_TIMEOUT: LOCKED,
    ER.LOCK_DEADLOCK: CONFLICT,
    ER.QUERY_INTERRUPTED: CUT_OFF,
    MARIADB_STATEMENT_TIMEOUT: CUT_OFF,
    MYSQL_EXECUTION_TIMEOUT: CUT_OFF,
    ER.DATA_TOO_LONG: BAD_VALUE,
    ER.WARN_DATA_OUT_OF_RANGE: BAD_VALUE,
    ER.TRUNCATED_WRONG_VALUE: BAD_VALUE,
    ER.TRUNCATED_WRONG_VALUE_FOR_FIELD: BAD_VALUE,
    ER.DUP_ENTRY: BROKEN_RULE,
    ER.BAD_NULL_ERROR: BROKEN_RULE,
    ER.NO_REFERENCED_ROW_2: BROKEN_RULE,
    ER.ROW_IS_REFERENCED_2: BROKEN_RULE,
    CHECK_VIOLATED_MARIADB: BROKEN_RULE,
    CHECK_VIOLATED_MYSQL: BROKEN_RULE,
}
# The words of these name tables, columns and pieces of the statement, never a value, user or host.
WITH_WORDS = (NO_TABLE, NO_COLUMN, BAD_QUERY)

LONGEST_TEXT = 300
# What the client raises, besides its own errors, at an answer that no MySQL server gives.
NOT_MYSQL = (LookupError, ValueError, AssertionError, struct.error)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except pymysql.Error as error:
        raise translate(error) from error
    except OSError as error:
        raise _engine_error(LOST) from error
    except UnicodeDecodeError as error:
        raise ConfigError("The database holds text that is not UTF-8.", code="invalid_text") from error


@contextlib.contextmanager
def connecting(host: str, port: int, database: str, user: str) -> Iterator[None]:
    try:
        yield
    except pymysql.Error as error:
        raise _refused(error, host, port, database, user) from error
    except OSError as error:
        raise unreachable(host, port) from error
    except NOT_MYSQL as error:
        raise ConfigError(f"{host}:{port} does not speak MySQL's protocol.", code="wrong_protocol") from error


def translate(error: pymysql.Error) -> EngineError:
    number, words = _parts(error)
    verdict = VERDICTS.get(number)
    if verdict is None:
        return TransientError(f"The database answered with error {number}.", code="database_error")
    return _engine_error(verdict, words[:LONGEST_TEXT] if verdict in WITH_WORDS else "")


def _refused(error: pymysql.Error, host: str, port: int, database: str, user: str) -> EngineError:
    number, _ = _parts(error)
    verdict = VERDICTS.get(number)
    if isinstance(getattr(error, "original_exception", None), ssl.SSLError):
        return _engine_error(NO_TLS)
    if verdict == REFUSED:
        return CredentialsError(f"The database refused the user {user!r} or the password.")
    # Who may not use a database is not told whether there is one.
    if verdict in (NO_DATABASE, FORBIDDEN):
        return ConfigError(f"There is no database {database!r} that {user!r} may use.", code="unknown_database")
    return translate(error) if verdict not in (None, LOST) else unreachable(host, port)


def _parts(error: pymysql.Error) -> tuple[int, str]:
    """An error's number and words; a client that lost its connection gives neither."""
    number, words = (*error.args, "", "")[:2]
    return (number, str(words)) if isinstance(number, int) and number else (CR.CR_SERVER_GONE_ERROR, "")


def _engine_error(verdict: Verdict, words: str = "") -> EngineError:
    kind, code, message = verdict
    return kind(f"{message[:-1]}: {words}" if words else message, code=code)
