"""What clients of further databases report, as the engine's errors. Their words are passed on only where they are of a
statement's own mistakes, and never with an address in them."""

import contextlib
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import exc

from engine.errors import ConfigError, CredentialsError, EngineError, TransientError

Verdict = tuple[type[EngineError], str, str]

REFUSED: Verdict = (CredentialsError, "auth_failed", "The database refused the credentials.")
FORBIDDEN: Verdict = (ConfigError, "permission_denied", "The user may not do this.")
NO_DATABASE: Verdict = (ConfigError, "unknown_database", "The database does not exist, or the user may not use it.")
NO_SCHEMA: Verdict = (ConfigError, "unknown_schema", "The schema does not exist.")
NO_TABLE: Verdict = (ConfigError, "unknown_table", "A table does not exist.")
NO_COLUMN: Verdict = (ConfigError, "unknown_column", "A column does not exist.")
BAD_QUERY: Verdict = (ConfigError, "invalid_query", "The database refused the statement.")
BAD_VALUE: Verdict = (ConfigError, "invalid_value", "The database met a value that it cannot work with.")
READ_ONLY: Verdict = (ConfigError, "read_only", "The statement writes, where only reading is allowed.")
NO_TLS: Verdict = (ConfigError, "tls_failed", "The server did not agree to the TLS settings.")
UNKNOWN_HOST: Verdict = (ConfigError, "unknown_host", "The host is not known.")
UNREACHABLE: Verdict = (TransientError, "unreachable", "The server could not be reached.")
LOST: Verdict = (TransientError, "connection_lost", "The connection to the database was lost.")
CUT_OFF: Verdict = (TransientError, "timeout", "The database ended the statement: it took too long or was cancelled.")
CROWDED: Verdict = (TransientError, "too_many_connections", "The database takes no more connections.")
OVERLOADED: Verdict = (TransientError, "overloaded", "The database has no resources left for this.")
LOCKED: Verdict = (TransientError, "locked", "What is read is locked by somebody else.")
UNEXPECTED: Verdict = (TransientError, "database_error", "The database answered with an error.")

WITH_WORDS = (NO_TABLE, NO_COLUMN, BAD_QUERY)

Patterns = Sequence[tuple[str, Verdict]]

# The first that fits, after those of the database itself.
COMMON: Patterns = (
    (r"certificate|\bssl\b|\btls\b", NO_TLS),
    (r"getaddrinfo|name or service not known|name resolution|nodename nor servname|failed to resolve", UNKNOWN_HOST),
    (r"authenticat|login failed|(invalid|incorrect|wrong).{0,40}(password|credential|token|user)|\b401\b", REFUSED),
    (r"permission|not authori[sz]ed|insufficient privilege|access denied|forbidden|\b403\b", FORBIDDEN),
    (r"read.?only", READ_ONLY),
    (r"(database|catalog|project)\b.{0,200}(does not exist|doesn't exist|not found)|unknown database", NO_DATABASE),
    (r"(schema|dataset)\b.{0,200}(does not exist|doesn't exist|not found)|unknown schema", NO_SCHEMA),
    (r"(table|view|relation)\b.{0,200}(does not exist|doesn't exist|not found|unknown)|no such table", NO_TABLE),
    (r"column\b.{0,200}(does not exist|cannot be resolved|not found|unknown)|no such column|unknown column", NO_COLUMN),
    (r"refused|unreachable|timed out.{0,20}connect|connect.{0,20}timed out|max retries", UNREACHABLE),
    (r"cancel|interrupt|timed? ?out|timeout", CUT_OFF),
    (r"too many (connection|session|clients)|\b429\b", CROWDED),
    (r"out of memory|resources? exceeded|memory limit", OVERLOADED),
    (r"syntax|parse[rd]?\b|binder|mismatch", BAD_QUERY),
    (r"reset by peer|broken pipe|closed|lost|terminat", LOST),
)
# By what the client's own classes say, where its words say nothing.
CLASSES: tuple[tuple[type[exc.SQLAlchemyError], Verdict], ...] = (
    (exc.DataError, BAD_VALUE),
    (exc.ProgrammingError, BAD_QUERY),
    (exc.NotSupportedError, BAD_QUERY),
    (exc.NoSuchTableError, NO_TABLE),
    (exc.DisconnectionError, LOST),
    (exc.OperationalError, LOST),
)

LONGEST_TEXT = 300
# What clients raise, besides their own errors, at an answer that no server of theirs gives.
NOT_UNDERSTOOD = (LookupError, ValueError, AssertionError, struct.error)
# Addresses of any kind: with a scheme, in numbers, of two parts and a port, in three parts and more, of a mailbox.
ADDRESS = re.compile(
    r"\w+://|\d+\.\d+\.\d+\.\d+|[\w-]+\.[\w.-]+:\d+|@|\b[\w-]+\.[\w-]+\.(com|net|org|io|local|internal)\b"
)


@dataclass(frozen=True, slots=True)
class Reports:
    """How a database and its client say what went wrong. `patterns` look at the class and the words of an error;
    `raised`: classes of errors that the client raises besides those of its interface."""

    patterns: Patterns = ()
    raised: tuple[str, ...] = ()

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except EngineError:
            raise
        except Exception as error:
            if not self._is_foreign(error):
                raise
            raise self.translate(error) from None  # its traceback may quote secrets that it was given

    @contextlib.contextmanager
    def connecting(self) -> Iterator[None]:
        try:
            with self.translated():
                yield
        except NOT_UNDERSTOOD:
            message = "What answered there does not speak this database's protocol."
            raise ConfigError(message, code="wrong_protocol") from None

    def translate(self, error: Exception) -> EngineError:
        original = getattr(error, "orig", None) or error
        words = f"{type(original).__name__}: {original}"
        kind, code, message = verdict = self._verdict(error, words)
        told = _words(str(original)) if verdict in WITH_WORDS else ""
        return kind(f"{message[:-1]}: {told}" if told else message, code=code)

    def _verdict(self, error: Exception, words: str) -> Verdict:
        for pattern, verdict in (*self.patterns, *COMMON):
            if re.search(pattern, words, re.IGNORECASE | re.DOTALL):
                return verdict
        if isinstance(error, OSError):
            return LOST
        return next((verdict for kind, verdict in CLASSES if isinstance(error, kind)), UNEXPECTED)

    def _is_foreign(self, error: Exception) -> bool:
        if isinstance(error, exc.SQLAlchemyError | OSError):
            return True
        names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
        return not names.isdisjoint(self.raised)


def _words(text: str) -> str:
    """The first line, if no address is in it."""
    line = next(iter(text.strip().splitlines()), "")[:LONGEST_TEXT]
    return "" if ADDRESS.search(line) else line
