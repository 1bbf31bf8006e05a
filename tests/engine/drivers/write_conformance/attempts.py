"""Attempts that end early, meet or are killed leave a step exact."""

import itertools
import json
import random
import subprocess
import sys
import time

import pytest

from engine.contract import Mode, Standing
from engine.errors import ConfigError, FenceLost
from tests.engine.drivers import write_child
from tests.engine.drivers.destinations import Place, Refusals, at, lineage, named, pairs, run


class Remembering:
    def test_stands_where_the_last_run_ended(self, place: Place) -> None:
        run(place.writer(Mode.APPEND), named(1), named(2))
        writer = place.writer(Mode.APPEND, of=lineage(2, job="job-2"))
        assert writer.take_over() == Standing(at(2), done=True)
        writer.begin(at(0))
        again = place.writer(Mode.APPEND, of=lineage(3, job="job-2"))
        assert again.take_over() == Standing(at(0), done=False)

    def test_goes_on_exactly_behind_what_was_committed(self, place: Place) -> None:
        first = place.writer(Mode.APPEND)
        first.take_over()
        first.begin(at(0))
        first.write(named(1, 2), at(1), Refusals())
        first.write(named(3), None, Refusals())
        first.close()
        second = place.writer(Mode.APPEND, of=lineage(2))
        assert second.take_over() == Standing(at(1), done=False)
        second.write(named(3, 4), at(2), Refusals())
        second.finish(at(2))
        assert place.ids() == [1, 2, 3, 4]

    def test_a_position_is_kept_exactly(self, place: Place) -> None:
        position = {"key": [2**60, "ä'\\\"%s?\u2028", None, True, 1.5], "a": {"b": []}}
        writer = place.writer(Mode.APPEND)
        writer.take_over()
        writer.begin(position)
        assert place.writer(Mode.APPEND, of=lineage(2)).take_over() == Standing(position, done=False)

    def test_steps_and_streams_do_not_meet(self, place: Place) -> None:
        run(place.writer(Mode.APPEND), named(1))
        assert place.writer(Mode.APPEND, of=lineage(step="step-2")).take_over() == Standing(None, done=False)

    def test_a_raised_generation_forgets_the_position(self, place: Place) -> None:
        run(place.writer(Mode.APPEND), named(1))
        assert place.writer(Mode.APPEND, of=lineage(2, generation=1)).take_over() == Standing(None, done=False)
        assert place.writer(Mode.APPEND, of=lineage(3, generation=1)).take_over() == Standing(None, done=False)

    def test_a_table_that_had_to_be_made_again_has_no_position(self, place: Place) -> None:
        run(place.writer(Mode.APPEND), named(1))
        place.execute("DROP TABLE target")
        assert place.writer(Mode.APPEND, of=lineage(2)).take_over() == Standing(None, done=False)
        assert place.writer(Mode.APPEND, of=lineage(3)).take_over() == Standing(None, done=False)


class Fencing:
    def test_a_later_attempt_ends_an_earlier_one(self, place: Place) -> None:
        for mode in Mode:
            zombie = place.writer(mode, of=lineage(1, step=mode))
            zombie.take_over()
            zombie.begin(at(0))
            zombie.write(named(1), at(1), Refusals())
            heir = place.writer(mode, of=lineage(2, step=mode))
            heir.take_over()
            with pytest.raises(FenceLost):
                zombie.write(named(2), at(2), Refusals())
            with pytest.raises(FenceLost):
                zombie.finish(at(2))
            with pytest.raises(FenceLost):
                zombie.begin(at(0))
            heir.write(named(3), at(2), Refusals())
            heir.finish(at(2))
            assert place.ids() == [1, 3]
            place.execute("DROP TABLE target")

    def test_an_earlier_attempt_does_not_take_over(self, place: Place) -> None:
        writer = place.writer(Mode.APPEND, of=lineage(5))
        writer.take_over()
        writer.begin(at(0))
        for fence in (4, 5):
            with pytest.raises(FenceLost):
                place.writer(Mode.APPEND, of=lineage(fence)).take_over()
        writer.write(named(1), at(1), Refusals())
        assert place.ids() == [1]

    def test_a_page_of_an_attempt_that_stands_elsewhere_is_refused(self, place: Place) -> None:
        writer = place.writer(Mode.APPEND)
        writer.take_over()
        writer.begin(at(0))
        place.execute("UPDATE crossdock_state SET position = '{\"page\":7}'")
        with pytest.raises(FenceLost):
            writer.write(named(1), at(1), Refusals())
        assert place.ids() == []


class Failing:
    def test_a_table_that_is_dropped_meanwhile(self, place: Place) -> None:
        writer = place.writer(Mode.APPEND)
        writer.take_over()
        writer.begin(at(0))
        place.execute("DROP TABLE target")
        with pytest.raises(ConfigError) as caught:
            writer.write(named(1), at(1), Refusals())
        assert caught.value.code == "unknown_table"

    def test_a_column_that_is_dropped_meanwhile(self, place: Place) -> None:
        writer = place.writer(Mode.APPEND)
        writer.take_over()
        writer.begin(at(0))
        place.execute("ALTER TABLE target DROP COLUMN name")
        with pytest.raises(ConfigError) as caught:
            writer.write(named(1), at(1), Refusals())
        assert caught.value.code == "unknown_column"
        assert place.ids() == []


class Dying:
    @pytest.mark.parametrize("mode", [Mode.APPEND, Mode.REPLACE])
    def test_killed_again_and_again_it_ends_exact(self, place: Place, mode: Mode) -> None:
        chance = random.Random(mode)
        for fence in range(1, 5):
            assert self.attempt(place, mode, fence, words=chance.randint(1, 5), delay=chance.uniform(0, 0.01)) != "done"
        assert self.attempt(place, mode, 5, words=99, delay=0) == "done"
        rows = place.rows(f"SELECT id, name FROM target_{mode} ORDER BY id")
        assert rows == pairs(*range(write_child.PAGES * write_child.ROWS))
        assert place.tables() == {f"target_{mode}", "crossdock_state"}

    def attempt(self, place: Place, mode: Mode, fence: int, *, words: int, delay: float) -> str:
        """Kills an attempt a moment after it has said so many words; the last of them."""
        given = {
            "name": place.driver,
            "settings": place.settings,
            "secrets": place.secrets,
            "folder": str(next(iter(place.surroundings.folders), "")),
            "mode": mode,
            "fence": fence,
        }
        command = [sys.executable, "-m", "tests.engine.drivers.write_child", json.dumps(given)]
        said = ""
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            for line in itertools.islice(child.stdout, words):
                said = line.strip()
                child.stdin.write("go on\n")
                child.stdin.flush()
            time.sleep(delay)
            child.kill()
        return said
