"""Connections to MySQL and MariaDB, over a socket that the guard connected."""

import contextlib
import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import encoders
from pymysql.cursors import Cursor

from engine.contract import Field
from engine.drivers.sql import fields
from engine.drivers.sql.interruption import Interruption
from engine.drivers.sql.mysql import errors
from engine.errors import EngineError
from engine.toolkit import lines
from engine.toolkit.surroundings import Surroundings

PORT = fields.port(3306)
DATABASE = Field("database", "Database", bound=True, help="Where tables are looked for unless a catalog is named.")
FIELDS = (fields.HOST, PORT, DATABASE, fields.USER, fields.PASSWORD, fields.TLS_MODE, fields.AUTHORITY)

CONNECT_SECONDS = 5
READ_SECONDS = 600

# Numbers become numbers; decimals, dates and the rest stay the text that the server sends.
DECODERS: dict[Any, Any] = {
    FIELD_TYPE.TINY: int,
    FIELD_TYPE.SHORT: int,
    FIELD_TYPE.INT24: int,
    FIELD_TYPE.LONG: int,
    FIELD_TYPE.LONGLONG: int,
    FIELD_TYPE.YEAR: int,
    FIELD_TYPE.FLOAT: float,
    FIELD_TYPE.DOUBLE: float,
    FIELD_TYPE.BIT: lambda data: int.from_bytes(data, "big"),
}

# Moments in UTC, nothing cut off or replaced in silence, zero dates let through as they are.
SESSION = """
SET time_zone = '+00:00',
    sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    net_write_timeout = 600
"""


if TYPE_CHECKING:
    _Connection = pymysql.Connection[Cursor]
else:
    _Connection = pymysql.Connection  # generic in its stubs alone


class Connection(_Connection):
    """A connection whose patience for an answer can change: a handshake gets seconds, a statement minutes."""

    server_version: str
    _sock: Any
    _result: Any

    def wait_for_answers(self, seconds: float | None) -> None:
        self._read_timeout = seconds

    @property
    def is_mariadb(self) -> bool:
        return "mariadb" in self.server_version.lower()

    @property
    def is_sending(self) -> bool:
        """Whether rows of a pass are still to come."""
        return self._result is not None and self._result.unbuffered_active

    def hang_up(self) -> None:
        if (line := self._sock) is not None:
            lines.hang_up(line.fileno())

    def close(self) -> None:
        if self.open:  # the client raises at a second time
            super().close()


def open_connection(
    settings: Mapping[str, Any],
    secrets: Mapping[str, Any],
    surroundings: Surroundings,
    *,
    application_name: str,
    read_only: bool = False,
) -> Connection:
    """A connection outside autocommit; `read_only` makes every transaction REPEATABLE READ, READ ONLY.

    Raises ConfigError, CredentialsError or TransientError.
    """
    host, port = fields.text(settings, fields.HOST), fields.number(settings, PORT)
    database, user = fields.text(settings, DATABASE), fields.text(settings, fields.USER)
    connection = Connection(
        host=host,
        port=port,
        user=user,
        password=fields.text(secrets, fields.PASSWORD),
        database=database or None,
        charset="utf8mb4",
        conv={**encoders, **DECODERS},
        local_infile=False,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=CONNECT_SECONDS,
        program_name=application_name,
        autocommit=False,
        defer_connect=True,
        **_tls(settings),
    )
    socket = surroundings.egress.connect(host, port, CONNECT_SECONDS)
    with errors.connecting(host, port, database, user):
        connection.connect(socket)
    connection.wait_for_answers(READ_SECONDS if read_only else None)
    with errors.translated(), connection.cursor() as cursor:
        cursor.execute(SESSION)
        if read_only:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    return connection


def is_reset(connection: Connection) -> bool:
    """Ends the connection's transaction; whether it can be used again."""
    with contextlib.suppress(pymysql.Error, OSError):
        if connection.open and not connection.is_sending:
            connection.rollback()
            return True
    return False


def interruption(connection: Connection, connect: Callable[[], Connection]) -> Interruption:
    """Of what the connection waits for; `connect` gives another one to the same server."""

    def ask() -> None:
        with contextlib.suppress(EngineError, pymysql.Error, OSError):  # a session that is ending needs no cancelling
            if connection.open:
                number = connection.thread_id()  # type: ignore[no-untyped-call]
                with contextlib.closing(connect()) as other:
                    other.query(f"KILL QUERY {number}")

    return Interruption(ask, connection.hang_up)


def _tls(settings: Mapping[str, Any]) -> dict[str, Any]:
    mode = fields.text(settings, fields.TLS_MODE)
    if mode == "disable":
        return {"ssl_disabled": True}
    if mode == "prefer":
        return {}
    return {"ssl": _context(mode, fields.text(settings, fields.AUTHORITY))}


def _context(mode: str, authority: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=authority or None)
    except ssl.SSLError as error:
        raise fields.invalid(fields.AUTHORITY) from error
    # The certificates that MySQL makes for itself lack what the strict mode of Python 3.13 asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = mode == "verify-full"
    if mode not in fields.VERIFYING:
        context.verify_mode = ssl.CERT_NONE
    return context
