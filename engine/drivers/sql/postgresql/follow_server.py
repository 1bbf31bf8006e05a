"""A connection to follow over: every statement a transaction of its own, values written alike wherever it leads."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from engine.drivers.sql.postgresql import errors
from engine.drivers.sql.postgresql.session import SETTINGS, Connection
from engine.errors import ConfigError, EngineError

OLDEST = 14
SECONDS_BETWEEN_LOOKS = 0.05

SET = f"SELECT {', '.join(['pg_catalog.set_config(%s, %s, true)'] * len(SETTINGS))}"
SERVER = "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('wal_level')"


class Server:
    def __init__(self, connection: Connection) -> None:
        connection.autocommit = True
        connection.read_only = connection.isolation_level = None
        self.connection = connection
        self.user = connection.info.user

    def rows(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        with errors.translated(), self.transaction() as cursor:
            return cursor.execute(statement.encode(), values).fetchall()

    def execute(self, statement: str, values: Any = None) -> None:
        with errors.translated(), self.transaction() as cursor:
            cursor.execute(statement.encode(), values)

    @contextmanager
    def transaction(self, **settings: str) -> Iterator[psycopg.Cursor[Any]]:
        """With the settings of a reading but for those given. Raises the client's errors."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            pairs = {**SETTINGS, **settings}.items()
            cursor.execute(SET.encode(), [part for pair in pairs for part in pair])
            yield cursor

    def check(self) -> None:
        """Raises ConfigError where nothing can be followed."""
        version = self.connection.info.server_version // 10_000
        if version < OLDEST:
            raise ConfigError(
                f"Following needs PostgreSQL {OLDEST} or newer, and this is {version}.", code="unsupported"
            )
        [(is_standby, level)] = self.rows(SERVER)
        if is_standby:
            raise ConfigError(
                "This server is a standby, where nothing can be set up to be followed: connect to its primary.",
                code="standby",
            )
        if level != "logical":
            raise ConfigError(
                f"The server's wal_level is {level!r}, and following needs 'logical': set it (ALTER SYSTEM SET"
                " wal_level = logical, or wherever your provider keeps it) and restart the server.",
                code="wal_level",
            )


def wait_until(is_so: Callable[[], bool], *, seconds: float, otherwise: EngineError) -> None:
    """Raises `otherwise` when it is not so within the time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise otherwise
        time.sleep(SECONDS_BETWEEN_LOOKS)
