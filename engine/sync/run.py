"""Runs a chain: for each generator finds where its steps stand, chooses a lane, moves the pages, finishes."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace

from engine.contract import Interruptible, Reading, Request
from engine.errors import ConfigError, EngineError, RecordError
from engine.schema import Stream
from engine.sync import lanes, pages, pushdown
from engine.sync.chain import Chain, Generator
from engine.sync.control import Control
from engine.sync.figures import Figures
from engine.sync.lanes import Lane
from engine.sync.standing import Hand, readings, take_up

SLOW_ROWS = 250_000
"""How many rows go one by one behind a range with a bad one: at least all of that range."""


def run(chain: Chain, control: Control, figures: Figures | None = None) -> Figures:
    """Moves everything the chain has to move; the figures count from the job's beginning, over all its attempts, and on
    top of those given, of chains that the same job ran before.

    Raises Stopped at the next checkpoint once the control asks for it, and every error of `engine.errors`.
    """
    if not chain.generators or not chain.steps:
        raise ConfigError("A flow needs an export to read from and an import to write to", code="incomplete_flow")
    figures = Figures() if figures is None else figures
    try:
        for generator in chain.generators:
            with ExitStack() as stack:
                _run(generator, chain, control, figures, stack)
    except EngineError:
        control.raise_if_stopped(may_hand_back=False)  # a statement that was interrupted fails in its own words
        raise
    return figures


def _run(generator: Generator, chain: Chain, control: Control, figures: Figures, stack: ExitStack) -> None:
    if isinstance(generator.driver, Interruptible):
        stack.enter_context(control.interruptible(generator.driver.interrupt))
    stream = _describe(generator)
    generator = _pushed(generator, stream, control)
    hands = take_up(generator, chain.steps, stream, control, stack)
    plans = readings(generator, [hand for hand in hands if not hand.has_all], stream, control)
    figures.expected = None if figures.chains > 1 else _expected(chain, hands, plans, stream)
    for hand in hands:
        step = figures.of(hand.step.uid)
        step.delivery = hand.writer.delivery
        step.failed = control.refused(step=hand.step.uid)
        figures.stand(step=hand.step.uid, generator=generator.uid, at=hand.at)
    for request, together in plans:
        _move(generator, request, together, control, figures)
    for hand in hands:
        if not hand.is_finished:
            _finish(generator, hand, control)
        control.progress(figures)


def _describe(generator: Generator) -> Stream:
    """The stream as it is now, before anybody knows where to go on in it."""
    with closing(generator.driver.read(replace(generator.request, cursor=""))) as reading:
        stream = reading.stream
    cursor = generator.request.cursor
    if cursor and stream.column(cursor) is None:
        raise ConfigError(f"{stream.source} has no column {cursor!r} to be its cursor", code="unknown_column")
    return stream


def _pushed(generator: Generator, stream: Stream, control: Control) -> Generator:
    """With what its source can leave out by itself; a limit counts what comes before any filter."""
    if generator.limit is not None:
        return generator
    conditions, rest = pushdown.split(generator.filter, stream, generator.driver)
    if not conditions:
        return generator
    pushdown.tell(generator.name, conditions, rest, control)
    return replace(generator, filter=rest, request=replace(generator.request, where=conditions))


def _expected(
    chain: Chain, hands: Sequence[Hand], plans: Sequence[tuple[Request, list[Hand]]], stream: Stream
) -> int | None:
    """How many rows will come; None where nobody knows: how many of a table are new or satisfy what is asked of them,
    or what other generators give."""
    if stream.rows is None or len(chain.generators) > 1 or any(hand.at["since"] is not None for hand in hands):
        return None
    if any(request.where for request, _ in plans):
        return None
    limit = chain.generators[0].limit
    return stream.rows if limit is None else min(stream.rows, limit)


def _move(generator: Generator, request: Request, hands: Sequence[Hand], control: Control, figures: Figures) -> None:
    """Along the fastest lane; where a range has a row that is refused, row by row from behind the last whole range, and
    fast again behind the bad one."""
    is_over = False
    while not is_over:
        try:
            _move_fast(generator, request, hands, control, figures)
            is_over = True
        except RecordError:
            is_over = _move_slowly(generator, _from_here(request, hands[0]), hands, control, figures)
            request = _from_here(request, hands[0])


def _from_here(request: Request, hand: Hand) -> Request:
    return replace(request, after=hand.at["key"], until=hand.at["until"])


def _move_fast(
    generator: Generator, request: Request, hands: Sequence[Hand], control: Control, figures: Figures
) -> None:
    for asked in lanes.requests(generator, request, hands):
        with closing(generator.driver.read(asked)) as reading:
            lane = lanes.choose(generator, reading, hands)
            if lane.name == "rows" and asked is not request:
                continue
            _note_snapshot(hands, reading, control)
            lanes.tell(lane, generator, hands, control, figures)
            lanes.move(lane, generator, reading, hands, control, figures)
            return


def _move_slowly(
    generator: Generator, request: Request, hands: Sequence[Hand], control: Control, figures: Figures
) -> bool:
    """Whether it came to the end."""
    with closing(generator.driver.read(request)) as reading:
        _note_snapshot(hands, reading, control)
        lanes.tell(Lane("rows", "a row is refused"), generator, hands, control, figures)
        return pages.move(generator, reading, hands, control, figures, most=SLOW_ROWS)


def _note_snapshot(hands: Sequence[Hand], reading: Reading, control: Control) -> None:
    for hand in hands:
        until = hand.at["until"] if reading.until is None else reading.until
        hand.at = {**hand.at, "until": until, "snapshots": hand.at["snapshots"] + 1}
        if hand.at["snapshots"] > 1:
            message = "Goes on behind its last checkpoint, under a new snapshot of the source."
            place = {"snapshots": hand.at["snapshots"], "page": hand.at["page"]}
            control.log("info", message, step=hand.step.name, **place)


def _finish(generator: Generator, hand: Hand, control: Control) -> None:
    control.raise_if_stopped(may_hand_back=hand.can_continue)
    with control.long_statement():
        hand.writer.finish(hand.at)
    control.keep(step=hand.step.uid, stream=generator.memory, position={**hand.at, "done": True})
