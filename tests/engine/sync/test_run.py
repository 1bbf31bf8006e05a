"""What a run does, in which order, and what it says about itself."""

import subprocess
import sys

import pytest

from engine.contract import Delivery, Mode
from engine.errors import ConfigError, TransientError
from engine.sync.chain import Chain
from engine.sync.figures import Figures
from engine.sync.run import run
from tests.engine.sync.chains import chain, generator, row, rows, step
from tests.engine.sync.memory import MemorySource, MemoryTarget
from tests.engine.sync.recorder import Recorder


def test_moves_every_row_page_by_page():
    source, target, control = MemorySource(rows(1, 2, 3, 4, 5)), MemoryTarget(), Recorder()
    figures = run(chain(source, target), control)
    assert target.rows == rows(1, 2, 3, 4, 5)
    assert target.calls == [
        *("step: take_over", "step: begin", "step: write 2", "step: write 2", "step: write 1", "step: finish"),
        "step: close",
    ]
    assert [one.of("step").records for one in control.figures] == [2, 4, 5, 5]
    assert (figures.of("generator").records, figures.of("generator").pages) == (5, 3)
    assert figures.of("step").delivery == Delivery.EXACTLY_ONCE
    assert figures.snapshots == 1


def test_leaves_a_position_that_says_so():
    target = MemoryTarget()
    run(chain(MemorySource(rows(1, 2, 3)), target), Recorder())
    position = target.position()
    assert target.memory().done is True
    assert [position[name] for name in ("job", "page", "key", "read", "ignored")] == ["job", 2, [3], 3, 0]


def test_closes_what_it_opened_also_when_it_fails():
    source, target = MemorySource(rows(1, 2, 3)), MemoryTarget()
    target.on_write = raises(TransientError("away"))
    with pytest.raises(TransientError):
        run(chain(source, target), Recorder())
    assert source.open_readings == 0
    assert [writer.is_open for writer in target.writers] == [False]


def test_says_which_lane_it_takes_and_why():
    control = Recorder()
    figures = run(chain(MemorySource(rows(1)), MemoryTarget()), control)
    reason = "bytes: different kinds of database; arrow: the source gives no columns"
    assert control.notes.lines == [f"Export generator → Import step: rows lane ({reason})"]
    assert figures.of("step").lane == "rows"


def test_runs_one_generator_after_the_other_into_every_step():
    first, second = MemorySource(rows(1, 2, 3)), MemorySource(rows(11, 12))
    left, right = MemoryTarget(), MemoryTarget()
    control = Recorder()
    steps = (step(left, "left"), step(right, "right"))
    figures = run(Chain((generator(first, "first"), generator(second, "second")), steps), control)
    assert left.rows == right.rows == rows(1, 2, 3, 11, 12)
    assert set(left.memories) == {("left", "first"), ("left", "second")}
    assert [figures.of(uid).records for uid in ("first", "second", "left", "right")] == [3, 2, 5, 5]
    assert figures.of("left").pages == 3


def test_reads_once_for_several_steps():
    source, targets = MemorySource(rows(1, 2, 3)), [MemoryTarget(), MemoryTarget()]
    run(Chain((generator(source),), (step(targets[0], "a"), step(targets[1], "b"))), Recorder())
    assert len(source.requests) == 1
    assert targets[0].rows == targets[1].rows == rows(1, 2, 3)


def test_reads_no_more_columns_than_are_written():
    source = MemorySource(rows(1))
    mapping = [{"generate": "title", "extract": "$.name"}]
    target = MemoryTarget()
    run(Chain((generator(source),), (step(target, mapping=mapping),)), Recorder())
    assert source.requests[0].columns == ("name",)
    assert target.rows == [{"title": "thing 1"}]


@pytest.mark.parametrize(
    ("values", "is_native"),
    [
        ({}, True),
        ({"mapping": [{"generate": "title", "extract": "$.name"}]}, True),
        ({"mapping": [{"generate": "id", "extract": "$.id", "cast": "string"}]}, False),
        ({"filter": ["extract", "id"]}, False),
    ],
)
def test_asks_for_the_systems_own_literals_where_nobody_looks_at_them(values, is_native):
    source = MemorySource(rows(1))
    run(Chain((generator(source),), (step(MemoryTarget(), **values),)), Recorder())
    assert source.requests[0].native is is_native


def test_gives_the_writer_the_key_under_its_new_name():
    target = MemoryTarget()
    mapping = [{"generate": "number", "extract": "$.id"}]
    run(Chain((generator(MemorySource(rows(1))),), (step(target, mapping=mapping),)), Recorder())
    assert target.writers[0].key == ("number",)


def test_counts_what_filters_leave_out():
    source, target, control = MemorySource(rows(1, 2, 3, 4, 5)), MemoryTarget(), Recorder()
    odd = ["anyof", ["extract", "id"], [1, 3, 5]]
    steps = (step(target, filter=["greaterthan", ["extract", "id"], 1]),)
    figures = run(Chain((generator(source, filter=odd),), steps), control)
    assert target.rows == rows(3, 5)
    assert (figures.of("step").records, figures.of("step").ignored, figures.of("step").failed) == (2, 3, 0)
    assert figures.of("generator").records == 5


def test_keeps_refused_records_by_their_place_in_the_page():
    source = MemorySource([row(1), row(2, name="x"), row(3, name="bad"), row(4, name="7"), row(5, name="8")])
    target, control = MemoryTarget(), Recorder()
    target.refuses = lambda one: "seven is taken" if one["number"] == 7 else ""
    mapping = [{"generate": "number", "extract": "$.name", "cast": "integer"}]
    keep = ["matches", "y", ["string", ["extract", "name"]]]
    source.rows[0]["name"] = "("
    steps = (step(target, mapping=mapping, filter=["not", ["and", ["equals", ["extract", "id"], 1], keep]]),)
    figures = run(Chain((generator(source, page_rows=4),), steps), control)
    told = {place[2:]: (one.source, one.code, one.trace_key) for place, one in control.notes.refusals.items()}
    assert told == {
        (1, 0): ("import_filter", "invalid_value", "1"),
        (1, 1): ("mapping", "invalid_value", "2"),
        (1, 2): ("mapping", "invalid_value", "3"),
        (1, 3): ("application", "refused", "4"),
    }
    assert control.notes.refusals["step", "generator", 1, 3].record == source.rows[3]
    assert (figures.of("step").records, figures.of("step").failed) == (1, 4)
    assert target.rows == [{"number": 8}]


def test_tells_of_refused_records_before_their_page_is_committed():
    target, control = MemoryTarget(), Recorder()
    target.refuses = lambda one: "no"
    told_at_commit = []
    target.on_commit = lambda: told_at_commit.append(len(control.notes.refusals))
    run(chain(MemorySource(rows(1, 2)), target), control)
    assert told_at_commit == [0, 2, 2]


@pytest.mark.parametrize(("limit", "pages"), [(1, [1]), (2, [2]), (3, [2, 1]), (9, [2, 2, 1])])
def test_reads_no_more_than_the_limit(limit, pages):
    source, target, control = MemorySource(rows(1, 2, 3, 4, 5), statistics=1000), MemoryTarget(), Recorder()
    figures = run(chain(source, target, limit=limit, page_rows=2), control)
    assert target.rows == rows(*range(1, sum(pages) + 1))
    assert [call for call in target.calls if "write" in call] == [f"step: write {page}" for page in pages]
    assert figures.of("generator").records == sum(pages)
    assert figures.expected == limit


def test_remembers_a_test_apart_from_the_flows_own_runs():
    source, target = MemorySource(rows(1, 2, 3)), MemoryTarget()
    run(chain(source, target), Recorder(job="first", fence=1))
    kept = target.position()
    run(chain(source, target, limit=1, purpose="test"), Recorder(job="second", fence=2))
    assert target.position() == kept
    assert target.position(stream="generator:test")["job"] == "second"


def test_expects_what_the_statistics_say_of_a_whole_table():
    assert run(chain(MemorySource(rows(1), statistics=100), MemoryTarget()), Recorder()).expected == 100
    assert run(chain(MemorySource(rows(1)), MemoryTarget()), Recorder()).expected is None


def test_expects_nothing_that_it_cannot_know():
    pair = (generator(MemorySource([], statistics=1), "a"), generator(MemorySource([], statistics=2), "b"))
    assert run(Chain(pair, (step(MemoryTarget()),)), Recorder()).expected is None
    several = Figures(chains=2)
    run(chain(MemorySource(rows(1), statistics=1), MemoryTarget()), Recorder(), several)
    assert (several.expected, several.of("step").records) == (None, 1)


def test_finishes_under_a_long_statement():
    target, control = MemoryTarget(), Recorder()
    seen = []
    target.on_finish = lambda: seen.append(control.long)
    run(chain(MemorySource(rows(1)), target), control)
    assert seen == [1]


def test_writes_a_stream_without_a_key_in_one_transaction():
    source, target = MemorySource(rows(1, 2, 3), key=()), MemoryTarget()
    seen = []
    target.on_write = lambda number: seen.append(len(target.rows))
    run(chain(source, target), Recorder())
    assert seen == [0, 0]
    assert target.rows == rows(1, 2, 3)


def test_keeps_a_copy_of_the_position_where_the_destination_cannot():
    target, control = MemoryTarget(remembers=False), Recorder()
    kept = []
    control.at_checkpoint = lambda figures: kept.append(
        control.notes.positions.get(("step", "generator"), {}).get("key")
    )
    run(chain(MemorySource(rows(1, 2, 3)), target), control)
    assert kept == [[2], [3], [3]]
    assert control.notes.positions["step", "generator"]["done"] is True


def test_replaces_what_was_there():
    source, target = MemorySource(rows(1, 2, 3)), MemoryTarget(rows(7, 8))
    seen = []
    target.on_write = lambda number: seen.append(len(target.rows))
    run(chain(source, target, mode=Mode.REPLACE), Recorder())
    assert seen == [2, 2]
    assert target.rows == rows(1, 2, 3)


def test_refuses_a_flow_with_nothing_to_read_or_write():
    for empty in (Chain((), (step(MemoryTarget()),)), Chain((generator(MemorySource([])),), ())):
        with pytest.raises(ConfigError) as caught:
            run(empty, Recorder())
        assert caught.value.code == "incomplete_flow"


def test_refuses_a_cursor_that_is_no_column():
    target = MemoryTarget()
    with pytest.raises(ConfigError) as caught:
        run(chain(MemorySource(rows(1)), target, cursor="nowhere"), Recorder())
    assert caught.value.code == "unknown_column"
    assert target.calls == []


def test_needs_no_django():
    loaded = (
        "import engine.sync.run, sys; print([name for name in sys.modules if name.startswith(('django', 'celery'))])"
    )
    result = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def raises(error: Exception, *, at: int = 1):
    """A hook that raises at its call of that number."""

    def hook(number: int) -> None:
        if number == at:
            raise error

    return hook
