"""The replication slot that has the server keep what was not confirmed yet."""

import secrets
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

import psycopg

from engine.drivers.sql.postgresql import ddl, errors
from engine.drivers.sql.postgresql.follow_server import SECONDS_BETWEEN_LOOKS, Server
from engine.errors import ConfigError, TransientError

# Its name ends in what no other slot of ours ever ended in.
SLOTS = """
SELECT s.slot_name, coalesce(s.confirmed_flush_lsn::text, ''), coalesce(s.wal_status, 'lost'), s.active,
       s.safe_wal_size,
       coalesce(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.confirmed_flush_lsn), 0)::bigint,
       coalesce(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn), 0)::bigint
  FROM pg_catalog.pg_replication_slots s
 WHERE s.slot_name::text ~ ('^' || %s || '_[0-9a-f]{8}$') AND s.database = pg_catalog.current_database()
   AND s.plugin = 'pgoutput'
 ORDER BY s.slot_name
"""
CREATE = "SELECT pg_catalog.pg_create_logical_replication_slot(%s, 'pgoutput')"
PEEK = """
SELECT data FROM pg_catalog.pg_logical_slot_peek_binary_changes(
    %s, %s::pg_lsn, %s, 'proto_version', '1', 'publication_names', %s)
"""
ADVANCE = "SELECT pg_catalog.pg_replication_slot_advance(%s, %s::pg_lsn)"
DROP = "SELECT pg_catalog.pg_drop_replication_slot(%s)"

Found = TypeVar("Found")

LOST = "lost"
SECONDS_TO_CREATE = 60
SECONDS_TO_GET_FREE = 10


@dataclass(frozen=True, slots=True)
class Slot:
    """`position`: confirmed; "" of a slot that is lost."""

    name: str
    position: str
    state: str
    is_active: bool
    spare_bytes: int | None
    lag_bytes: int
    retained_bytes: int

    @property
    def is_lost(self) -> bool:
        return self.state == LOST


def find(server: Server, name: str) -> list[Slot]:
    """Those of the name in this database: one, unless two began at once."""
    return [Slot(*row) for row in server.rows(SLOTS, (name,))]


def create(server: Server, name: str) -> str:
    """Its name. It is made when everybody who was writing then has ended. Raises ConfigError or TransientError."""
    slot = f"{name}_{secrets.token_hex(4)}"
    try:
        with server.transaction(statement_timeout=f"{SECONDS_TO_CREATE}s") as cursor:
            cursor.execute(CREATE, (slot,))
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigError(
            f"The user may not replicate. Allow it: ALTER ROLE {ddl.quoted(server.user)} REPLICATION (Amazon RDS:"
            f" GRANT rds_replication TO {ddl.quoted(server.user)}).",
            code="permission_denied",
        ) from error
    except psycopg.errors.ConfigurationLimitExceeded as error:
        raise ConfigError(
            "All replication slots of the server are in use: raise max_replication_slots and restart it, or drop a slot"
            " that nobody needs.",
            code="no_free_slot",
        ) from error
    except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable) as error:
        raise TransientError(
            "Following begins when every transaction that is writing has ended, and one of them has been open for"
            f" {SECONDS_TO_CREATE} seconds.",
            code="timeout",
        ) from error
    except psycopg.Error as error:
        raise errors.translate(error) from error
    return slot


def peek(server: Server, slot: str, publication: str, *, up_to: str, most: int) -> Generator[bytes, None, None]:
    """The messages of whole transactions, until there are `most` or what was committed before `up_to` is told. None is
    read ahead, since nobody knows how long one is."""
    with _named(slot), server.transaction() as cursor:
        yield from (data for (data,) in cursor.stream(PEEK, (slot, up_to, most, publication), binary=True))


def advance(server: Server, slot: str, position: str) -> None:
    patiently(lambda: _call(server, ADVANCE, slot, position))


def drop(server: Server, slot: str) -> None:
    """One that is gone already is none the worse."""
    with suppress(Gone):
        patiently(lambda: _call(server, DROP, slot))


class Gone(ConfigError):
    """The slot, or the publication that it is read by."""

    code = "slot_lost"


class InUse(TransientError):
    code = "slot_in_use"


class Undecoded(TransientError):
    """The server fails at its own journal, which none of us can mend."""

    code = "database_error"


def patiently(act: Callable[[], Found]) -> Found:
    """Again while the slot is in use: who was cut off holds it until the server notices. Raises InUse in the end."""
    deadline = time.monotonic() + SECONDS_TO_GET_FREE
    while True:
        try:
            return act()
        except InUse:
            if time.monotonic() > deadline:
                raise
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _call(server: Server, statement: str, slot: str, *values: str) -> None:
    with _named(slot), server.transaction() as cursor:
        cursor.execute(statement.encode(), (slot, *values))


@contextmanager
def _named(slot: str) -> Iterator[None]:
    try:
        yield
    except psycopg.errors.ObjectInUse as error:
        raise InUse(f"The replication slot {slot} is in use by another session.") from error
    except psycopg.errors.UndefinedObject as error:
        raise Gone("The slot or its publication is gone.") from error
    except psycopg.errors.InternalError_ as error:
        raise Undecoded("The server cannot read its own journal.") from error
    except psycopg.Error as error:
        raise errors.translate(error) from error
