"""Somebody who follows tables as the contract has it, and keeps what they hold."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from engine.contract import Request
from engine.following import Changed, Changes, Followed, Follower, RowKey, conditions, portions
from engine.schema import Row, Table
from tests.engine.drivers.systems import Postgresql

NAME = "crossdock_test"
ORDERS = Table("orders", "public")
BY_ID = Followed(ORDERS, ("id",))


class Mirror:
    """`read_whole`: the tables that were, in turn."""

    def __init__(self, system: Postgresql, tables: Sequence[Followed], name: str = NAME) -> None:
        self.driver: Any = system.driver()
        self.name = name
        self.tables = {one.table: one for one in tables}
        self.rows: dict[Table, dict[RowKey, Row]] = {one.table: {} for one in tables}
        self.read_whole: list[str] = []

    def open(self) -> Follower:
        return self.driver.follow(self.name, list(self.tables.values()))

    def catch_up(self, *, most: int = 50_000) -> list[Changes]:
        """The changes that there were."""
        with closing(self.open()) as follower:
            self.begin(follower)
            return [self.keep(follower, changes) for changes in told(follower, most)]

    def begin(self, follower: Follower) -> None:
        for table in follower.unread:
            self._read_whole(table)
            self.tables[table] = replace(self.tables[table], mark=follower.marks[table])

    def keep(self, follower: Follower, changes: Changes) -> Changes:
        self.apply(changes)
        follower.confirm(changes.position)
        return changes

    def apply(self, changes: Changes) -> None:
        for changed in changes.tables:
            if changed.needs_whole:
                self._read_whole(changed.table)
            else:
                self._read_again(changed)

    def _read_whole(self, table: Table) -> None:
        self.read_whole.append(table.name)
        key = self.tables[table].key
        self.rows[table] = {_key(row, key): row for row in self._read(Request(table, key=key))}

    def _read_again(self, changed: Changed) -> None:
        rows = self.rows[changed.table]
        if changed.is_emptied:
            rows.clear()
        for keys in portions(changed.keys):
            request = Request(changed.table, key=changed.key, where=conditions(changed.key, keys))
            found = {_key(row, changed.key): row for row in self._read(request)}
            for key in keys:
                rows.pop(key, None)
                if key in found:
                    rows[key] = found[key]

    def _read(self, request: Request) -> list[Row]:
        with closing(self.driver.read(request)) as reading:
            return [row for page in reading.pages() for row in page.rows]


def told(follower: Follower, most: int = 50_000) -> Iterator[Changes]:
    """Until there are no more. Whoever takes them confirms each before the next."""
    changes = follower.changes(most)
    yield changes
    while not changes.is_last:
        changes = follower.changes(most)
        yield changes


def keys_of(changes: Changes) -> dict[str, tuple[RowKey, ...]]:
    return {changed.table.name: changed.keys for changed in changes.tables}


def _key(row: Row, key: Sequence[str]) -> RowKey:
    return tuple(row[name] for name in key)


def named(table: str, *key: str) -> Followed:
    return Followed(Table(table, "public"), key)


def publications(system: Postgresql) -> list[tuple[str, str]]:
    return system.connection.execute(
        "SELECT pubname, tablename FROM pg_publication LEFT JOIN pg_publication_tables USING (pubname) ORDER BY 2"
    ).fetchall()


def slots(system: Postgresql) -> int:
    [(count,)] = system.connection.execute("SELECT count(*) FROM pg_replication_slots").fetchall()
    return count


def forget(system: Postgresql) -> None:
    """Drops what followers left in the database, whatever its name."""
    system.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()"
    )
    for (name,) in system.connection.execute("SELECT pubname FROM pg_publication").fetchall():
        system.execute(f"DROP PUBLICATION {system.quoted(name)}")
