"""The lanes a stream may take, the fastest first. Bytes: same database, same types, nothing to do on the way. Arrow:
whole columns, renamed, cast and filled in. Rows: everything else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.bulk import ReadsArrow, ReadsBytes, RefusesBytes, WritesArrow, WritesBytes
from engine.contract import Reading, Request
from engine.sync import columns, pages, ranges
from engine.sync.chain import Generator
from engine.sync.control import Control
from engine.sync.figures import Figures
from engine.sync.standing import Hand

OTHER_KIND = "different kinds of database"


@dataclass(frozen=True, slots=True)
class Lane:
    """`reason`: why none that is faster."""

    name: str
    reason: str


def requests(generator: Generator, request: Request, hands: Sequence[Hand]) -> list[Request]:
    """What to read, in the order to be tried: for a fast lane no more columns than it needs; in the rows lane all of
    them, since a refused record is kept whole."""
    fields = hands[0].mapping.fields
    if request.columns or not fields or _general_refusal(generator, hands) or columns.refusal(hands[0].mapping):
        return [request]
    return [replace(request, columns=fields), request]


def choose(generator: Generator, reading: Reading, hands: Sequence[Hand]) -> Lane:
    """The fastest lane that source, mapping and destination allow."""
    refusals: dict[str, str] = {}
    for name, refuse in (("bytes", bytes_refusal), ("arrow", arrow_refusal)):
        refusal = _general_refusal(generator, hands) or refuse(reading, hands[0])
        if not refusal:
            return Lane(name, "; ".join(f"{faster}: {why}" for faster, why in refusals.items()))
        refusals[name] = refusal
    if len(set(refusals.values())) == 1:
        return Lane("rows", refusals["bytes"])
    return Lane("rows", "; ".join(f"{faster}: {why}" for faster, why in refusals.items()))


def move(
    lane: Lane, generator: Generator, reading: Reading, hands: Sequence[Hand], control: Control, figures: Figures
) -> None:
    """Moves the rest of the stream along a lane. The fast ones raise RecordError when a row of a range is refused."""
    if lane.name == "bytes":
        ranges.move_bytes(generator, reading, hands[0], control, figures)
    elif lane.name == "arrow":
        ranges.move_arrow(generator, reading, hands[0], control, figures)
    else:
        pages.move(generator, reading, hands, control, figures)


def tell(lane: Lane, generator: Generator, hands: Sequence[Hand], control: Control, figures: Figures) -> None:
    """Says which lane each step takes, and why none that is faster."""
    for hand in hands:
        figures.of(hand.step.uid).lane = lane.name
        control.log(
            "info",
            f"{generator.name} → {hand.step.name}: {lane.name} lane" + (f" ({lane.reason})" if lane.reason else ""),
            lane=lane.name,
            delivery=figures.of(hand.step.uid).delivery,
            mode=hand.step.target.mode,
            since=hand.at["since"],
        )


def _general_refusal(generator: Generator, hands: Sequence[Hand]) -> str:
    """Why nothing but rows can be moved."""
    if len(hands) > 1:
        return "several imports"
    if generator.filter or hands[0].step.filter:
        return "a filter"
    return "a limit" if generator.limit is not None else ""


def bytes_refusal(reading: Reading, hand: Hand) -> str:
    """Why the bytes lane cannot be taken; "" when it can."""
    if hand.mapping.projection is None:
        return "the mapping changes values"
    if not isinstance(hand.writer, WritesBytes):
        return OTHER_KIND
    if isinstance(reading, RefusesBytes) and reading.bytes_refusal:
        return reading.bytes_refusal
    if not isinstance(reading, ReadsBytes):
        return OTHER_KIND
    return hand.writer.bytes_refusal(reading)


def arrow_refusal(reading: Reading, hand: Hand) -> str:
    """Why the arrow lane cannot be taken; "" when it can."""
    if not isinstance(reading, ReadsArrow):
        return "the source gives no columns"
    if not isinstance(hand.writer, WritesArrow):
        return "the destination takes no columns"
    return reading.arrow_refusal or columns.refusal(hand.mapping) or hand.writer.arrow_refusal(hand.mapping.columns)
