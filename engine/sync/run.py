"""Runs a chain: for each generator finds where its steps stand, chooses a lane, moves the pages, finishes."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace

from engine.contract import Delivery, Mode, Reading
from engine.errors import ConfigError
from engine.schema import Stream
from engine.sync import lanes
from engine.sync.chain import Chain, Generator
from engine.sync.control import Control, Figures
from engine.sync.standing import Hand, request_of, take_up


def run(chain: Chain, control: Control) -> Figures:
    """Moves everything the chain has to move; the figures count from the job's beginning, over all its attempts.

    Raises Stopped at the next checkpoint once the control asks for it, and every error of `engine.errors`.
    """
    if not chain.generators or not chain.steps:
        raise ConfigError("A flow needs an export to read from and an import to write to", code="incomplete_flow")
    figures = Figures()
    for generator in chain.generators:
        with ExitStack() as stack:
            stream = _describe(generator)
            hands = take_up(generator, chain.steps, stream, control, stack)
            _count_so_far(generator, hands, stream, control, figures)
            if not all(hand.is_finished for hand in hands):
                _move(generator, hands, control, figures)
                _finish(generator, hands, control)
            control.progress(figures)
    return figures


def _describe(generator: Generator) -> Stream:
    """The stream as it is now, before anybody knows where to go on in it."""
    with closing(generator.driver.read(replace(generator.request, cursor=""))) as reading:
        stream = reading.stream
    cursor = generator.request.cursor
    if cursor and stream.column(cursor) is None:
        raise ConfigError(f"{stream.source} has no column {cursor!r} to be its cursor", code="unknown_column")
    return stream


def _count_so_far(
    generator: Generator, hands: Sequence[Hand], stream: Stream, control: Control, figures: Figures
) -> None:
    figures.expected = stream.rows if all(hand.at["since"] is None for hand in hands) else None
    for hand in hands:
        step = figures.of(hand.step.uid)
        step.delivery = _delivery(hand, is_alone=len(hands) == 1)
        step.failed = control.refused(step=hand.step.uid)
        lanes.count(generator, hand, figures)


def _delivery(hand: Hand, *, is_alone: bool) -> Delivery:
    """What is promised for a step. Beside others it may see a page again that changed in between."""
    if is_alone or hand.writer.delivery != Delivery.EXACTLY_ONCE:
        return hand.writer.delivery
    return Delivery.AT_LEAST_ONCE if hand.step.target.mode == Mode.APPEND else Delivery.EFFECTIVELY_ONCE


def _move(generator: Generator, hands: Sequence[Hand], control: Control, figures: Figures) -> None:
    if all(hand.at["end"] for hand in hands):
        control.log("info", "All rows were written before; only the last act was left to do.")
        return
    with closing(generator.driver.read(request_of(generator, hands))) as reading:
        _note_snapshot(hands, reading, control, figures)
        lanes.move(generator, reading, hands, control, figures)


def _note_snapshot(hands: Sequence[Hand], reading: Reading, control: Control, figures: Figures) -> None:
    snapshots = int(hands[0].at["snapshots"]) + 1
    figures.snapshots = max(figures.snapshots, snapshots)
    for hand in hands:
        until = hand.at["until"] if reading.until is None else reading.until
        hand.at = {**hand.at, "until": until, "snapshots": snapshots}
    if snapshots > 1:
        message = "Goes on behind its last checkpoint, under a new snapshot of the source."
        control.log("info", message, snapshots=snapshots, page=hands[0].at["page"])


def _finish(generator: Generator, hands: Sequence[Hand], control: Control) -> None:
    for hand in hands:
        if hand.is_finished:
            continue
        with control.long_statement():
            hand.writer.finish(hand.at)
        control.keep(step=hand.step.uid, stream=generator.uid, position={**hand.at, "done": True})
