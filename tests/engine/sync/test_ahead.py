"""The next page is read while this one is written, and no page after that."""

import threading
from collections.abc import Iterator

import pytest

from engine.contract import Page, Request
from engine.errors import Stopped, TransientError
from engine.sync.run import run
from tests.engine.sync.chains import chain, rows
from tests.engine.sync.memory import MemoryReading, MemorySource, MemoryTarget
from tests.engine.sync.recorder import Recorder

PATIENCE = 30


class WaitingSource(MemorySource):
    """`given` counts the pages that were asked for; behind page `bad` the line is lost."""

    bad = 0
    reads_ahead = True

    def read(self, request: Request) -> MemoryReading:
        self.given, self.closed, self.readers = 0, 0, set[str]()
        self.asked = threading.Condition()
        return WaitingReading(self, request)

    def await_pages(self, count: int) -> None:
        with self.asked:
            assert self.asked.wait_for(lambda: self.given >= count, PATIENCE)


class WaitingReading(MemoryReading):
    source: WaitingSource

    @property
    def reads_ahead(self) -> bool:
        return self.source.reads_ahead

    def pages(self) -> Iterator[Page]:
        try:
            for page in super().pages():
                with self.source.asked:
                    self.source.given += 1
                    self.source.readers.add(threading.current_thread().name)
                    self.source.asked.notify_all()
                yield page
                if self.source.given == self.source.bad:
                    raise TransientError("The line is lost.", code="connection_lost")
        finally:
            self.source.closed += 1


def test_one_page_is_read_while_another_is_written() -> None:
    source, target = WaitingSource(rows(*range(8))), MemoryTarget()
    asked: list[int] = []

    def on_write(number: int) -> None:
        source.await_pages(min(number + 1, 4))
        asked.append(source.given)

    target.on_write = on_write
    run(chain(source, target), Recorder())
    assert target.rows == rows(*range(8))
    assert asked == [2, 3, 4, 4]
    assert source.closed == 1


def test_an_error_comes_behind_the_pages_before_it() -> None:
    source, target = WaitingSource(rows(1, 2, 3, 4, 5)), MemoryTarget()
    source.bad = 2
    with pytest.raises(TransientError):
        run(chain(source, target), Recorder())
    assert target.rows == rows(1, 2, 3, 4)


@pytest.mark.parametrize("reason", ["cancel", "drain"])
def test_a_run_that_stops_leaves_no_reader_behind(reason: str) -> None:
    source, target, control = WaitingSource(rows(*range(20))), MemoryTarget(), Recorder()
    control.at_checkpoint = lambda figures: control.ask_to_stop(reason)
    with pytest.raises(Stopped):
        run(chain(source, target), control)
    assert target.rows == rows(0, 1)
    assert source.closed == 1
    assert not [thread for thread in threading.enumerate() if thread.name in source.readers]


def test_whoever_does_not_ask_for_it_is_read_when_it_is_needed() -> None:
    source, target = WaitingSource(rows(1, 2, 3)), MemoryTarget()
    source.reads_ahead = False
    run(chain(source, target), Recorder())
    assert source.readers == {threading.current_thread().name}
