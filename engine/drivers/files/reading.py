"""One attempt's reading of a stream of files: page by page as rows, or range by range in columns."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from typing import Any

from engine.bulk import ArrowRange, Batch
from engine.contract import Key, Page, Request
from engine.drivers.files import conditions
from engine.drivers.files.blocks import Block, Format, Unit
from engine.drivers.files.listing import Entry
from engine.errors import ConfigError, RecordError
from engine.schema import Column, Kind, Stream, Type
from engine.toolkit import arrow
from engine.toolkit.arrow_types import loose_type
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")

RANGE_ROWS = 50_000
RANGE_BYTES = 32 * 1024 * 1024
FILE, MODIFIED = "_file", "_modified"
PROVENANCE = (Column(FILE, Type(Kind.TEXT), nullable=False), Column(MODIFIED, Type(Kind.TIMESTAMPTZ, precision=6)))


@dataclass(frozen=True, slots=True)
class Place:
    """Behind `count` records of a unit of a file; `identity` tells the file's content then, and `framing` by what
    options they were counted, "" where nobody noted it."""

    path: str
    identity: str
    unit: str
    count: int
    framing: str = ""

    def key(self) -> Key:
        return list(astuple(self))


@dataclass(frozen=True, slots=True)
class Plan:
    """`columns`: what the files have; `provenance`: those that tell where rows come from, if asked for; `stream`: what
    is asked for of both; `framing`: the options' own. `check` is called before every block, and may raise."""

    files: Sequence[Entry]
    units: Callable[[Entry], Iterator[Unit]]
    format: Format
    columns: tuple[Column, ...]
    provenance: tuple[Column, ...]
    stream: Stream
    until: Any
    framing: str
    check: Callable[[], None]


class FilesReading:
    arrow_refusal = ""

    def __init__(self, plan: Plan, request: Request) -> None:
        self.stream = plan.stream
        self.until = plan.until
        self._plan = plan
        self._page_rows = request.page_rows
        self._after = _place(request)
        self._where = request.where
        self._open: Generator[tuple[Place, Block], None, None] | None = None
        self._known = {column.name for column in plan.columns}
        read = {column.name for column in plan.stream.columns} | {one.column for one in request.where}
        # rows are counted by the columns that are read, so one of them is
        self._wanted = [column for column in plan.columns if column.name in read] or list(plan.columns[:1])
        judged = [column for column in (*plan.columns, *plan.provenance) if column.name in read]
        self._columns = [*plan.stream.columns, *(one for one in judged if one not in plan.stream.columns)]

    def pages(self) -> Iterator[Page]:
        """A block of which no row is left gives an empty page: it is a place to go on behind all the same."""
        for place, block in self._opened():
            before = place.count - block.count
            for start in range(0, block.count, self._page_rows):
                part = block.part(start, start + self._page_rows)
                rows = arrow.rows(self._kept(part.batch), self.stream.columns)
                stop = start + part.count
                if rows or part.unreadable or stop == block.count:
                    behind = replace(place, count=before + stop)
                    yield Page(rows, behind.key(), list(part.unreadable.values()))

    def arrow_ranges(self) -> Iterator[ArrowRange]:
        """Raises RecordError at a record that is unreadable: pages tell which."""
        batches: list[Batch] = []
        behind: Place | None = None
        for place, block in self._opened():
            if behind and (block.unreadable or _are_enough(batches)):
                yield ArrowRange(map(self._kept, batches), behind.key())
                batches, behind = [], None
            for one in block.unreadable.values():
                raise RecordError(one.message, code=one.code, record=one.record)
            batches.append(block.batch)
            behind = place
        if behind:
            yield ArrowRange(map(self._kept, batches), behind.key())

    def close(self) -> None:
        if self._open is not None:
            with suppress(ValueError):  # another thread is reading, and closes the file when it is done
                self._open.close()

    def _opened(self) -> Iterator[tuple[Place, Block]]:
        self._open = self._blocks()
        return self._open

    def _blocks(self) -> Generator[tuple[Place, Block], None, None]:
        """Every block that is left to read, in the stream's columns, and the place behind it."""
        for entry in self._plan.files:
            if self._after is not None and entry.path < self._after.path:
                continue
            for unit in self._plan.units(entry):
                count = self._read_before(entry, unit)
                if count is None:
                    continue
                for block in self._plan.format.blocks(unit, self._wanted, self._known, count):
                    self._plan.check()
                    count += block.count
                    place = Place(entry.path, entry.identity, unit.path, count, self._plan.framing)
                    yield place, Block(self._completed(block.batch, entry), block.unreadable)

    def _read_before(self, entry: Entry, unit: Unit) -> int | None:
        """How many records of a unit an earlier attempt had; None for all. Raises ConfigError `file_changed`,
        `format_changed`."""
        after = self._after
        if after is None or entry.path != after.path:
            return 0
        if entry.identity != after.identity:
            text = f"{entry.path!r} was changed after a part of it had been read: run it again from its beginning."
            raise ConfigError(text, code="file_changed")
        if after.framing not in {"", self._plan.framing}:
            text = f"{entry.path!r} has other options than a part of it was read by: run it again from its beginning."
            raise ConfigError(text, code="format_changed")
        if unit.path == after.unit:
            return after.count
        return None if unit.path < after.unit else 0

    def _kept(self, batch: Batch) -> Batch:
        """The rows that satisfy the conditions, in the columns of the stream alone."""
        if not self._where:
            return batch
        return conditions.kept(batch, self._where).select([column.name for column in self.stream.columns])

    def _completed(self, batch: Batch, entry: Entry) -> Batch:
        """In the order of the stream, with NULL for what a file lacks, where the rows come from, and what they are
        judged by."""
        names = batch.schema.names
        arrays = []
        for column in self._columns:
            if column in self._plan.provenance:
                value = entry.path if column.name == FILE else moment(entry)
                arrays.append(pa.repeat(pa.scalar(value, pa.string()), batch.num_rows))
            elif column.name in names:
                arrays.append(batch.column(column.name))
            else:
                arrays.append(pa.nulls(batch.num_rows, loose_type(column.type)))
        return pa.RecordBatch.from_arrays(arrays, [column.name for column in self._columns])


def moment(entry: Entry) -> str | None:
    """When a file was modified, as the value model writes it."""
    if entry.modified is None:
        return None
    text = entry.modified.isoformat(" ", "microseconds").removesuffix("+00:00")
    return text.rstrip("0").rstrip(".") + "+00:00"


def _place(request: Request) -> Place | None:
    after = request.after
    if after is None:
        return None
    if len(after) not in {4, 5} or not isinstance(after[3], int):
        raise ConfigError("The stream's files are not those that its last run went by.", code="stale_position")
    return Place(*after)


def _are_enough(batches: Sequence[Batch]) -> bool:
    return sum(batch.num_rows for batch in batches) >= RANGE_ROWS or sum(map(_size, batches)) >= RANGE_BYTES


def _size(batch: Batch) -> int:
    return int(batch.nbytes)
