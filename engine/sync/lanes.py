"""The lanes a stream may take. Bytes: same database, same types, nothing to do on the way. Rows: everything else."""

import time
from collections.abc import Iterator, Sequence

from engine.contract import ByteRange, Page, Position, Reading, ReadsBytes, RefusesBytes, WritesBytes
from engine.sync import position
from engine.sync.chain import Generator
from engine.sync.control import Control, Refusal
from engine.sync.figures import Figures
from engine.sync.sieve import Sieve, Sifted
from engine.sync.standing import Hand

PULSE_SECONDS = 1.0


def move(
    generator: Generator,
    reading: Reading,
    hands: Sequence[Hand],
    control: Control,
    figures: Figures,
    *,
    obstacle: str = "",
) -> None:
    """Moves the rest of the stream along the fastest lane that its source, mapping and destination allow.

    With an `obstacle` that is the rows lane. The bytes lane raises RecordError when a row of a range is refused.
    """
    reason = obstacle or bytes_refusal(generator, reading, hands)
    lane = "rows" if reason else "bytes"
    for hand in hands:
        figures.of(hand.step.uid).lane = lane
        control.log(
            "info",
            f"{generator.name} → {hand.step.name}: {lane} lane" + (f" ({reason})" if reason else ""),
            lane=lane,
            delivery=figures.of(hand.step.uid).delivery,
            mode=hand.step.target.mode,
            since=hand.at["since"],
        )
    if reason:
        move_rows(generator, reading, hands, control, figures)
    else:
        move_bytes(generator, reading, hands[0], control, figures)


def bytes_refusal(generator: Generator, reading: Reading, hands: Sequence[Hand]) -> str:
    """Why the bytes lane cannot be taken; "" when it can."""
    if len(hands) > 1:
        return "several imports"
    hand = hands[0]
    if generator.filter or hand.step.filter:
        return "a filter"
    if generator.limit is not None:
        return "a limit"
    if hand.mapping.projection is None:
        return "the mapping changes values"
    if not isinstance(hand.writer, WritesBytes):
        return "different kinds of database"
    if isinstance(reading, RefusesBytes) and reading.bytes_refusal:
        return reading.bytes_refusal
    if not isinstance(reading, ReadsBytes):
        return "different kinds of database"
    return hand.writer.bytes_refusal(reading)


def move_bytes(generator: Generator, reading: Reading, hand: Hand, control: Control, figures: Figures) -> None:
    """One transaction a range; the bytes are never looked at."""
    assert isinstance(reading, ReadsBytes)
    assert isinstance(hand.writer, WritesBytes)
    for stretch in reading.ranges():
        control.raise_if_stopped(may_hand_back=hand.writer.keeps_pages)
        flow = _Stretch(hand.at, stretch, control, figures)
        hand.writer.write_bytes(flow.chunks(), flow.behind)
        hand.at = flow.reached
        _tell(generator, hand, control, figures)


class _Stretch:
    """A range on its way: shows life, and stops where it must. Once its rows are counted the position is known."""

    def __init__(self, start: Position, stretch: ByteRange, control: Control, figures: Figures) -> None:
        self.reached = start
        self._start = start
        self._stretch = stretch
        self._control = control
        self._figures = figures
        self._moved = 0

    def chunks(self) -> Iterator[bytes]:
        told_at = time.monotonic()
        for chunk in self._stretch.chunks:
            self._control.raise_if_stopped(may_hand_back=False)
            self._moved += len(chunk)
            self._figures.bytes_moved += len(chunk)
            yield chunk
            if time.monotonic() - told_at > PULSE_SECONDS:
                self._control.pulse(self._figures)
                told_at = time.monotonic()

    def behind(self, rows: int) -> Position:
        key = self._stretch.after
        reached = position.behind(self._start, key, read=rows, moved=self._moved)
        self.reached = reached if key is not None else position.ended(reached)
        return self.reached


def move_rows(
    generator: Generator, reading: Reading, hands: Sequence[Hand], control: Control, figures: Figures
) -> None:
    """Page by page through every step."""
    sieves = [(hand, Sieve(generator, hand.step, hand.mapping, reading.stream)) for hand in hands]
    keeps_pages = all(hand.writer.keeps_pages for hand in hands)
    left = None if generator.limit is None else generator.limit - hands[0].at["read"]
    for page in reading.pages() if left is None or left > 0 else ():
        control.raise_if_stopped(may_hand_back=keeps_pages and page.after is not None)
        rows = page.rows if left is None else page.rows[:left]
        for hand, sieve in sieves:
            _write_page(generator, hand, sieve.sift(rows), Page(rows, page.after, page.unreadable), control, figures)
            _tell(generator, hand, control, figures)
        if left is not None and (left := left - len(rows)) <= 0:
            break


def _write_page(
    generator: Generator, hand: Hand, sifted: Sifted, page: Page, control: Control, figures: Figures
) -> None:
    read = len(page.rows) + len(page.unreadable)
    reached = position.behind(hand.at, page.after, read=read, ignored=sifted.ignored)

    def refuse(refusals: Sequence[Refusal]) -> None:
        control.refuse(step=hand.step.uid, stream=generator.uid, page=reached["page"], refusals=refusals)
        figures.of(hand.step.uid).failed = control.refused(step=hand.step.uid)

    if refusals := [*sifted.refusals, *_unreadable(page)]:
        refuse(refusals)
    # without a place to go on from, the stream is one transaction, committed by `finish`
    place = reached if page.after is not None else None
    hand.writer.write(sifted.rows, place, lambda rejected: refuse([sifted.refusal(one) for one in rejected]))
    hand.at = reached


def _unreadable(page: Page) -> Iterator[Refusal]:
    """As refusals that stand behind the page's rows."""
    for index, one in enumerate(page.unreadable, len(page.rows)):
        yield Refusal(index, "export", one.code, one.message, one.record)


def _tell(generator: Generator, hand: Hand, control: Control, figures: Figures) -> None:
    figures.stand(step=hand.step.uid, generator=generator.uid, at=hand.at)
    if hand.can_continue:
        control.keep(step=hand.step.uid, stream=generator.memory, position=hand.at)
    control.progress(figures)
