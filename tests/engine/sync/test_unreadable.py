"""Records that a source holds and no row can be made of."""

from collections.abc import Iterator
from dataclasses import replace

from engine.contract import Page, Request, Unreadable
from engine.sync.run import run
from tests.engine.sync.chains import chain, rows
from tests.engine.sync.memory import MemoryReading, MemorySource, MemoryTarget
from tests.engine.sync.recorder import Recorder


class TornReading(MemoryReading):
    """Behind each page's rows there is one line that ends too early."""

    def pages(self) -> Iterator[Page]:
        for page in super().pages():
            torn = Unreadable("invalid_record", "The line ends too early.", {"id": page.rows[-1]["id"]})
            yield replace(page, unreadable=[torn])


class TornSource(MemorySource):
    def read(self, request: Request) -> MemoryReading:
        return TornReading(self, request)


def test_are_told_of_behind_the_rows_of_their_page_and_counted() -> None:
    target, control = MemoryTarget(), Recorder()
    figures = run(chain(TornSource(rows(1, 2, 3)), target), control)
    assert target.rows == rows(1, 2, 3)
    found = {place[2:]: (one.source, one.code, one.record) for place, one in control.notes.refusals.items()}
    assert found == {(1, 2): ("export", "invalid_record", {"id": 2}), (2, 1): ("export", "invalid_record", {"id": 3})}
    assert (figures.of("generator").records, figures.of("step").records, figures.of("step").failed) == (5, 3, 2)
