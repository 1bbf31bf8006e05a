"""Takes up the write steps of one generator: opens their writers, and finds out where each of them goes on."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import Any

from engine.contract import Delivery, Lineage, Mode, Position, Request, Standing, Writer
from engine.schema import Column, Stream
from engine.sync import position, pushdown
from engine.sync.chain import Generator, WriteStep
from engine.sync.control import Control
from engine.sync.cursor import earlier
from engine.sync.mapping import Mapping, compile_mapping


@dataclass(slots=True)
class Hand:
    """A write step at work: its mapping, its writer, how far it got, and whether the run is already whole."""

    step: WriteStep
    mapping: Mapping
    writer: Writer
    standing: Standing
    at: Position
    is_finished: bool = False

    @property
    def has_all(self) -> bool:
        """Whether nothing is left to read, though the last act may be left to do."""
        return self.is_finished or bool(self.at["end"])

    @property
    def can_continue(self) -> bool:
        """Whether what was written stays written, and a later attempt goes on behind it."""
        return self.writer.keeps_pages and position.can_continue(self.at)


def take_up(
    generator: Generator, steps: Sequence[WriteStep], stream: Stream, control: Control, stack: ExitStack
) -> list[Hand]:
    """Every step's hand, its fence taken, standing where it goes on; new runs are begun."""
    of = position.identity(generator.request, stream)
    hands = [_open(generator, step, stream, control, stack) for step in steps]
    for hand in hands:
        _stand(hand, of, generator, stream, control)
        control.forget_behind(step=hand.step.uid, stream=generator.uid, page=hand.at["page"])
    return hands


def readings(
    generator: Generator, hands: Sequence[Hand], stream: Stream, control: Control
) -> list[tuple[Request, list[Hand]]]:
    """What is to be read, and for which steps. Those that stand at the same place share a reading; a step that a kill
    left behind, or that came to the flow later, has one of its own, so that each gets every row once. The filter of a
    step that shares its reading with no other is applied by the source where it can."""
    shared: list[tuple[Request, list[Hand]]] = []
    for hand in hands:
        request = _request(generator, hand)
        others = next((others for one, others in shared if one == request), None)
        if others is None:
            shared.append((request, [hand]))
        else:
            others.append(hand)
    for place, (request, those) in enumerate(shared):
        if len(those) == 1:
            shared[place] = (_pushed(request, generator, those[0], stream, control), those)
    return [(_narrowed(request, generator, those), those) for request, those in shared]


def _pushed(request: Request, generator: Generator, hand: Hand, stream: Stream, control: Control) -> Request:
    """The request with what of the step's own filter its source can apply; the step is left with the rest."""
    if generator.limit is not None:
        return request
    conditions, rest = pushdown.split(hand.step.filter, stream, generator.driver)
    if not conditions:
        return request
    pushdown.tell(hand.step.name, conditions, rest, control)
    hand.step = replace(hand.step, filter=rest)
    return replace(request, where=(*request.where, *conditions), native=_is_native(generator, hand))


def _request(generator: Generator, hand: Hand) -> Request:
    at, request = hand.at, generator.request
    if generator.limit is not None:
        request = replace(request, page_rows=min(request.page_rows, generator.limit))
    return replace(
        request,
        since=at["since"],
        # a run that goes on reads up to the bound it began with; a new one takes the present one
        until=at["until"] if at["key"] is not None else None,
        after=at["key"],
        native=_is_native(generator, hand),
        strict=at["since"] is not None and hand.step.target.mode == Mode.APPEND,
    )


def _narrowed(request: Request, generator: Generator, hands: Sequence[Hand]) -> Request:
    """No more columns than are carried over, where that is known."""
    projection = hands[0].mapping.projection
    if len(hands) > 1 or not projection or not _passes_as_is(generator, hands[0]):
        return request
    return replace(request, columns=projection)


def _is_native(generator: Generator, hand: Hand) -> bool:
    return _are_alike(generator, hand.step) and _passes_as_is(generator, hand)


def _passes_as_is(generator: Generator, hand: Hand) -> bool:
    """Whether nobody looks at a value on its way."""
    return not generator.filter and not hand.step.filter and hand.mapping.projection is not None


def _open(generator: Generator, step: WriteStep, stream: Stream, control: Control, stack: ExitStack) -> Hand:
    mapping = compile_mapping(step.mapping, _understood(stream.columns, generator, step))
    lineage = Lineage(
        step=step.uid,
        stream=generator.memory,
        job=control.job,
        fence=control.fence,
        generation=step.generation,
        begun_at=control.begun_at,
    )
    key = step.target.key or mapping.renamed(stream.key)
    writer = stack.enter_context(closing(step.driver.writer(step.target, mapping.columns, key, lineage)))
    stack.enter_context(control.interruptible(writer.interrupt))
    standing = writer.take_over()
    if standing.position is None and not (writer.keeps_pages and writer.delivery == Delivery.EXACTLY_ONCE):
        kept = control.recall(step=step.uid, stream=generator.memory)
        standing = Standing(kept, done=bool(kept and kept.get("done")))
    return Hand(step, mapping, writer, standing, at={})


def _are_alike(generator: Generator, step: WriteStep) -> bool:
    """Whether both ends are of one kind, and so mean the same by a type's own name and by their own literals."""
    return generator.driver.spec.name == step.driver.spec.name


def _understood(columns: Sequence[Column], generator: Generator, step: WriteStep) -> Sequence[Column]:
    """The columns as the step's system understands them: another system's names of types say nothing to it."""
    if _are_alike(generator, step):
        return columns
    return [replace(column, native="") for column in columns]


def _stand(hand: Hand, of: str, generator: Generator, stream: Stream, control: Control) -> None:
    last = hand.standing.position
    if last is None or last["of"] != of:
        _begin(hand, position.first(of=of, job=control.job))
    elif last["job"] == control.job:
        _go_on(hand, last)
    elif _is_adopted(hand, last):
        hand.at = position.adopted(last, job=control.job)
        control.log("info", "Goes on from where an earlier run of this step stopped.", step=hand.step.name)
    else:
        since = _since(hand, last, generator, stream)
        _begin(hand, position.first(of=of, job=control.job, since=since, until=last["until"]))
    if not hand.writer.keeps_pages and not hand.is_finished:
        message = "What this step writes is kept when it is finished: a run that is broken off starts again."
        control.log("info", message, step=hand.step.name)


def _is_adopted(hand: Hand, last: Position) -> bool:
    """Whether another job's unfinished run is gone on with."""
    if hand.standing.done or not hand.writer.keeps_pages or hand.step.target.mode == Mode.REPLACE:
        return False
    return last["key"] is not None


def _go_on(hand: Hand, last: Position) -> None:
    """The same job again: behind its last page, or from its beginning where nothing was kept."""
    hand.at, hand.is_finished = last, hand.standing.done
    if not hand.is_finished and not hand.can_continue:
        _begin(hand, position.first(of=last["of"], job=last["job"], since=last["since"], until=last["until"]))


def _begin(hand: Hand, at: Position) -> None:
    hand.at = at
    hand.writer.begin(at)


def _since(hand: Hand, last: Position, generator: Generator, stream: Stream) -> Any:
    """The cursor's lower bound for a step that begins a new run; None reads everything."""
    column, mode = stream.column(generator.request.cursor), hand.step.target.mode
    if column is None or mode == Mode.REPLACE:
        return None
    return earlier(last["until"], column.type, 0 if mode == Mode.APPEND else generator.overlap)
