"""Rows that travel faster than one by one, between drivers that can: as bytes that nobody looks into, or in columns."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from engine.contract import Key, Position, Reading
from engine.schema import Column

Batch = Any
"""A `pyarrow.RecordBatch` as `engine.toolkit.arrow` describes it."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A stretch of the stream in a copy format: read `chunks` to their end before asking for the next range."""

    chunks: Iterator[bytes]
    after: Key | None


@dataclass(frozen=True, slots=True)
class ArrowRange:
    """A stretch of the stream in columns: read `batches` to their end before asking for the next range."""

    batches: Iterator[Batch]
    after: Key | None


@runtime_checkable
class ReadsBytes(Protocol):
    """A reading that can also hand out its rows as bytes; writers of the same `bytes_format` may take them."""

    bytes_format: str

    def ranges(self) -> Iterator[ByteRange]: ...


@runtime_checkable
class RefusesBytes(Protocol):
    """A reading of a kind that hands out bytes, though perhaps not of this stream: `bytes_refusal` says why, or ""."""

    bytes_refusal: str


@runtime_checkable
class ReadsArrow(Protocol):
    """A reading that can also hand out its rows in columns, in the order of `stream.columns`; the bounds, conditions
    and places are the same as of its pages. `arrow_refusal` says why not this stream, "" for yes."""

    arrow_refusal: str

    def arrow_ranges(self) -> Iterator[ArrowRange]: ...


@runtime_checkable
class WritesBytes(Protocol):
    """A writer that may take a reading's bytes as they are. `bytes_refusal` says why not, "" for yes; `position` gives
    the position for the number of rows that came, which nobody knows before. `write_bytes` raises RecordError when one
    of the rows is refused, and has written none of them."""

    def bytes_refusal(self, reading: Reading) -> str: ...
    def write_bytes(self, chunks: Iterable[bytes], position: Callable[[int], Position]) -> int: ...


@runtime_checkable
class WritesArrow(Protocol):
    """A writer that may take rows in columns. `arrow_refusal` says why not these columns, "" for yes; `write_arrow` is
    to batches, named and ordered as the writer's columns, what `write_bytes` is to bytes."""

    def arrow_refusal(self, columns: Sequence[Column]) -> str: ...
    def write_arrow(self, batches: Iterable[Batch], position: Callable[[int], Position]) -> int: ...
