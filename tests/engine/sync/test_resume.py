"""Kills, hand-backs and take-overs: whatever happens between two pages, every row arrives, and as often as promised."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract import Mode
from engine.errors import FenceLost, Stopped, TransientError
from engine.sync.chain import Chain
from engine.sync.run import run
from tests.engine.sync.chains import chain, generator, row, rows, step
from tests.engine.sync.memory import MemorySource, MemoryTarget
from tests.engine.sync.recorder import Notes, Recorder


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


def killing(*, at: int):
    calls = []

    def hook(*_: object) -> None:
        calls.append(1)
        if len(calls) == at:
            raise Killed

    return hook


def killed(a_chain: Chain, control: Recorder) -> None:
    with pytest.raises(Killed):
        run(a_chain, control)


def test_goes_on_behind_the_last_committed_page():
    source, target, notes = MemorySource(rows(1, 2, 3, 4, 5)), MemoryTarget(), Notes()
    target.on_write = killing(at=3)
    killed(chain(source, target), Recorder(notes))
    assert target.rows == rows(1, 2, 3, 4)
    figures = run(chain(source, target), Recorder(notes, fence=2))
    assert target.rows == rows(1, 2, 3, 4, 5)
    assert source.requests[-1].after == [4]
    assert (figures.of("step").records, figures.of("step").pages, figures.snapshots) == (5, 3, 2)
    assert "Goes on behind its last checkpoint, under a new snapshot of the source." in notes.lines


def test_does_only_the_last_act_when_only_that_is_left():
    source, target = MemorySource(rows(1, 2)), MemoryTarget()
    target.on_finish = killing(at=1)
    killed(chain(source, target), Recorder())
    run(chain(source, target), Recorder(fence=2))
    assert target.rows == rows(1, 2)
    assert target.memory().done is True


def test_does_nothing_again_when_everything_was_done():
    source, target = MemorySource(rows(1, 2)), MemoryTarget()
    run(chain(source, target), Recorder())
    figures = run(chain(source, target), Recorder(fence=2))
    assert target.rows == rows(1, 2)
    assert target.calls[-2:] == ["step: take_over", "step: close"]
    assert figures.of("step").records == 2


def test_a_finished_stream_without_a_key_is_not_begun_again():
    source, target = MemorySource(rows(1, 2, 3), key=()), MemoryTarget()
    run(chain(source, target), Recorder())
    figures = run(chain(source, target), Recorder(fence=2))
    assert target.rows == rows(1, 2, 3)
    assert target.calls.count("step: begin") == 1
    assert figures.of("step").records == 3


def test_a_stream_without_a_key_begins_again():
    source, target = MemorySource(rows(1, 2, 3), key=()), MemoryTarget()
    target.on_write = killing(at=2)
    killed(chain(source, target), Recorder())
    assert target.rows == []
    figures = run(chain(source, target), Recorder(fence=2))
    assert target.rows == rows(1, 2, 3)
    assert figures.of("step").records == 3


@pytest.mark.parametrize("key", [("id",), ()])
def test_replace_goes_on_within_its_job_and_begins_anew_in_the_next(key):
    source, target = MemorySource(rows(1, 2, 3), key=key), MemoryTarget(rows(9))
    target.on_write = killing(at=2)
    killed(chain(source, target, mode=Mode.REPLACE), Recorder(job="first"))
    source.rows = rows(4, 5, 6)
    run(chain(source, target, mode=Mode.REPLACE), Recorder(job="second", fence=2))
    assert target.rows == rows(4, 5, 6)


def test_an_unfinished_run_is_finished_by_the_next_job():
    source, target, notes = MemorySource(rows(1, 2, 3, 4, 5)), MemoryTarget(), Notes()
    target.on_write = killing(at=2)
    killed(chain(source, target), Recorder(notes, job="first"))
    figures = run(chain(source, target), Recorder(notes, job="second", fence=2))
    assert target.rows == rows(1, 2, 3, 4, 5)
    assert (figures.of("step").records, figures.of("step").pages) == (3, 2)
    assert "Goes on from where an earlier run of this step stopped." in notes.lines


def test_a_position_in_another_stream_is_none():
    source, target = MemorySource(rows(1, 2, 3, 4)), MemoryTarget()
    target.on_write = killing(at=2)
    killed(chain(source, target), Recorder(job="first"))
    source.key = ("name",)
    run(chain(source, target), Recorder(job="second", fence=2))
    assert target.rows == rows(1, 2, 1, 2, 3, 4)


def test_a_raised_generation_reads_everything_anew():
    source, target = MemorySource(rows(1, 2)), MemoryTarget()
    run(chain(source, target, cursor="changed"), Recorder(job="first"))
    again = Chain((generator(source, cursor="changed"),), (step(target, generation=1),))
    run(again, Recorder(job="second", fence=2))
    assert target.rows == rows(1, 2, 1, 2)


def test_a_kill_between_two_steps_costs_neither_a_row():
    source, left, right = MemorySource(rows(1, 2, 3, 4, 5, 6)), MemoryTarget(), MemoryTarget()
    both = Chain((generator(source),), (step(left, "left"), step(right, "right")))
    right.on_write = killing(at=2)
    killed(both, Recorder())
    assert (len(left.rows), len(right.rows)) == (4, 2)
    source.rows[2:3] = [row(2.5), row(3)]  # what the pages hold has changed in between
    figures = run(both, Recorder(fence=2))
    assert left.rows == rows(1, 2, 3, 4, 5, 6)
    assert right.rows == rows(1, 2, 2.5, 3, 4, 5, 6)
    assert (figures.of("left").records, figures.of("right").records) == (6, 7)


def test_a_finished_step_is_left_alone_while_another_is_finished():
    source, left, right = MemorySource(rows(1, 2)), MemoryTarget(), MemoryTarget()
    both = Chain((generator(source),), (step(left, "left", mode=Mode.REPLACE), step(right, "right", mode=Mode.REPLACE)))
    right.on_finish = killing(at=1)
    killed(both, Recorder())
    source.rows = rows(1, 2, 3)
    run(both, Recorder(fence=2))
    assert left.rows == rows(1, 2)
    assert right.rows == rows(1, 2, 3)


def test_a_step_that_comes_later_gets_everything_and_the_others_only_what_is_new():
    source, old, new = MemorySource(rows(1, 2, 3)), MemoryTarget(), MemoryTarget()
    exports = (generator(source, cursor="changed"),)
    run(Chain(exports, (step(old, "old"),)), Recorder(job="first"))
    source.rows += rows(4)
    run(Chain(exports, (step(old, "old"), step(new, "new"))), Recorder(job="second", fence=2))
    assert old.rows == rows(1, 2, 3, 4)
    assert new.rows == rows(1, 2, 3, 4)


def test_a_limit_holds_over_attempts():
    source, target = MemorySource(rows(*range(1, 20))), MemoryTarget()
    target.on_write = killing(at=2)
    killed(chain(source, target, limit=5), Recorder())
    run(chain(source, target, limit=5), Recorder(fence=2))
    assert target.rows == rows(1, 2, 3, 4, 5)
    run(chain(source, target, limit=5), Recorder(fence=3))
    assert target.rows == rows(1, 2, 3, 4, 5)


def test_refused_records_are_counted_once_however_often_their_page_is_read():
    source, target, notes = MemorySource(rows(1, 2, 3, 4)), MemoryTarget(), Notes()
    target.refuses = lambda one: "no" if one["id"] in {2, 3} else ""
    target.on_commit = killing(at=3)  # begin, page 1, page 2
    killed(chain(source, target), Recorder(notes))
    assert len(notes.refusals) == 2
    figures = run(chain(source, target), Recorder(notes, fence=2))
    assert target.rows == rows(1, 4)
    assert (figures.of("step").records, figures.of("step").failed) == (2, 2)
    assert [place[2:] for place in notes.refusals] == [(1, 1), (2, 0)]


@pytest.mark.parametrize(("key", "hook", "at"), [(("id",), "on_commit", 3), ((), "on_finish", 1)])
def test_a_refusal_of_a_page_that_was_never_committed_is_forgotten(key, hook, at):
    source, target, notes = MemorySource(rows(1, 2, 3, 4), key=key), MemoryTarget(), Notes()
    target.refuses = lambda one: "no" if one["id"] == 3 else ""
    setattr(target, hook, killing(at=at))
    killed(chain(source, target), Recorder(notes))
    assert len(notes.refusals) == 1
    source.rows[2]["id"] = 3.5  # mended at the source before the next attempt
    figures = run(chain(source, target), Recorder(notes, fence=2))
    assert notes.refusals == {}
    assert [one["id"] for one in target.rows] == [1, 2, 3.5, 4]
    assert (figures.of("step").records, figures.of("step").failed) == (4, 0)


def test_two_generators_refuse_the_same_place_of_a_step():
    sources, target, notes = [MemorySource(rows(1)), MemorySource(rows(2))], MemoryTarget(), Notes()
    target.refuses = lambda one: "no"
    generators = tuple(generator(source, uid) for source, uid in zip(sources, ("a", "b"), strict=True))
    figures = run(Chain(generators, (step(target),)), Recorder(notes))
    assert figures.of("step").failed == 2


def test_without_a_memory_at_the_destination_our_own_copy_says_where_to_go_on():
    source, target, notes = MemorySource(rows(1, 2, 3, 4)), MemoryTarget(remembers=False), Notes()
    target.on_write = killing(at=2)
    killed(chain(source, target), Recorder(notes))
    run(chain(source, target), Recorder(notes, fence=2))
    assert target.rows == rows(1, 2, 3, 4)
    run(chain(source, target), Recorder(notes, fence=3))
    assert target.rows == rows(1, 2, 3, 4)


def test_without_any_position_our_own_copy_does_not_claim_one():
    source, target, notes = MemorySource(rows(1, 2, 3, 4), key=()), MemoryTarget(remembers=False), Notes()
    run(chain(source, target, cursor="changed"), Recorder(notes, job="first"))
    source.rows += rows(5, 6, 7)
    target.on_write = killing(at=2)
    killed(chain(source, target, cursor="changed"), Recorder(notes, job="second", fence=2))
    target.on_write = lambda number: None
    run(chain(source, target, cursor="changed"), Recorder(notes, job="third", fence=3))
    assert target.rows == rows(1, 2, 3, 4, 5, 6, 7)


def test_a_zombie_writes_nothing_more():
    source, target = MemorySource(rows(1, 2, 3, 4, 5, 6)), MemoryTarget()

    def take_over(number: int) -> None:
        if number == 2:
            target.on_write = lambda number: None
            run(chain(source, target), Recorder(fence=2))

    target.on_write = take_over
    with pytest.raises(FenceLost):
        run(chain(source, target), Recorder(fence=1))
    assert target.rows == rows(1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize("reason", ["cancel", "drain"])
def test_stops_between_two_pages(reason):
    source, target, control = MemorySource(rows(1, 2, 3, 4, 5)), MemoryTarget(), Recorder()
    control.at_checkpoint = lambda figures: control.ask_to_stop(reason)
    with pytest.raises(Stopped) as caught:
        run(chain(source, target), control)
    assert caught.value.reason == reason
    assert target.rows == rows(1, 2)
    run(chain(source, target), Recorder(fence=2))
    assert target.rows == rows(1, 2, 3, 4, 5)


def test_does_not_hand_back_where_nothing_could_be_continued():
    source, target, control = MemorySource(rows(1, 2, 3), key=()), MemoryTarget(), Recorder()
    source.on_page = lambda number: control.ask_to_stop("drain")
    run(chain(source, target), control)
    assert target.rows == rows(1, 2, 3)


def test_a_cancelled_stream_without_a_key_leaves_nothing():
    source, target, control = MemorySource(rows(1, 2, 3), key=()), MemoryTarget(), Recorder()
    source.on_page = lambda number: control.ask_to_stop("cancel") if number == 2 else None
    with pytest.raises(Stopped):
        run(chain(source, target), control)
    assert target.rows == []


def test_does_not_finish_what_was_cancelled():
    source, target, control = MemorySource(rows(1, 2)), MemoryTarget(rows(9)), Recorder()
    control.at_checkpoint = lambda figures: control.ask_to_stop("cancel")
    with pytest.raises(Stopped):
        run(chain(source, target, mode=Mode.REPLACE), control)
    assert target.rows == rows(9)
    assert "step: finish" not in target.calls


def test_a_cancelled_statement_is_interrupted_and_its_failure_is_no_error():
    source, target, control = MemorySource(rows(1, 2)), MemoryTarget(), Recorder()

    def interrupted(number: int) -> None:
        control.ask_to_stop("cancel")
        raise TransientError("canceling statement due to user request", code="timeout")

    target.on_write = interrupted
    with pytest.raises(Stopped) as caught:
        run(chain(source, target), control)
    assert caught.value.reason == "cancel"
    assert target.writers[0].interruptions == 1
    assert control.interrupts == []


def test_a_wish_to_hand_back_interrupts_nothing():
    source, target, control = MemorySource(rows(1, 2, 3)), MemoryTarget(), Recorder()
    target.on_write = lambda number: control.ask_to_stop("drain")
    with pytest.raises(Stopped):
        run(chain(source, target), control)
    assert target.writers[0].interruptions == 0
    assert target.rows == rows(1, 2)


@settings(max_examples=300, deadline=None)
@given(
    mode=st.sampled_from(Mode),
    keys=st.sampled_from([("id",), ()]),
    kills=st.lists(st.tuples(st.sampled_from(["on_write", "on_commit", "on_finish"]), st.integers(1, 6)), max_size=6),
    count=st.integers(0, 9),
    is_other_job=st.booleans(),
)
def test_however_often_it_is_killed_the_copy_is_exact(mode, keys, kills, count, is_other_job):
    source, left, right = MemorySource(rows(*range(count)), key=keys), MemoryTarget(), MemoryTarget()
    both = Chain((generator(source),), (step(left, "left", mode=mode), step(right, "right", mode=mode)))
    for fence, (hook, at) in enumerate(kills, 1):
        target = left if fence % 2 else right
        setattr(target, hook, killing(at=at))
        try:
            run(both, Recorder(fence=fence))
        except Killed:
            pass
        else:
            break
        finally:
            setattr(target, hook, lambda *_: None)
    is_done = left.memory("left").done and right.memory("right").done
    job = "another" if is_other_job and not is_done and mode == Mode.UPSERT else "job"
    run(both, Recorder(job=job, fence=99))
    assert [sorted(one["id"] for one in target.rows) for target in (left, right)] == [list(range(count))] * 2
