"""What a destination must do besides when it is a server, with sessions that can be lost or ended."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from engine.contract import Mode, Standing, Target
from engine.errors import DriverBug, FenceLost, TransientError
from tests.engine.drivers.destinations import Refusals, at, lineage, named, pairs, run
from tests.engine.drivers.lossy_line import Line, line_to
from tests.engine.drivers.write_conformance import WriteConformance


class ServerConformance(WriteConformance):
    """What a destination must do besides when it is a server, with sessions that can be lost or ended."""

    @pytest.fixture
    def line(self, place: Any) -> Iterator[Line]:
        with line_to(place.settings["host"], place.settings["port"]) as line:
            yield line

    @pytest.fixture
    def writer(self, place: Any, line: Line) -> Any:
        """A writer over the line, with a page written."""
        writer = place.writer(Mode.APPEND, connect=lambda name: place.open(name, host="127.0.0.1", port=line.port))
        writer.take_over()
        writer.begin(at(0))
        writer.write(named(1), at(1), Refusals())
        yield writer
        writer.close()

    def test_a_commit_that_was_heard_counts_although_no_answer_came(self, place: Any, line: Line, writer: Any) -> None:
        line.cut_at(b"COMMIT", is_heard=True)
        assert writer.write(named(2, 3), at(2), Refusals()) == 2
        assert writer.write(named(4), at(3), Refusals()) == 1
        line.cut_at(b"COMMIT", is_heard=True)
        writer.finish(at(4))
        assert place.ids() == [1, 2, 3, 4]
        assert place.writer(Mode.APPEND, of=lineage(2)).take_over() == Standing(at(4), done=True)

    def test_a_commit_that_was_not_heard_does_not_count(self, place: Any, line: Line, writer: Any) -> None:
        line.cut_at(b"COMMIT", is_heard=False)
        with pytest.raises(TransientError) as caught:
            writer.write(named(2, 3), at(2), Refusals())
        assert caught.value.code == "connection_lost"
        assert place.ids() == [1]
        assert writer.write(named(2, 3), at(2), Refusals()) == 2
        assert place.ids() == [1, 2, 3]

    def test_rows_of_a_page_that_was_cut_off_are_not_there(self, place: Any, line: Line, writer: Any) -> None:
        line.cut_at(b"name 7", is_heard=True)
        with pytest.raises(TransientError) as caught:
            writer.write(named(6, 7, 8), at(2), Refusals())
        assert caught.value.code == "connection_lost"
        assert place.ids() == [1]

    def test_after_pages_without_a_position_were_lost_no_later_one_is_written(
        self, place: Any, line: Line, writer: Any
    ) -> None:
        writer.write(named(2), None, Refusals())
        line.cut_at(b"COMMIT", is_heard=False)
        with pytest.raises(TransientError):
            writer.write(named(3), at(2), Refusals())
        with pytest.raises(DriverBug):
            writer.write(named(4), at(3), Refusals())
        assert place.ids() == [1]

    def test_a_frozen_attempt_is_ended_with_all_that_it_holds(self, place: Any) -> None:
        for mode in Mode:
            frozen = place.writer(Target(place.table, mode, key=("id",)), of=lineage(1, step=mode))
            frozen.take_over()
            frozen.begin(at(0))
            frozen.write(named(1), at(1), Refusals())
            frozen.write(named(2), None, Refusals())  # its transaction stays open, with a lock on key 2
            heir = place.writer(Target(place.table, mode, key=("id",)), of=lineage(2, step=mode))
            assert heir.take_over() == Standing(at(1), done=False)
            heir.write(named(2, 3), at(2), Refusals())
            with pytest.raises(FenceLost):
                frozen.write(named(4), at(2), Refusals())
            heir.finish(at(2))
            assert place.ids() == [1, 2, 3]
            place.execute("DROP TABLE target")

    def test_an_interrupt_ends_the_statement_that_runs(self, place: Any) -> None:
        place.execute("CREATE TABLE target (id BIGINT PRIMARY KEY, name VARCHAR(100))")
        other = place.connect("other")
        with other.cursor() as cursor:
            cursor.execute("INSERT INTO target VALUES (1, 'mine')")
        writer = place.writer(Mode.UPSERT)
        writer.take_over()
        writer.begin(at(0))
        timer = threading.Timer(0.3, writer.interrupt)
        timer.start()
        with pytest.raises(TransientError) as caught:
            writer.write(named(1), at(1), Refusals())
        timer.join()
        assert caught.value.code == "timeout"
        other.rollback()
        assert writer.write(named(1), at(1), Refusals()) == 1
        assert place.rows("SELECT id, name FROM target") == pairs(1)

    def test_several_make_the_same_table_at_once(self, place: Any) -> None:
        for number in range(1, 6):
            table = replace(place.table, name=f"target_{number}")
            steps = [lineage(number, step=f"step-{place}") for place in range(6)]
            writers = [place.writer(Target(table, Mode.UPSERT), of=of) for of in steps]
            with ThreadPoolExecutor(len(writers)) as pool:
                list(pool.map(lambda writer: writer.take_over(), writers))
            for count, writer in enumerate(writers):
                writer.begin(at(0))
                assert writer.write(named(count), at(1), Refusals()) == 1
                writer.close()
            found = place.rows(f"SELECT id, name FROM target_{number}")
            assert sorted(found) == pairs(*range(len(writers)))

    def test_a_swap_waits_for_a_reader(self, place: Any) -> None:
        run(place.writer(Mode.REPLACE), named(1))
        reader = place.connect("reader")
        with reader.cursor() as cursor:
            cursor.execute("SELECT id FROM target")
            assert [number for (number,) in cursor.fetchall()] == [1]
        timer = threading.Timer(0.5, reader.commit)
        timer.start()
        run(place.writer(Mode.REPLACE, of=lineage(2)), named(2))
        timer.join()
        assert place.ids() == [2]
