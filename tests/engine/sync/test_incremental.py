"""Runs that read only what has changed: from the last run's upper bound, taken back a little for late rows."""

import pytest

from engine.contract import Mode
from engine.sync.chain import Chain
from engine.sync.run import run
from tests.engine.sync.chains import chain, generator, row, rows, step
from tests.engine.sync.memory import MemorySource, MemoryTarget
from tests.engine.sync.recorder import Recorder
from tests.engine.sync.test_resume import killed, killing


class Runs:
    """One flow, run again and again."""

    def __init__(self, mode: Mode, **values) -> None:
        self.source, self.target = MemorySource(rows(1, 2, 3)), MemoryTarget()
        self.chain = chain(self.source, self.target, mode=mode, cursor="changed", **values)
        self.count = 0

    def once(self) -> None:
        self.count += 1
        run(self.chain, Recorder(job=f"job {self.count}", fence=self.count))

    @property
    def last(self):
        return self.source.requests[-1]


def test_the_first_run_reads_everything_and_keeps_the_upper_bound():
    runs = Runs(Mode.UPSERT)
    runs.once()
    assert (runs.last.since, runs.last.until) == (None, None)
    assert runs.target.position()["until"] == 3


def test_the_next_run_reads_from_there_less_the_overlap():
    runs = Runs(Mode.UPSERT, overlap=1)
    runs.once()
    runs.source.rows += [row(4, changed=2), row(5, changed=1), row(6)]
    runs.once()
    assert (runs.last.since, runs.last.strict) == (2, False)
    assert sorted(one["id"] for one in runs.target.rows) == [1, 2, 3, 4, 6]


def test_what_is_appended_is_never_read_twice():
    runs = Runs(Mode.APPEND, overlap=100)
    runs.once()
    runs.once()
    runs.source.rows += rows(4)
    runs.once()
    assert (runs.last.since, runs.last.strict) == (3, True)
    assert runs.target.rows == rows(1, 2, 3, 4)


def test_a_run_that_finds_nothing_keeps_the_bound():
    runs = Runs(Mode.APPEND)
    runs.once()
    runs.source.rows = []
    runs.once()
    assert runs.target.position()["until"] == 3
    runs.source.rows = rows(4)
    runs.once()
    assert runs.target.rows == rows(1, 2, 3, 4)


def test_replace_always_reads_everything():
    runs = Runs(Mode.REPLACE)
    runs.once()
    runs.once()
    assert runs.last.since is None
    assert runs.target.rows == rows(1, 2, 3)


def test_a_run_that_goes_on_keeps_the_bounds_that_it_began_with():
    runs = Runs(Mode.UPSERT, overlap=0)
    runs.once()
    runs.source.rows += rows(4, 5, 6, 7, 8)
    runs.target.on_write = killing(at=2)
    killed(runs.chain, Recorder(job="job 2", fence=2))
    runs.source.rows += rows(9)
    runs.count = 2
    runs.once()
    assert (runs.last.since, runs.last.until, runs.last.after) == (3, 8, [4, 4])
    assert runs.target.position()["until"] == 8
    runs.once()
    assert sorted(one["id"] for one in runs.target.rows) == list(range(1, 10))


def test_a_first_run_that_goes_on_leaves_what_is_new_to_the_next():
    runs = Runs(Mode.APPEND)
    runs.target.on_write = killing(at=2)
    killed(runs.chain, Recorder(job="job 1", fence=1))
    runs.source.rows += rows(4, 5)
    run(runs.chain, Recorder(job="job 1", fence=2))
    assert runs.target.rows == rows(1, 2, 3)
    runs.count = 2
    runs.once()
    assert runs.target.rows == rows(1, 2, 3, 4, 5)


def test_a_row_that_changed_while_its_page_was_behind_comes_with_the_next_run():
    runs = Runs(Mode.UPSERT, overlap=0)
    runs.target.on_write = killing(at=2)
    killed(runs.chain, Recorder(job="job 1", fence=1))
    runs.source.rows[0] = row(1, name="changed", changed=4)
    runs.count = 1
    runs.once()
    runs.once()
    assert sorted(runs.target.rows, key=lambda one: one["id"])[0]["name"] == "changed"


@pytest.mark.parametrize("order", [("append", "upsert"), ("upsert", "append")])
def test_steps_that_append_and_steps_that_upsert_each_get_what_they_need(order):
    source, targets = MemorySource(rows(1, 2, 3)), {mode: MemoryTarget() for mode in order}
    steps = tuple(step(targets[mode], mode, mode=Mode(mode)) for mode in order)
    flow = Chain((generator(source, cursor="changed", overlap=2),), steps)
    run(flow, Recorder(job="first", fence=1))
    assert len(source.requests) == 1
    source.rows += [row(4), row(5, changed=2)]
    run(flow, Recorder(job="second", fence=2))
    assert targets["append"].rows == rows(1, 2, 3, 4)
    assert sorted(one["id"] for one in targets["upsert"].rows) == [1, 2, 3, 4, 5]
