"""Following PostgreSQL: the server's journal tells the keys that changed, by functions that any connection may call."""

import re
from collections.abc import Mapping, Sequence

from engine.drivers.sql.postgresql import follow_slot, follow_tables
from engine.drivers.sql.postgresql.follow_publication import Publication
from engine.drivers.sql.postgresql.follow_reading import PostgresqlFollower
from engine.drivers.sql.postgresql.follow_server import Server, wait_until
from engine.drivers.sql.postgresql.follow_tables import Known
from engine.errors import ConfigError, EngineError, TransientError
from engine.following import Backlog, Followed
from engine.schema import Table

NAME = re.compile(r"[a-z][a-z0-9_]{0,53}")
"""A slot's name is no longer than 63 characters, and has nine more than this."""

SECONDS_TO_END = 60

# Who has written to a table holds its lock until the end, of a prepared transaction as well.
WRITERS = """
SELECT DISTINCT l.virtualtransaction
  FROM pg_catalog.pg_locks l
 WHERE l.locktype = 'relation' AND l.relation = ANY(%s::oid[]) AND l.granted
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""


def begun(server: Server, name: str, tables: Sequence[Followed]) -> PostgresqlFollower:
    """What `Follows.follow` promises."""
    _check(name)
    server.check()
    found = follow_tables.known(server, tables)
    refusals = follow_tables.refusals(tables, found)
    publication = Publication(server, name)
    publication.check()
    refusals |= publication.refusals([known for table, known in found.items() if not refusals[table]])
    left_out = {table: reason for table, reason in refusals.items() if reason}
    kept = [known for table, known in found.items() if table not in left_out]
    if not kept:
        raise ConfigError(_none_is_left(left_out), code="not_followable")
    slot = _slot(server, publication, kept)
    follower = PostgresqlFollower(server, name, slot, kept)
    members = publication.members()
    follower.left_out = left_out
    follower.marks = {known.followed.table: known.mark(slot, members[known.oid]) for known in kept}
    unread = [known for known in kept if known.followed.mark != follower.marks[known.followed.table]]
    follower.unread = tuple(known.followed.table for known in unread)
    if unread:
        _await_writers(server, unread)
        publication.touch()
    return follower


def standing(server: Server, name: str) -> Backlog | None:
    _check(name)
    for slot in follow_slot.find(server, name):
        return Backlog(
            lag_bytes=slot.lag_bytes,
            retained_bytes=slot.retained_bytes,
            spare_bytes=slot.spare_bytes,
            state=slot.state,
            is_active=slot.is_active,
            is_lost=slot.is_lost,
            position=slot.position,
        )
    return None


def unfollow(server: Server, name: str) -> None:
    """A publication that others made for us stays: it is theirs, and keeps nothing."""
    _check(name)
    for slot in follow_slot.find(server, name):
        follow_slot.drop(server, slot.name)
    Publication(server, name).drop()


def _check(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ConfigError(f"Nothing can be followed under the name {name!r}.", code="invalid_name")


def _none_is_left(left_out: Mapping[Table, str]) -> str:
    for table, reason in left_out.items():
        return f"None of the tables can be followed; of {table}: {reason}"
    return "There is no table to follow."


def _slot(server: Server, publication: Publication, tables: Sequence[Known]) -> str:
    """A slot is good for as long as its publication was there: the journal is read by what was published then."""
    slots = follow_slot.find(server, publication.name)
    usable = [slot.name for slot in slots if publication.exists and not slot.is_lost]
    for slot in slots:
        if slot.name not in usable[:1]:
            follow_slot.drop(server, slot.name)
    was_there = publication.exists
    publication.hold(tables)
    if usable:
        return usable[0]
    try:
        return follow_slot.create(server, publication.name)
    except EngineError:
        if not was_there:
            publication.drop()
        raise


def _await_writers(server: Server, tables: Sequence[Known]) -> None:
    """Until whoever was writing has ended: what they wrote before the table was published nobody will tell, so whoever
    reads it whole must see it."""
    oids = [oid for table in tables for oid in table.oids]

    def writers() -> set[str]:
        return {transaction for (transaction,) in server.rows(WRITERS, (oids,))}

    first = writers()
    wait_until(
        lambda: first.isdisjoint(writers()),
        seconds=SECONDS_TO_END,
        otherwise=TransientError(
            "A transaction that writes to a table which is not followed yet has been open for"
            f" {SECONDS_TO_END} seconds.",
            code="locked",
        ),
    )
