"""Messages of PostgreSQL's plugin pgoutput, protocol version 1, as far as keys need them.

https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
"""

import struct
from dataclasses import dataclass

BEGIN, COMMIT, RELATION, INSERT, UPDATE, DELETE, TRUNCATE = b"BCRIUDT"

RawKey = tuple[bytes | None, ...]
"""A key's values as the server writes them; None for one that it does not tell."""

_SHORT = struct.Struct("!h")
_LONG = struct.Struct("!I")
_BEGIN = struct.Struct("!cQqI")
_COMMIT = struct.Struct("!cBQQ")
_TRUNCATE = struct.Struct("!cIB")
_TEXT = ord("t")
_NEW = ord("N")


@dataclass(frozen=True, slots=True)
class Relation:
    """A table as it was when the rows behind it changed."""

    oid: int
    columns: tuple[str, ...]


def transaction(begin: bytes) -> int:
    """The number of the transaction, of 32 bits."""
    number: int = _BEGIN.unpack_from(begin)[3]
    return number


def end(commit: bytes) -> int:
    """The position behind the transaction."""
    position: int = _COMMIT.unpack_from(commit)[3]
    return position


def relation(message: bytes) -> Relation:
    (oid,) = _LONG.unpack_from(message, 1)
    _, at = _string(message, 5)
    _, at = _string(message, at)
    (count,) = _SHORT.unpack_from(message, at + 1)
    at += 3
    columns = []
    for _ in range(count):
        name, at = _string(message, at + 1)
        columns.append(name)
        at += 8
    return Relation(oid, tuple(columns))


def oid(change: bytes) -> int:
    """The table whose row an INSERT, UPDATE or DELETE is about."""
    number: int = _LONG.unpack_from(change, 1)[0]
    return number


def keys(change: bytes, places: tuple[int, ...]) -> list[RawKey]:
    """The keys that an INSERT, UPDATE or DELETE is about: two where it replaced one by another. `places`: where among
    the columns the key's are."""
    if change[5] == _NEW:
        return [_key(_values(change, 6, max(places) + 1)[0], places)]
    values, at = _values(change, 6)
    old = _key(values, places)
    if change[0] == DELETE:
        return [old]
    # A value that lies outside of the row is left out where it stayed the same.
    new = _key(_values(change, at + 1, max(places) + 1)[0], places)
    return [old, tuple(before if value is None else value for before, value in zip(old, new, strict=True))]


def truncated(message: bytes) -> tuple[int, ...]:
    """The tables that were emptied."""
    count: int = _TRUNCATE.unpack_from(message)[1]
    return struct.unpack_from(f"!{count}I", message, _TRUNCATE.size)


def _key(values: list[bytes | None], places: tuple[int, ...]) -> RawKey:
    return tuple(values[place] for place in places)


def _values(message: bytes, at: int, most: int | None = None) -> tuple[list[bytes | None], int]:
    """The first `most` values of a row, and the place behind them."""
    (count,) = _SHORT.unpack_from(message, at)
    at += 2
    values: list[bytes | None] = []
    for _ in range(count if most is None else min(count, most)):
        kind = message[at]
        at += 1
        if kind == _TEXT:
            begin = at + 4
            at = begin + _LONG.unpack_from(message, at)[0]
            values.append(message[begin:at])
        else:
            values.append(None)
    return values, at


def _string(message: bytes, at: int) -> tuple[str, int]:
    behind = message.index(0, at)
    return message[at:behind].decode(), behind + 1
