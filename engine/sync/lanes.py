"""The lanes a stream may take. Bytes: same database, same types, nothing to do on the way. Rows: everything else."""

import time
from collections.abc import Iterator, Sequence

from engine.contract import Key, Page, Position, Reading, ReadsBytes, Rejected, WritesBytes
from engine.errors import RecordError
from engine.schema import Row
from engine.sync import position
from engine.sync.chain import Generator
from engine.sync.control import Control, Figures, Refusal
from engine.sync.filters import Predicate, compile_filter
from engine.sync.standing import Hand

PULSE_SECONDS = 1.0


def move(generator: Generator, reading: Reading, hands: Sequence[Hand], control: Control, figures: Figures) -> None:
    """Moves the rest of the stream along the fastest lane that its source, mapping and destination allow."""
    reason = bytes_refusal(generator, reading, hands)
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
    if not isinstance(reading, ReadsBytes) or not isinstance(hand.writer, WritesBytes):
        return "different kinds of database"
    return hand.writer.bytes_refusal(reading)


def count(generator: Generator, hand: Hand, figures: Figures) -> None:
    """The figures of a step and its generator, as its position says."""
    step, source = figures.of(hand.step.uid), figures.of(generator.uid)
    step.pages, step.ignored = hand.at["page"], hand.at["ignored"]
    step.records = hand.at["read"] - hand.at["ignored"] - step.failed
    source.records, source.pages = max(source.records, hand.at["read"]), max(source.pages, hand.at["page"])


def move_bytes(generator: Generator, reading: Reading, hand: Hand, control: Control, figures: Figures) -> None:
    """One transaction a range; the bytes are never looked at."""
    assert isinstance(reading, ReadsBytes)
    assert isinstance(hand.writer, WritesBytes)
    for stretch in reading.ranges():
        control.raise_if_stopped()
        reached = _Reached(hand.at, stretch.after)
        hand.writer.write_bytes(_watched(stretch.chunks, control, figures), reached.behind)
        hand.at = reached.position
        _tell(generator, hand, control, figures)


class _Reached:
    """The position behind a range, once it is known how many rows it had."""

    def __init__(self, start: Position, key: Key | None) -> None:
        self.start, self.key, self.position = start, key, start

    def behind(self, rows: int) -> Position:
        self.position = position.behind(self.start, self.key, read=rows, ignored=0, is_last=self.key is None)
        return self.position


def _watched(chunks: Iterator[bytes], control: Control, figures: Figures) -> Iterator[bytes]:
    """The same chunks; stops between two of them when asked to, and shows life."""
    told_at = time.monotonic()
    for chunk in chunks:
        control.raise_if_stopped()
        figures.bytes_moved += len(chunk)
        yield chunk
        if time.monotonic() - told_at > PULSE_SECONDS:
            control.pulse(figures)
            told_at = time.monotonic()


def move_rows(
    generator: Generator, reading: Reading, hands: Sequence[Hand], control: Control, figures: Figures
) -> None:
    """Page by page through every step. A step that has a page already lets it pass."""
    keep = compile_filter(generator.filter)
    steps = [(hand, compile_filter(hand.step.filter)) for hand in hands]
    number = min(int(hand.at["page"]) for hand in hands)
    left = generator.limit
    for page in reading.pages():
        control.raise_if_stopped()
        number += 1
        rows = page.rows if left is None else page.rows[:left]
        for hand, passes in steps:
            if number > int(hand.at["page"]):
                _write_page(hand, Page(rows, page.after), keep, passes, control, figures)
                _tell(generator, hand, control, figures)
        if left is not None and (left := left - len(rows)) <= 0:
            break


def _write_page(
    hand: Hand, page: Page, keep: Predicate | None, passes: Predicate | None, control: Control, figures: Figures
) -> None:
    number = int(hand.at["page"]) + 1
    places, mapped, refusals = [], [], []
    ignored = 0
    for index, row in enumerate(page.rows):
        if (keep and not keep(row)) or (passes and not passes(row)):
            ignored += 1
            continue
        try:
            mapped.append(hand.mapping.apply(row))
        except RecordError as error:
            refusals.append(Refusal(index, "mapping", error.code, error.message, row))
        else:
            places.append(index)
    reached = position.behind(hand.at, page.after, read=len(page.rows), ignored=ignored)

    def refuse(rejected: Sequence[Rejected]) -> None:
        found = [_refusal(one, places, page.rows) for one in rejected]
        figures.of(hand.step.uid).failed = control.refuse(step=hand.step.uid, page=number, refusals=found)

    if refusals:
        figures.of(hand.step.uid).failed = control.refuse(step=hand.step.uid, page=number, refusals=refusals)
    # without a place to go on from, the stream is one transaction, committed by `finish`
    hand.writer.write(mapped, reached if page.after is not None else None, refuse)
    hand.at = reached


def _refusal(rejected: Rejected, places: Sequence[int], rows: Sequence[Row]) -> Refusal:
    index = places[rejected.index]
    return Refusal(index, "application", rejected.code, rejected.message, rows[index])


def _tell(generator: Generator, hand: Hand, control: Control, figures: Figures) -> None:
    count(generator, hand, figures)
    control.keep(step=hand.step.uid, stream=generator.uid, position=hand.at)
    control.progress(figures)
