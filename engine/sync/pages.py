"""The rows lane: page by page, record by record, through every step."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from engine.contract import Page, Reading
from engine.sync import position
from engine.sync.ahead import in_time
from engine.sync.chain import Generator
from engine.sync.control import Control, Refusal
from engine.sync.figures import Figures
from engine.sync.sieve import Sieve, Sifted
from engine.sync.standing import Hand


def move(
    generator: Generator,
    reading: Reading,
    hands: Sequence[Hand],
    control: Control,
    figures: Figures,
    *,
    most: int | None = None,
) -> bool:
    """Whether everything that is left was moved: after `most` rows it ends, where it can be gone on from there."""
    sieves = [(hand, Sieve(generator, hand.step, hand.mapping, reading.stream)) for hand in hands]
    keeps_pages = all(hand.writer.keeps_pages for hand in hands)
    left = None if generator.limit is None else generator.limit - hands[0].at["read"]
    moved = 0
    with closing(in_time(reading, reading.pages())) as coming:
        for page in coming if left is None or left > 0 else ():
            control.raise_if_stopped(may_hand_back=keeps_pages and page.after is not None)
            rows = page.rows if left is None else page.rows[:left]
            for hand, sieve in sieves:
                _write(generator, hand, sieve.sift(rows), Page(rows, page.after, page.unreadable), control, figures)
                tell(generator, hand, control, figures)
            moved += len(rows)
            if left is not None and (left := left - len(rows)) <= 0:
                break
            if most is not None and moved >= most and page.after is not None:
                return False
    return True


def tell(generator: Generator, hand: Hand, control: Control, figures: Figures) -> None:
    """Counts, keeps and tells the place that a step has reached."""
    figures.stand(step=hand.step.uid, generator=generator.uid, at=hand.at)
    if hand.can_continue:
        control.keep(step=hand.step.uid, stream=generator.memory, position=hand.at)
    control.progress(figures)


def _write(generator: Generator, hand: Hand, sifted: Sifted, page: Page, control: Control, figures: Figures) -> None:
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
