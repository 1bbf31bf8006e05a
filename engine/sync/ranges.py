"""The lanes that go in ranges: one transaction each, of bytes that nobody looks at, or of columns."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from engine.bulk import ArrowRange, ByteRange, ReadsArrow, ReadsBytes, WritesArrow, WritesBytes
from engine.contract import Position, Reading
from engine.sync import columns, pages, position
from engine.sync.ahead import in_time
from engine.sync.chain import Generator
from engine.sync.control import Control
from engine.sync.figures import Figures
from engine.sync.standing import Hand

PULSE_SECONDS = 1.0


def move_bytes(generator: Generator, reading: Reading, hand: Hand, control: Control, figures: Figures) -> None:
    """As they are. Raises RecordError when a row of a range is refused."""
    assert isinstance(reading, ReadsBytes)
    writer = hand.writer
    assert isinstance(writer, WritesBytes)
    for stretch in reading.ranges():
        flow = _Flow(hand, stretch, control, figures)
        writer.write_bytes(flow.of(stretch.chunks, len), flow.behind)
        hand.at = flow.reached
        pages.tell(generator, hand, control, figures)


def move_arrow(generator: Generator, reading: Reading, hand: Hand, control: Control, figures: Figures) -> None:
    """Mapped a column at a time. Raises RecordError when the mapping or the destination refuses a row of a range."""
    assert isinstance(reading, ReadsArrow)
    writer = hand.writer
    assert isinstance(writer, WritesArrow)
    with closing(in_time(reading, reading.arrow_ranges())) as stretches:
        for stretch in stretches:
            flow = _Flow(hand, stretch, control, figures)
            batches = flow.of(stretch.batches, lambda batch: int(batch.nbytes))
            mapped = (columns.mapped(batch, reading.stream.columns, hand.mapping) for batch in batches)
            writer.write_arrow(mapped, flow.behind)
            hand.at = flow.reached
            pages.tell(generator, hand, control, figures)


class _Flow:
    """A range on its way: shows life, and stops where it must. Once its rows are counted the position is known."""

    def __init__(self, hand: Hand, stretch: ByteRange | ArrowRange, control: Control, figures: Figures) -> None:
        control.raise_if_stopped(may_hand_back=hand.writer.keeps_pages)
        self.reached = self._start = hand.at
        self._after = stretch.after
        self._control = control
        self._figures = figures
        self._moved = 0

    def of(self, chunks: Iterator[Any], size: Callable[[Any], int]) -> Iterator[Any]:
        told_at = time.monotonic()
        for chunk in chunks:
            self._control.raise_if_stopped(may_hand_back=False)
            moved = size(chunk)
            self._moved += moved
            self._figures.bytes_moved += moved
            yield chunk
            if time.monotonic() - told_at > PULSE_SECONDS:
                self._control.pulse(self._figures)
                told_at = time.monotonic()

    def behind(self, rows: int) -> Position:
        reached = position.behind(self._start, self._after, read=rows, moved=self._moved)
        self.reached = reached if self._after is not None else position.ended(reached)
        return self.reached
