"""What a slot has to tell, as keys of the tables that are followed."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress

from engine.drivers.sql.postgresql import follow_slot
from engine.drivers.sql.postgresql.follow_changes import Collected
from engine.drivers.sql.postgresql.follow_publication import Publication
from engine.drivers.sql.postgresql.follow_server import Server, wait_until
from engine.drivers.sql.postgresql.follow_slot import Slot
from engine.drivers.sql.postgresql.follow_tables import Known
from engine.errors import ConfigError, TransientError
from engine.following import MOST_CHANGES, Changes
from engine.schema import Table

STRETCH_BYTES = 1024**3
"""Of the journal in one reading, so that a follower who was away for long gets on step by step."""

SECONDS_TO_SETTLE = 60

HEAD = """
SELECT head::text, least(head, %(position)s::pg_lsn + %(stretch)s::numeric)::text
  FROM pg_catalog.pg_current_wal_flush_lsn() head
"""
SNAPSHOT = "SELECT pg_catalog.pg_current_snapshot()::text"


class PostgresqlFollower:
    """`publication`: its name, which is that of what is followed. `slot`: the full one."""

    def __init__(self, server: Server, publication: str, slot: str, tables: Sequence[Known]) -> None:
        self.marks: Mapping[Table, str] = {}
        self.unread: tuple[Table, ...] = ()
        self.left_out: Mapping[Table, str] = {}
        self.release: Callable[[], None] = server.connection.close
        self._server = server
        self._publication = publication
        self._slot = slot
        self._tables = tables

    def changes(self, most: int = MOST_CHANGES) -> Changes:
        slot = self._usable()
        [(head, up_to)] = self._server.rows(HEAD, {"position": slot.position, "stretch": STRETCH_BYTES})
        collected = self._collected(up_to, most)
        self._settle(collected.transactions)
        position = collected.end if collected.is_cut else max(collected.end, _number(up_to))
        return Changes(collected.changed(), _text(position), is_last=not collected.is_cut and up_to == head)

    def confirm(self, position: str) -> None:
        slot = self._usable()
        if _number(position) > _number(slot.position):
            follow_slot.advance(self._server, slot.name, position)

    def close(self) -> None:
        self.release()

    def _collected(self, up_to: str, most: int) -> Collected:
        """Where the server fails at its journal, it may get past the place one transaction at a time."""
        try:
            with suppress(follow_slot.Undecoded):
                return follow_slot.patiently(lambda: self._read(up_to, most))
            return follow_slot.patiently(lambda: self._read(up_to, 1))
        except (follow_slot.Gone, follow_slot.Undecoded) as error:
            raise self._lost() from error

    def _read(self, up_to: str, most: int) -> Collected:
        collected = Collected(self._tables)
        messages = follow_slot.peek(self._server, self._slot, self._publication, up_to=up_to, most=most)
        with closing(messages):
            for message in messages:
                collected.take(message)
        collected.is_cut = collected.count >= most
        return collected

    def _usable(self) -> Slot:
        found = [slot for slot in follow_slot.find(self._server, self._publication) if slot.name == self._slot]
        if not found or found[0].is_lost or not Publication(self._server, self._publication).exists:
            raise self._lost()
        return found[0]

    def _lost(self) -> ConfigError:
        """What is left of it is of no use any more, and would have the server keep its journal for nothing."""
        follow_slot.drop(self._server, self._slot)
        return ConfigError(
            "The server cannot tell any more what was changed: the replication slot or its publication was dropped, or"
            " held more of the journal than max_slot_wal_keep_size allows, or cannot be read. The tables must be read"
            " whole.",
            code="slot_lost",
        )

    def _settle(self, transactions: set[int]) -> None:
        """A transaction is in the journal before others see it, for as long as its server waits for a standby."""

        def is_visible() -> bool:
            [(snapshot,)] = self._server.rows(SNAPSHOT)
            return not _unseen(transactions, snapshot)

        wait_until(
            is_visible,
            seconds=SECONDS_TO_SETTLE,
            otherwise=TransientError("The server holds a transaction back until a standby has it.", code="unavailable"),
        )


def _unseen(transactions: set[int], snapshot: str) -> bool:
    """Whether the snapshot ("xmin:xmax:running,…", of 64 bits each) does not see one of the transactions yet."""
    _, behind, running = snapshot.split(":")
    if not transactions.isdisjoint(int(one) % 2**32 for one in running.split(",") if one):
        return True
    return any((transaction - int(behind)) % 2**32 < 2**31 for transaction in transactions)


def _number(position: str) -> int:
    high, low = position.split("/")
    return int(high, 16) << 32 | int(low, 16)


def _text(position: int) -> str:
    return f"{position >> 32:X}/{position % 2**32:X}"
