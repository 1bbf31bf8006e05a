from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.contract import Lineage
from engine.drivers.sql.sqlite import ddl
from engine.drivers.sql.sqlite.write_session import SqliteSession
from engine.drivers.sql.state import TABLE, NoState, Remembered, StateTable, canonical
from engine.errors import FenceLost
from tests.engine.drivers.destinations import SqlitePlace, lineage, sqlite_place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[SqlitePlace]:
    with sqlite_place(tmp_path) as place:
        yield place


@pytest.fixture
def session(place: SqlitePlace) -> SqliteSession:
    session = SqliteSession(place.connect, "test")
    session.begin()
    StateTable(session, ddl.quoted(TABLE), ddl.STATE, lineage()).ensure()
    return session


def state(session: SqliteSession, of: Lineage) -> StateTable:
    return StateTable(session, ddl.quoted(TABLE), ddl.STATE, of)


def test_a_position_has_one_spelling() -> None:
    assert canonical({"b": 1, "a": {"d": None, "c": "ä"}}) == canonical({"a": {"c": "ä", "d": None}, "b": 1})


def test_the_first_attempt_finds_nothing(session: SqliteSession) -> None:
    assert state(session, lineage(7)).take() == Remembered()


def test_the_next_attempt_finds_what_was_left(session: SqliteSession) -> None:
    first = state(session, lineage(1))
    first.take()
    first.begin("a")
    first.remember_made("17")
    first.advance("a", "b", is_swapping=True)
    assert state(session, lineage(2)).take() == Remembered(1, "b", is_done=False, made="17", is_swapping=True)
    assert state(session, lineage(3)).take() == Remembered(2, "b", is_done=False, made="17", is_swapping=True)


def test_a_raised_generation_keeps_only_what_was_made(session: SqliteSession) -> None:
    first = state(session, lineage(1))
    first.take()
    first.begin("a")
    first.remember_made("17")
    assert state(session, lineage(2, generation=1)).take() == Remembered(made="17")


def test_a_generation_from_before_a_restored_backup_changes_nothing(session: SqliteSession) -> None:
    first = state(session, lineage(1, generation=5))
    first.take()
    first.begin("a")
    assert state(session, lineage(2, generation=4)).take().position == "a"
    assert state(session, lineage(3, generation=5)).take().position == "a"


def test_every_change_needs_the_fence(session: SqliteSession) -> None:
    early, late = state(session, lineage(1)), state(session, lineage(2))
    early.take()
    early.begin("a")
    late.take()
    for change in (
        early.hold,
        early.forget,
        lambda: early.begin("b"),
        lambda: early.advance("a", "b"),
        lambda: early.remember_made("17"),
        early.take,
    ):
        with pytest.raises(FenceLost):
            change()
    assert late.read() == Remembered(2, "a")
    late.hold()


def test_a_step_moves_only_from_where_it_stands(session: SqliteSession) -> None:
    steps = state(session, lineage(1))
    steps.take()
    with pytest.raises(FenceLost):
        steps.advance("a", "b")
    steps.advance(None, "b")
    steps.advance("b", "c", is_done=True)
    assert steps.read() == Remembered(1, "c", is_done=True)
    steps.forget()
    assert steps.read() == Remembered(1)


def test_it_says_which_job_wrote_last(session: SqliteSession, place: SqlitePlace) -> None:
    steps = state(session, lineage(1, job="job-7"))
    steps.take()
    steps.begin("a")
    session.commit()
    assert place.rows("SELECT step_uid, stream, job_uid, fence, position FROM crossdock_state") == [
        ("step-1", "orders", "job-7", 1, "a")
    ]


def test_where_nothing_may_be_remembered_nothing_is() -> None:
    none = NoState()
    none.ensure()
    none.hold()
    none.begin("a")
    none.advance("x", "b")
    none.remember_made("17")
    none.forget()
    assert (none.take(), none.read()) == (Remembered(), None)
