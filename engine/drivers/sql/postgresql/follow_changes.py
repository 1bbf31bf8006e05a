"""The keys that were changed, out of a server's messages, each once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.drivers.sql.condition_moments import TEXT
from engine.drivers.sql.postgresql import pgoutput
from engine.drivers.sql.postgresql.conditions import INFINITE
from engine.drivers.sql.postgresql.follow_tables import Known
from engine.drivers.sql.postgresql.pgoutput import RawKey
from engine.following import Changed, RowKey
from engine.schema import Column, Kind

MOST_KEYS = 250_000
"""Of all tables together: beyond, reading a table whole costs less than memory and thousands of statements."""

MOMENTS = {Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ}


class _Table:
    """What was told of one table. `places`: where its key's columns are in its messages; None where they are not."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.places: tuple[int, ...] | None = None
        self.keys: set[RawKey] = set()
        self.is_emptied = False
        self.needs_whole = False

    def give_up(self) -> None:
        self.keys.clear()
        self.needs_whole = True

    def changed(self) -> Changed | None:
        key, is_emptied = self.known.followed.key, self.is_emptied
        if not (self.keys or is_emptied or self.needs_whole):
            return None
        try:
            keys = _portable(self.known.key, self.keys)
        except ValueError:  # a value that nobody can ask for
            self.give_up()
            keys = ()
        return Changed(self.known.followed.table, key, keys, is_emptied, self.needs_whole)


class Collected:
    """`count`: messages; `is_cut`: there are more. `transactions`: the numbers of those that they belong to; `end`: the
    place behind the last."""

    def __init__(self, tables: Iterable[Known], most_keys: int = MOST_KEYS) -> None:
        self._tables = {known.oid: _Table(known) for known in tables}
        self._room = most_keys
        self._take: Mapping[int, Callable[[bytes], None]] = {
            pgoutput.BEGIN: self._begin,
            pgoutput.COMMIT: self._commit,
            pgoutput.RELATION: self._relation,
            pgoutput.TRUNCATE: self._truncate,
            **dict.fromkeys((pgoutput.INSERT, pgoutput.UPDATE, pgoutput.DELETE), self._change),
        }
        self.count = 0
        self.is_cut = False
        self.transactions: set[int] = set()
        self.end = 0

    def take(self, message: bytes) -> None:
        self.count += 1
        if take := self._take.get(message[0]):
            take(message)

    def changed(self) -> tuple[Changed, ...]:
        return tuple(changed for table in self._tables.values() if (changed := table.changed()))

    def _begin(self, message: bytes) -> None:
        self.transactions.add(pgoutput.transaction(message))

    def _commit(self, message: bytes) -> None:
        self.end = pgoutput.end(message)

    def _relation(self, message: bytes) -> None:
        relation = pgoutput.relation(message)
        if table := self._tables.get(relation.oid):
            key = table.known.followed.key
            is_whole = set(key) <= set(relation.columns)
            table.places = tuple(map(relation.columns.index, key)) if is_whole else None

    def _truncate(self, message: bytes) -> None:
        for oid in pgoutput.truncated(message):
            if table := self._tables.get(oid):
                self._room += len(table.keys)
                table.keys.clear()
                table.is_emptied, table.needs_whole = True, False

    def _change(self, message: bytes) -> None:
        table = self._tables.get(pgoutput.oid(message))
        if table is None or table.needs_whole:
            return
        keys = pgoutput.keys(message, table.places) if table.places else [(None,)]
        if any(None in key for key in keys):
            self._room += len(table.keys)
            table.give_up()
            return
        before = len(table.keys)
        table.keys.update(keys)
        self._room -= len(table.keys) - before
        while self._room < 0:
            self._make_room()

    def _make_room(self) -> None:
        largest = max(self._tables.values(), key=lambda table: len(table.keys))
        self._room += len(largest.keys)
        largest.give_up()


def _portable(key: list[Column], raw: set[RawKey]) -> tuple[RowKey, ...]:
    """Sorted, so that neighbours are asked for together."""
    makes = [_maker(column) for column in key]
    return tuple(
        sorted(tuple(make(value) for make, value in zip(makes, one, strict=True) if value is not None) for one in raw)
    )


def _maker(column: Column) -> Callable[[bytes], Any]:
    """From the server's text to a portable value. It raises ValueError for one that no condition holds."""
    kind = column.type.kind
    if kind is Kind.INTEGER:
        return int
    if kind is Kind.BOOLEAN:
        return b"t".__eq__
    if kind in MOMENTS:
        return _moment
    return bytes.decode


def _moment(value: bytes) -> str:
    text = value.replace(b"+00", b"+00:00").decode()
    if TEXT.fullmatch(text) is None and text not in INFINITE:
        raise ValueError(text)
    return text
