"""Connections to PostgreSQL: key-value parameters of ours only, to an address that the guard checked."""

import contextlib
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from engine.contract import Field
from engine.drivers.sql import fields
from engine.drivers.sql.interruption import Interruption
from engine.drivers.sql.postgresql import errors
from engine.toolkit import lines
from engine.toolkit.surroundings import Surroundings

PORT = fields.port(5432)
DATABASE = Field("database", "Database", required=True, bound=True)
FIELDS = (fields.HOST, PORT, DATABASE, fields.USER, fields.PASSWORD, fields.TLS_MODE, fields.AUTHORITY)

CONNECT_SECONDS = 5
# libpq reads passwords and certificates from the home of whoever runs us unless it is sent somewhere else.
NOWHERE = "/dev/null/none"


def open_connection(
    settings: Mapping[str, Any],
    secrets: Mapping[str, Any],
    surroundings: Surroundings,
    *,
    application_name: str,
    read_only: bool = False,
) -> psycopg.Connection[TupleRow]:
    """A connection outside autocommit; `read_only` makes every transaction REPEATABLE READ READ ONLY.

    Raises ConfigError, CredentialsError or TransientError.
    """
    host, port = fields.text(settings, fields.HOST), fields.number(settings, PORT)
    database, user = fields.text(settings, DATABASE), fields.text(settings, fields.USER)
    addresses = surroundings.egress.addresses(host, port)
    with _authorities(settings) as authorities, errors.connecting(host, port, database, user):
        connection = psycopg.connect(
            host=",".join([host] * len(addresses)),
            hostaddr=",".join(addresses),
            port=port,
            dbname=database,
            user=user,
            password=fields.text(secrets, fields.PASSWORD),
            passfile=NOWHERE,
            sslmode=fields.text(settings, fields.TLS_MODE),
            sslrootcert=authorities,
            sslcert=NOWHERE,
            gssencmode="disable",
            connect_timeout=CONNECT_SECONDS,
            # A machine that is gone is noticed within a minute, and not after two hours.
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
            application_name=application_name,
            client_encoding="UTF8",
            # A generic plan may prefer sorting the whole table to walking its key; pooled servers want none either.
            prepare_threshold=None,
        )
    if read_only:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return connection


def is_reset(connection: psycopg.Connection[Any]) -> bool:
    """Ends the connection's transaction; whether it can be used again. Nothing is waited for."""
    if connection.info.transaction_status in (TransactionStatus.ACTIVE, TransactionStatus.UNKNOWN):
        return False
    with contextlib.suppress(psycopg.Error):
        connection.rollback()
    return connection.info.transaction_status == TransactionStatus.IDLE


def interruption(connection: psycopg.Connection[Any]) -> Interruption:
    """Of what the connection waits for."""

    def ask() -> None:
        with contextlib.suppress(psycopg.Error):  # a session that is ending needs no cancelling
            if not connection.closed:
                connection.cancel_safe(timeout=CONNECT_SECONDS)

    def hang_up() -> None:
        with contextlib.suppress(psycopg.Error):
            lines.hang_up(connection.pgconn.socket)

    return Interruption(ask, hang_up)


@contextlib.contextmanager
def _authorities(settings: Mapping[str, Any]) -> Iterator[str]:
    """The file that libpq checks the server's certificate against: it takes no PEM text."""
    pem = fields.text(settings, fields.AUTHORITY)
    if pem:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(pem)
            file.flush()
            yield file.name
    elif fields.text(settings, fields.TLS_MODE) in fields.VERIFYING:
        yield ssl.get_default_verify_paths().cafile or "system"
    else:
        yield NOWHERE
