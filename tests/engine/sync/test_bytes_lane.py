import pytest

from engine.contract import Mode
from engine.errors import Stopped
from engine.sync import ranges
from engine.sync.chain import Chain
from engine.sync.run import run
from tests.engine.sync.chains import chain, generator, rows, step
from tests.engine.sync.memory import MemorySource, MemoryTarget
from tests.engine.sync.recorder import Recorder
from tests.engine.sync.test_resume import killed, killing


def source_of(*numbers: int, **values) -> MemorySource:
    return MemorySource(rows(*numbers), speaks_bytes=True, **values)


def target_of_bytes() -> MemoryTarget:
    return MemoryTarget(takes_bytes=True)


def test_moves_ranges_as_they_are():
    source, target, control = source_of(1, 2, 3), target_of_bytes(), Recorder()
    figures = run(chain(source, target), control)
    assert target.rows == rows(1, 2, 3)
    assert [call for call in target.calls if "write" in call] == ["step: write_bytes"] * 2
    assert (figures.of("step").lane, figures.of("step").records) == ("bytes", 3)
    assert figures.bytes_moved == target.position()["bytes"] > 0
    assert control.notes.lines == ["Export generator → Import step: bytes lane"]


@pytest.mark.parametrize(
    ("reason", "generator_values", "step_values"),
    [
        ("a filter", {"filter": ["extract", "id"]}, {}),
        ("a filter", {}, {"filter": ["extract", "id"]}),
        ("a limit", {"limit": 5}, {}),
        (
            "bytes: the mapping changes values; arrow: the source gives no columns",
            {},
            {"mapping": [{"generate": "id", "extract": "$.id", "cast": "string"}]},
        ),
    ],
)
def test_goes_by_rows_where_something_is_to_be_done_on_the_way(reason, generator_values, step_values):
    target, control = target_of_bytes(), Recorder()
    run(Chain((generator(source_of(1), **generator_values),), (step(target, **step_values),)), control)
    assert control.notes.lines == [f"Export generator → Import step: rows lane ({reason})"]
    assert len(target.rows) == 1


def test_goes_by_rows_to_several_imports():
    left, right, control = target_of_bytes(), target_of_bytes(), Recorder()
    run(Chain((generator(source_of(1)),), (step(left, "left"), step(right, "right"))), control)
    assert control.notes.lines[0] == "Export generator → Import left: rows lane (several imports)"
    assert left.rows == right.rows == rows(1)


def test_goes_on_behind_the_last_range():
    source, target = source_of(1, 2, 3, 4, 5), target_of_bytes()
    target.on_commit = killing(at=3)  # begin, range 1, range 2
    killed(chain(source, target), Recorder())
    assert target.rows == rows(1, 2)
    figures = run(chain(source, target), Recorder(fence=2))
    assert target.rows == rows(1, 2, 3, 4, 5)
    assert source.requests[-1].after == [2]
    assert figures.bytes_moved == target.position()["bytes"]


def test_what_has_no_key_is_one_range_and_not_read_again():
    source, target, control = source_of(1, 2, key=()), target_of_bytes(), Recorder()
    target.on_finish = killing(at=1)
    killed(chain(source, target), control)
    assert target.position()["end"] is True
    run(chain(source, target), Recorder(fence=2))
    assert target.rows == rows(1, 2)
    assert len(source.requests) == 1


def test_a_wish_to_hand_back_waits_for_the_end_of_the_range():
    source, target, control = source_of(1, 2, 3, 4), target_of_bytes(), Recorder()
    source.on_chunk = lambda number: control.ask_to_stop("drain")
    with pytest.raises(Stopped):
        run(chain(source, target), control)
    assert target.rows == rows(1, 2)


def test_a_cancelled_range_is_taken_back():
    source, target, control = source_of(1, 2, 3, 4), target_of_bytes(), Recorder()
    control.at_checkpoint = lambda figures: setattr(source, "on_chunk", lambda number: control.ask_to_stop("cancel"))
    with pytest.raises(Stopped):
        run(chain(source, target), control)
    assert target.rows == rows(1, 2)
    assert target.writers[0].uncommitted == []


def test_shows_life_inside_a_range(monkeypatch):
    monkeypatch.setattr(ranges, "PULSE_SECONDS", -1)
    source, target, control = source_of(1, 2, 3), target_of_bytes(), Recorder()
    figures = run(chain(source, target, page_rows=3), control)
    assert control.pulses == sorted(control.pulses)
    assert control.pulses[-1] == figures.bytes_moved
    assert len(control.pulses) == 3


def test_renamed_columns_are_picked_in_their_order():
    source, target = source_of(1, 2), target_of_bytes()
    mapping = [{"generate": "title", "extract": "$.name"}, {"generate": "number", "extract": "$.id"}]
    run(Chain((generator(source),), (step(target, mapping=mapping, mode=Mode.REPLACE),)), Recorder())
    assert source.requests[0].columns == ("name", "id")
