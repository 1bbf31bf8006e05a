"""Following a system: it tells which rows were changed, and whoever follows reads those rows again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, runtime_checkable

from engine.contract import Condition, Operator
from engine.schema import Table

RowKey = tuple[Any, ...]
"""The portable values of a row's key, in the order of the key's columns."""

MOST_CHANGES = 50_000
KEYS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Followed:
    """A table, and the `key` that its rows are known by to whoever follows. `mark`: what the follower told of the table
    when it was last read whole; "" before that."""

    table: Table
    key: tuple[str, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """What happened to a table: the rows of `keys` were added, changed or removed, each told once, in order.

    `is_emptied`: all its rows were removed at once, and `keys` are those that changed since. `needs_whole`: more
    changed than is told by keys, of which there are none then: the table must be read whole.
    """

    table: Table
    key: tuple[str, ...]
    keys: tuple[RowKey, ...] = ()
    is_emptied: bool = False
    needs_whole: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What whole transactions changed, all of them visible to who reads now. `position`: the place behind them, also
    where no table changed. `is_last`: nothing else had been committed when they were asked for."""

    tables: tuple[Changed, ...]
    position: str
    is_last: bool


class Follower(Protocol):
    """Tables that are followed. `unread`: those whose whole content must be read now, since what is told of them joins
    no earlier reading; whoever has read one keeps its mark of `marks`. `left_out`: why the others are not followed."""

    marks: Mapping[Table, str]
    unread: tuple[Table, ...]
    left_out: Mapping[Table, str]

    def changes(self, most: int = MOST_CHANGES) -> Changes:
        """The next ones: of about `most` single changes, and as many more as their last transaction has. They come
        again until they are confirmed.

        Raises ConfigError `slot_lost` when what was changed is known no longer: `follow` then begins anew.
        """

    def confirm(self, position: str) -> None:
        """What lies before `position` is kept by whoever follows; a position that was confirmed before does nothing."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far behind a follower is, in bytes of the system's journal: `lag_bytes` not confirmed yet, `retained_bytes`
    kept on disk for it, and `spare_bytes` more until it is given up (None: never). `state`: in the system's own word.
    `position`: what was confirmed last; "" where that is unknown."""

    lag_bytes: int
    retained_bytes: int
    spare_bytes: int | None
    state: str
    is_active: bool
    is_lost: bool
    position: str


@runtime_checkable
class Follows(Protocol):
    """A driver that can follow tables under a `name` (small letters, digits and underscores): what it keeps for that in
    the system outlives every connection, and is dropped by `unfollow` alone."""

    def followable(self, tables: Sequence[Followed]) -> Mapping[Table, str]:
        """Why each of them cannot be followed; "" for those that can."""

    def follow(self, name: str, tables: Sequence[Followed]) -> Follower:
        """Follows these and no others, however often it is called.

        Raises ConfigError for a system that is not set up for it, `not_followable` when no table is left.
        """

    def standing(self, name: str) -> Backlog | None:
        """None where nothing is followed under the name."""

    def unfollow(self, name: str) -> None:
        """Leaves nothing behind, whatever there was."""


def portions(keys: Sequence[RowKey], size: int = KEYS_AT_ONCE) -> Iterator[list[RowKey]]:
    """The keys in lists of `size`, as many as one reading should ask for."""
    rest = iter(keys)
    while portion := list(islice(rest, size)):
        yield portion


def conditions(key: Sequence[str], keys: Collection[RowKey]) -> tuple[Condition, ...]:
    """What the rows of these keys satisfy. Where a key has several columns, rows of other keys may satisfy it, too."""
    asked = (tuple(dict.fromkeys(values)) for values in zip(*keys, strict=True))
    return tuple(Condition(name, Operator.ANY_OF, list(values)) for name, values in zip(key, asked, strict=True))
