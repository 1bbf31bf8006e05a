"""What formats give and take: units of content, and blocks of their rows."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from engine.bulk import Batch
from engine.contract import Unreadable
from engine.errors import ConfigError
from engine.schema import Column


@dataclass(frozen=True, slots=True)
class Unit:
    """A file, or a member of an archive. `path` is for people; `open` gives its bytes, unpacked from the archive but
    still compressed where it is; `chunks` its content, decompressed, to be read once from the beginning."""

    path: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    chunks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Block:
    """Records that follow each other: those in `batch`, and between them the `unreadable` ones by their places, which
    count all records of the block from 0 and rise."""

    batch: Batch
    unreadable: Mapping[int, Unreadable] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return int(self.batch.num_rows) + len(self.unreadable)

    def part(self, start: int, stop: int) -> "Block":
        """Its records from `start` up to, but without, `stop`."""
        stop = min(stop, self.count)
        places = list(self.unreadable)
        first, last = bisect_left(places, start), bisect_left(places, stop)
        within = {place - start: self.unreadable[place] for place in places[first:last]}
        return Block(self.batch.slice(start - first, stop - start - len(within)), within)


def behind(blocks: Iterator[Block], skip: int) -> Iterator[Block]:
    """What comes behind the first `skip` records."""
    for block in blocks:
        if skip < block.count:
            yield block.part(skip, block.count) if skip else block
        skip = max(0, skip - block.count)


class Format(Protocol):
    """How content of one type is read. `columns` looks at a unit's head. `blocks` gives the unit's records behind the
    first `skip`, in those of the `wanted` columns that it has; `known` names all that the stream has. Both raise
    ConfigError for content that is none, `schema_drift` for a column that the stream does not have."""

    def columns(self, unit: Unit) -> tuple[Column, ...]: ...
    def blocks(self, unit: Unit, wanted: Sequence[Column], known: Collection[str], skip: int) -> Iterator[Block]: ...


def present(unit: Unit, names: Sequence[str], wanted: Sequence[Column], known: Collection[str]) -> list[Column]:
    """Those of the wanted columns that a unit with these names has; what it lacks is NULL.

    Raises ConfigError `schema_drift` for a name that is not known.
    """
    if further := next((name for name in names if name not in known), None):
        text = f"{unit.path!r} has a column {further!r} that the first file does not have."
        raise ConfigError(text, code="schema_drift")
    return [column for column in wanted if column.name in names]


class Encoder(Protocol):
    """How batches, in the columns of the writer, become a file of one type. `prepared` makes one ready, or raises
    RecordError and nothing of it is written; `close` writes the end and leaves the file open."""

    def prepared(self, batch: Batch) -> Any: ...
    def write(self, prepared: Any) -> None: ...
    def close(self) -> None: ...
