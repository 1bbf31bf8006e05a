"""Drivers over lists, for what the engine does and in which order. They keep the contract to the letter."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.bulk import ByteRange
from engine.contract import (
    Delivery,
    Key,
    Lineage,
    Mode,
    OnRejected,
    Page,
    Position,
    Rejected,
    Request,
    Spec,
    Standing,
    Target,
)
from engine.errors import FenceLost
from engine.schema import Column, Kind, Row, Stream, Table, Type

ID = Column("id", Type(Kind.INTEGER, size=64), nullable=False)
NAME = Column("name", Type(Kind.TEXT))
CHANGED = Column("changed", Type(Kind.INTEGER, size=64))


@dataclass
class MemorySource:
    """A table. `key` empty: it can only be read from its beginning. `on_page` is called before each page is given;
    `requests` are those whose rows were read."""

    rows: list[Row]
    key: tuple[str, ...] = ("id",)
    columns: tuple[Column, ...] = (ID, NAME, CHANGED)
    statistics: int | None = None
    speaks_bytes: bool = False
    requests: list[Request] = field(default_factory=list)
    on_page: Callable[[int], None] = lambda number: None
    on_chunk: Callable[[int], None] = lambda number: None
    open_readings: int = 0
    spec: ClassVar[Spec] = Spec("memory", "Memory", "test", ())

    def check(self) -> None:
        pass

    def streams(self) -> Iterator[Table]:
        yield Table("things")

    def read(self, request: Request) -> "MemoryReading":
        return (BytesReading if self.speaks_bytes else MemoryReading)(self, request)

    def close(self) -> None:
        pass


class MemoryReading:
    def __init__(self, source: MemorySource, request: Request) -> None:
        self.source, self.request = source, request
        source.open_readings += 1
        columns = [column for column in source.columns if not request.columns or column.name in request.columns]
        self.stream = Stream(request.source, tuple(columns), source.key, source.statistics)
        self.rows = list(source.rows)  # the snapshot
        self.until = self._until()

    def _until(self) -> Any:
        cursor = self.request.cursor
        if not cursor or self.request.until is not None:
            return self.request.until
        return max((row[cursor] for row in self.rows if row[cursor] is not None), default=None)

    def ordered(self) -> list[Row]:
        self.source.requests.append(self.request)
        cursor, since = self.request.cursor, self.request.since
        names = self.source.key
        rows = self.rows
        if cursor and since is not None:
            rows = [row for row in rows if row[cursor] is not None and since <= row[cursor] <= self.until]
            rows = [row for row in rows if row[cursor] != since] if self.request.strict else rows
            names = (cursor, *names)
        elif cursor and self.request.until is not None:
            rows = [row for row in rows if row[cursor] is None or row[cursor] <= self.until]
        self.order = names if self.source.key else ()
        if not self.source.key:
            return rows
        rows = sorted(rows, key=self._place)
        after = self.request.after
        return rows if after is None else [row for row in rows if self._place(row) > after]

    def _place(self, row: Row) -> Key:
        return [row[name] for name in self.order]

    def pages(self) -> Iterator[Page]:
        rows = self.ordered()
        for number, start in enumerate(range(0, len(rows), self.request.page_rows), 1):
            self.source.on_page(number)
            page = rows[start : start + self.request.page_rows]
            yield Page([self._shown(row) for row in page], self._place(page[-1]) if self.order else None)

    def _shown(self, row: Row) -> Row:
        return {column.name: row[column.name] for column in self.stream.columns}

    def close(self) -> None:
        self.source.open_readings -= 1


class BytesReading(MemoryReading):
    """Its bytes are JSON lines, a chunk a row."""

    bytes_format = "json-lines"

    def ranges(self) -> Iterator[ByteRange]:
        for page in self.pages():
            yield ByteRange(self._chunks(page.rows), page.after)

    def _chunks(self, rows: Sequence[Row]) -> Iterator[bytes]:
        for number, row in enumerate(rows, 1):
            self.source.on_chunk(number)
            yield json.dumps(row).encode() + b"\n"


@dataclass
class Memory:
    """What a destination holds for one step and stream."""

    fence: int = 0
    generation: int = 0
    position: str | None = None
    done: bool = False
    stage: list[Row] | None = None


@dataclass
class MemoryTarget:
    """A destination that can be written to and killed. `refuses` says why a row is refused; `on_write` and `on_commit`
    may raise, or let time pass; `remembers` false: it can keep no position; `keeps_pages` false: like a file, it keeps
    nothing before a run is finished."""

    rows: list[Row] = field(default_factory=list)
    remembers: bool = True
    keeps_pages: bool = True
    takes_bytes: bool = False
    refuses: Callable[[Row], str] = lambda row: ""
    on_write: Callable[[int], None] = lambda number: None
    on_commit: Callable[[], None] = lambda: None
    on_finish: Callable[[], None] = lambda: None
    memories: dict[tuple[str, str], Memory] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    writers: list["MemoryWriter"] = field(default_factory=list)
    spec: ClassVar[Spec] = Spec("memory", "Memory", "test", ())

    def writer(self, target: Target, columns: Sequence[Column], key: Sequence[str], lineage: Lineage) -> "MemoryWriter":
        writer = (BytesWriter if self.takes_bytes else MemoryWriter)(self, target, columns, key, lineage)
        self.writers.append(writer)
        return writer

    def memory(self, step: str = "step", stream: str = "generator") -> Memory:
        return self.memories.setdefault((step, stream), Memory())

    def position(self, step: str = "step", stream: str = "generator") -> Position | None:
        text = self.memory(step, stream).position
        return None if text is None else json.loads(text)

    def check(self) -> None:
        pass

    def close(self) -> None:
        pass


class MemoryWriter:
    def __init__(
        self, target: MemoryTarget, to: Target, columns: Sequence[Column], key: Sequence[str], lineage: Lineage
    ) -> None:
        self.target, self.to, self.key, self.lineage = target, to, tuple(key), lineage
        self.columns = tuple(columns)
        self.keeps_pages = target.keeps_pages
        self.delivery = Delivery.EXACTLY_ONCE if target.remembers else Delivery.AT_LEAST_ONCE
        self.memory = target.memory(lineage.step, lineage.stream)
        self.uncommitted: list[Row] = []
        self.is_open = True
        self.interruptions = 0
        self.written = 0

    def take_over(self) -> Standing:
        self._call("take_over")
        if self.memory.fence >= self.lineage.fence:
            raise FenceLost("A later attempt was here.")
        if self.memory.generation < self.lineage.generation:
            self.memory.position, self.memory.done = None, False
        self.memory.fence, self.memory.generation = self.lineage.fence, self.lineage.generation
        if not self.target.remembers or self.memory.position is None:
            return Standing(None, done=False)
        return Standing(json.loads(self.memory.position), self.memory.done)

    def begin(self, position: Position) -> None:
        self._call("begin")
        self.uncommitted = []
        if self.to.mode == Mode.REPLACE:
            self.memory.stage = []
        self._commit(position, is_done=False)

    def write(self, rows: Sequence[Row], position: Position | None, on_rejected: OnRejected) -> int:
        self._call(f"write {len(rows)}")
        self.written += 1
        self.target.on_write(self.written)
        reasons = [self.target.refuses(row) for row in rows]
        if any(reasons):
            on_rejected([Rejected(at, "refused", why) for at, why in enumerate(reasons) if why])
        taken = [row for row, why in zip(rows, reasons, strict=True) if not why]
        self.uncommitted += taken
        if position is not None and self.keeps_pages:
            self._commit(position, is_done=False)
        return len(taken)

    def finish(self, position: Position) -> None:
        self._call("finish")
        self.target.on_finish()
        self._commit(position, is_done=True)

    def interrupt(self) -> None:
        self.interruptions += 1

    def close(self) -> None:
        self._call("close")
        self.is_open = False

    def _call(self, what: str) -> None:
        self.target.calls.append(f"{self.lineage.step}: {what}")

    def _commit(self, position: Position, *, is_done: bool) -> None:
        self.target.on_commit()
        if self.memory.fence != self.lineage.fence:
            raise FenceLost("Another attempt took over.")
        into = self.target.rows if self.memory.stage is None else self.memory.stage
        for row in self.uncommitted:
            self._put(into, row)
        self.uncommitted = []
        if is_done and self.to.mode == Mode.REPLACE:
            assert self.memory.stage is not None
            self.target.rows[:], self.memory.stage = self.memory.stage, None
        self.memory.position, self.memory.done = json.dumps(position), is_done

    def _put(self, into: list[Row], row: Row) -> None:
        if self.to.mode == Mode.UPSERT:
            key = [row[name] for name in self.key]
            into[:] = [one for one in into if [one[name] for name in self.key] != key]
        into.append(row)


class BytesWriter(MemoryWriter):
    def bytes_refusal(self, reading: Any) -> str:
        return "" if reading.bytes_format == "json-lines" else "another format"

    def write_bytes(self, chunks: Iterable[bytes], position: Callable[[int], Position]) -> int:
        self._call("write_bytes")
        rows = [json.loads(line) for chunk in chunks for line in chunk.splitlines()]
        self.uncommitted += rows
        self._commit(position(len(rows)), is_done=False)
        return len(rows)
