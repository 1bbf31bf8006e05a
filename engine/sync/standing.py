"""Takes up the write steps of one generator: opens their writers, and finds out where each of them goes on."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import Any

from engine.contract import Delivery, Lineage, Mode, Position, Request, Standing, Writer
from engine.schema import Stream
from engine.sync import position
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


def take_up(
    generator: Generator, steps: Sequence[WriteStep], stream: Stream, control: Control, stack: ExitStack
) -> list[Hand]:
    """Every step's hand, its fence taken, standing where it goes on; new runs are begun."""
    of = position.identity(generator.request, stream)
    hands = [_open(generator, step, stream, control, stack) for step in steps]
    since = _since(hands, of, generator, stream)
    for hand in hands:
        _stand(hand, of, since, control)
    return hands


def request_of(generator: Generator, hands: Sequence[Hand]) -> Request:
    """What is to be read: from the step that is furthest behind, and no more columns than are carried over."""
    at = min((hand.at for hand in hands), key=lambda one: int(one["page"]))
    is_append = any(hand.step.target.mode == Mode.APPEND for hand in hands)
    # a run that goes on reads up to the bound it began with; a new one takes the present one
    until = at["until"] if at["page"] else None
    request = replace(generator.request, since=at["since"], until=until, after=at["key"], strict=is_append)
    projection = hands[0].mapping.projection
    if len(hands) == 1 and projection and not generator.filter and not hands[0].step.filter:
        request = replace(request, columns=projection)
    return request


def _open(generator: Generator, step: WriteStep, stream: Stream, control: Control, stack: ExitStack) -> Hand:
    mapping = compile_mapping(step.mapping, stream.columns)
    lineage = Lineage(
        step=step.uid, stream=generator.uid, job=control.job, fence=control.fence, generation=step.generation
    )
    key = step.target.key or mapping.renamed(stream.key)
    writer = stack.enter_context(closing(step.driver.writer(step.target, mapping.columns, key, lineage)))
    standing = writer.take_over()
    if standing.position is None and writer.delivery != Delivery.EXACTLY_ONCE:
        kept = control.recall(step=step.uid, stream=generator.uid)
        standing = Standing(kept, done=bool(kept and kept.get("done")))
    return Hand(step, mapping, writer, standing, at={})


def _since(hands: Sequence[Hand], of: str, generator: Generator, stream: Stream) -> Any:
    """The cursor's lower bound for steps that begin a new run: the least of what they have; None reads everything."""
    column = stream.column(generator.request.cursor)
    if column is None:
        return None
    bounds = []
    for hand in hands:
        last = hand.standing.position
        if last is None or last["of"] != of or hand.step.target.mode == Mode.REPLACE or last["until"] is None:
            return None
        overlap = 0 if hand.step.target.mode == Mode.APPEND else generator.overlap
        bounds.append(earlier(last["until"], column.type, overlap))
    return min(bounds, key=str) if len(bounds) > 1 else bounds[0]


def _stand(hand: Hand, of: str, since: Any, control: Control) -> None:
    last, mode = hand.standing.position, hand.step.target.mode
    is_ours = last is not None and last["of"] == of
    if last is not None and is_ours and last["job"] == control.job:
        hand.at = last
        hand.is_finished = hand.standing.done
        if last["key"] is None and not last["end"]:  # a stream without positions begins again
            hand.at = position.first(of=of, job=control.job, since=last["since"], until=last["until"])
            hand.writer.begin(hand.at)
        return
    if last is not None and is_ours and not hand.standing.done and mode != Mode.REPLACE and last["key"] is not None:
        hand.at = position.adopted(last, job=control.job)
        control.log("info", "Goes on from where an earlier run of this step stopped.", step=hand.step.name)
        return
    hand.at = position.first(of=of, job=control.job, since=since, until=last["until"] if last and is_ours else None)
    hand.writer.begin(hand.at)
