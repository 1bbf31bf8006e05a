"""Destinations that keep nothing before a run is finished, as a file that is written whole."""

import pytest

from engine.contract import Mode
from engine.errors import Stopped
from engine.sync.run import run
from tests.engine.sync.chains import chain, row, rows
from tests.engine.sync.memory import MemorySource, MemoryTarget
from tests.engine.sync.recorder import Notes, Recorder
from tests.engine.sync.test_resume import killed, killing

SAYS_SO = "What this step writes is kept when it is finished: a run that is broken off starts again."


def file() -> MemoryTarget:
    return MemoryTarget(remembers=False, keeps_pages=False)


@pytest.mark.parametrize("mode", [Mode.APPEND, Mode.REPLACE])
@pytest.mark.parametrize("hook", ["on_write", "on_finish"])
def test_a_run_that_was_broken_off_begins_again(mode: Mode, hook: str) -> None:
    source, target, notes = MemorySource(rows(1, 2, 3, 4)), file(), Notes()
    setattr(target, hook, killing(at=1 if hook == "on_finish" else 2))
    killed(chain(source, target, mode=mode), Recorder(notes))
    assert (target.rows, notes.positions) == ([], {})
    figures = run(chain(source, target, mode=mode), Recorder(notes, fence=2))
    assert target.rows == rows(1, 2, 3, 4)
    assert [request.after for request in source.requests] == [None, None]
    assert figures.of("step").records == 4
    assert notes.lines.count(SAYS_SO) == 2


def test_does_not_hand_back() -> None:
    source, target, control = MemorySource(rows(1, 2, 3)), file(), Recorder()
    target.on_write = lambda number: control.ask_to_stop("drain")
    run(chain(source, target), control)
    assert target.rows == rows(1, 2, 3)


def test_a_cancelled_run_leaves_nothing() -> None:
    source, target, control = MemorySource(rows(1, 2, 3)), file(), Recorder()
    target.on_write = lambda number: control.ask_to_stop("cancel")
    with pytest.raises(Stopped):
        run(chain(source, target), control)
    assert target.rows == []


def test_what_was_finished_is_not_written_again() -> None:
    source, target, notes = MemorySource(rows(1, 2)), file(), Notes()
    for fence in (1, 2):
        run(chain(source, target), Recorder(notes, fence=fence))
    assert target.rows == rows(1, 2)
    assert notes.lines.count(SAYS_SO) == 1


def test_the_next_run_goes_on_from_the_cursor() -> None:
    source, target, notes = MemorySource(rows(1, 2)), file(), Notes()
    flow = chain(source, target, cursor="changed")
    run(flow, Recorder(notes, job="first"))
    source.rows.append(row(3))
    target.on_write = killing(at=1)
    killed(flow, Recorder(notes, job="second", fence=2))
    run(flow, Recorder(notes, job="second", fence=3))
    assert target.rows == rows(1, 2, 3)
    assert [request.since for request in source.requests] == [None, 2, 2]
