"""What every SQL destination must do. A dialect's tests inherit it and give a `place`."""

import itertools
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from engine.contract import Delivery, Mode, Request, Standing, Target
from engine.errors import ConfigError, DriverBug, FenceLost, TransientError
from engine.schema import Column, Kind, RawJson, Type
from tests.engine.drivers import write_child
from tests.engine.drivers.destinations import ID, ID_NAME, Place, Refusals, at, lineage, named, pairs, run
from tests.engine.drivers.lossy_line import Line, line_to

TEXT = Type(Kind.TEXT)


class MakingTables:
    def test_makes_a_missing_table_with_its_key_and_required_columns(self, place: Place) -> None:
        columns = (ID, Column("name", TEXT, nullable=False), Column("note", TEXT))
        run(place.writer(Mode.UPSERT, columns), [{"id": 1, "name": "a", "note": None}])
        made = place.describe(place.table)
        assert [(column.name, column.nullable) for column in made.columns] == [
            ("id", False),
            ("name", False),
            ("note", True),
        ]
        assert made.key == ("id",)

    def test_appended_rows_get_a_key_only_when_it_was_asked_for(self, place: Place) -> None:
        run(place.writer(Mode.APPEND), named(1), named(1))
        assert place.ids() == [1, 1]
        place.execute("DROP TABLE target")
        run(place.writer(Target(place.table, Mode.APPEND, key=("id",)), of=lineage(2)), named(1), named(1))
        assert place.ids() == [1]

    def test_a_key_column_that_is_not_written_is_refused(self, place: Place) -> None:
        with pytest.raises(ConfigError) as caught:
            place.writer(Target(place.table, Mode.UPSERT, key=("number",)))
        assert caught.value.code == "unknown_column"

    def test_odd_names_are_kept_to_the_letter(self, place: Place) -> None:
        names = ["Order", 'a"b', "select", "a`b", "%s", "ÄÖ €", "two words", "{x}", "a.b", "?", "\\"]
        columns = [ID, *(Column(name, TEXT) for name in names)]
        row = {"id": 1, **{name: f"value of {name}" for name in names}}
        for number, mode in enumerate((Mode.APPEND, Mode.UPSERT, Mode.REPLACE, Mode.REPLACE), 1):
            table = type(place.table)('a"; DROP TABLE "x"; -- %s `', place.table.schema)
            of = lineage(number, step=mode)
            run(place.writer(Target(table, mode, key=("id",)), columns, of=of), [{**row, "id": number}])
        stream = place.describe(table)
        assert [column.name for column in stream.columns] == ["id", *names]
        quote = "`" if place.writer_class.__name__ == "MysqlWriter" else '"'
        quoted = quote + table.name.replace(quote, quote * 2) + quote
        assert place.rows(f"SELECT * FROM {quoted}") == [(4, *(row[name] for name in names))]

    def test_a_name_that_is_too_long_is_refused(self, place: Place) -> None:
        with pytest.raises(ConfigError) as caught:
            run(place.writer(Mode.APPEND, (ID, Column("n" * 1001, TEXT))), [])
        assert caught.value.code == "name_too_long"
        assert "target" not in place.tables()


class Matching:
    def test_writes_the_columns_that_are_given_and_leaves_the_others_to_the_table(self, place: Place) -> None:
        place.execute("CREATE TABLE target (state VARCHAR(9) DEFAULT 'new', name VARCHAR(100), id BIGINT)")
        run(place.writer(Mode.APPEND), named(1))
        assert place.rows("SELECT id, name, state FROM target") == [(1, "name 1", "new")]

    def test_a_column_that_the_table_lacks_is_refused(self, place: Place) -> None:
        place.execute('CREATE TABLE target (id BIGINT, "NAME" VARCHAR(10))'.replace('"', place_quote(place)))
        with pytest.raises(ConfigError, match="'name'") as caught:
            place.writer(Mode.APPEND).take_over()
        assert caught.value.code == "unknown_column"
        assert place.tables() == {"target"}

    def test_a_required_column_that_is_not_written_is_refused(self, place: Place) -> None:
        place.execute("CREATE TABLE target (id BIGINT, name VARCHAR(100), state VARCHAR(9) NOT NULL)")
        with pytest.raises(ConfigError, match="'state'") as caught:
            place.writer(Mode.APPEND).take_over()
        assert caught.value.code == "column_not_fed"

    def test_a_generated_column_is_left_to_the_table(self, place: Place) -> None:
        place.execute("CREATE TABLE target (id BIGINT, name VARCHAR(9) GENERATED ALWAYS AS ('made') STORED)")
        writer = place.writer(Mode.APPEND)
        run(writer, named(1))
        assert [column.name for column in writer.columns] == ["id"]
        assert place.rows("SELECT id, name FROM target") == [(1, "made")]

    def test_a_view_is_refused(self, place: Place) -> None:
        place.execute("CREATE TABLE base (id BIGINT, name VARCHAR(100))", "CREATE VIEW target AS SELECT * FROM base")
        with pytest.raises(ConfigError) as caught:
            place.writer(Mode.APPEND).take_over()
        assert caught.value.code == "not_a_table"


class Appending:
    def test_appends_and_says_that_it_is_exact(self, place: Place) -> None:
        writer = place.writer(Mode.APPEND)
        assert writer.take_over() == Standing(None, done=False)
        assert writer.delivery is Delivery.EXACTLY_ONCE
        writer.begin(at(0))
        assert writer.write(named(1, 2), at(1), Refusals()) == 2
        assert writer.write([], at(2), Refusals()) == 0
        assert writer.write(named(3), at(3), Refusals()) == 1
        writer.finish({"page": 3, "end": True})
        assert place.rows("SELECT id, name FROM target ORDER BY id") == pairs(1, 2, 3)

    def test_a_field_that_a_record_lacks_is_null(self, place: Place) -> None:
        run(place.writer(Mode.APPEND), [{"id": 1}, {"id": 2, "name": "b"}])
        assert place.rows("SELECT id, name FROM target ORDER BY id") == [(1, None), (2, "b")]

    def test_text_arrives_as_it_is(self, place: Place) -> None:
        texts = ["", " ", "\\", "\\N", "\\.", "a\tb", "a\nb\r\nc", "'", '"', "%s", "%%", "ä€😀", "NULL", "\x01\x7f"]
        run(place.writer(Mode.APPEND), [{"id": number, "name": text} for number, text in enumerate(texts)])
        assert [text for (text,) in place.rows("SELECT name FROM target ORDER BY id")] == texts

    def test_any_text_arrives(self, place: Place) -> None:
        chance = random.Random(1)
        letters = "\\\t\n\r\b\f\v\x01\x1b\x7f\x85\u2028\ufeff\uffff'\"`,;{}%?_NULLäßñ日😀 ."
        texts = ["".join(chance.choices(letters, k=chance.randint(0, 20))) for _ in range(2000)]
        run(place.writer(Mode.APPEND), [{"id": number, "name": text} for number, text in enumerate(texts)])
        assert [text for (text,) in place.rows("SELECT name FROM target ORDER BY id")] == texts

    def test_pages_without_a_position_are_committed_with_the_next_that_has_one(self, place: Place) -> None:
        writer = place.writer(Mode.APPEND)
        writer.take_over()
        writer.begin(at(0))
        writer.write(named(1), None, Refusals())
        writer.write(named(2), None, Refusals())
        assert place.ids() == []
        writer.write(named(3), at(1), Refusals())
        assert place.ids() == [1, 2, 3]
        writer.write(named(4), None, Refusals())
        assert place.ids() == [1, 2, 3]
        writer.finish(at(2))
        assert place.ids() == [1, 2, 3, 4]


class Updating:
    def test_updates_rows_of_the_same_key_and_the_last_of_a_page_wins(self, place: Place) -> None:
        writer = place.writer(Mode.UPSERT)
        run(writer, named(1, 2), [*named(2, 3), *named(3, 3, suffix=" again"), *named(2, suffix=" last")])
        assert place.rows("SELECT id, name FROM target ORDER BY id") == [
            (1, "name 1"),
            (2, "name 2 last"),
            (3, "name 3 again"),
        ]

    def test_columns_that_are_not_written_stay(self, place: Place) -> None:
        place.execute(
            "CREATE TABLE target (id BIGINT PRIMARY KEY, name VARCHAR(100), state VARCHAR(9))",
            "INSERT INTO target VALUES (1, 'old', 'paid')",
        )
        run(place.writer(Mode.UPSERT), named(1))
        assert place.rows("SELECT * FROM target") == [(1, "name 1", "paid")]

    def test_a_key_of_two_columns_in_an_index_of_another_order(self, place: Place) -> None:
        place.execute("CREATE TABLE target (id BIGINT NOT NULL, name VARCHAR(100) NOT NULL, UNIQUE (name, id))")
        run(place.writer(Mode.UPSERT, key=("id", "name")), named(1, 2), named(2, 3))
        assert place.ids() == [1, 2, 3]

    def test_without_a_key_it_is_refused(self, place: Place) -> None:
        with pytest.raises(ConfigError) as caught:
            place.writer(Mode.UPSERT, key=())
        assert caught.value.code == "no_key"

    def test_without_a_unique_index_it_is_refused_and_told_how_to_make_one(self, place: Place) -> None:
        place.execute("CREATE TABLE target (id BIGINT NOT NULL, name VARCHAR(100) NOT NULL, UNIQUE (id, name))")
        with pytest.raises(ConfigError) as caught:
            place.writer(Mode.UPSERT).take_over()
        assert caught.value.code == "no_unique_key"
        place.execute(caught.value.message.partition("makes one: ")[2])
        run(place.writer(Mode.UPSERT), named(1))
        assert place.ids() == [1]

    def test_a_row_that_is_another_one_by_another_index_is_rejected(self, place: Place) -> None:
        place.execute("CREATE TABLE target (id BIGINT PRIMARY KEY, name VARCHAR(100) UNIQUE)")
        refusals = Refusals()
        run(place.writer(Mode.UPSERT), named(1, 2), [{"id": 3, "name": "name 1"}, *named(4)], refusals=refusals)
        assert refusals.codes == {0: "duplicate_key"}
        assert place.rows("SELECT id, name FROM target ORDER BY id") == pairs(1, 2, 4)


class Replacing:
    def test_readers_see_the_old_rows_until_it_is_finished(self, place: Place) -> None:
        run(place.writer(Mode.REPLACE), named(1, 2))
        writer = place.writer(Mode.REPLACE, of=lineage(2, job="job-2"))
        assert writer.take_over() == Standing(at(1), done=True)
        writer.begin(at(0))
        writer.write(named(3), at(1), Refusals())
        assert place.ids() == [1, 2]
        writer.finish(at(1))
        assert place.ids() == [3]
        assert place.describe(place.table).key == ("id",)
        assert place.tables() == {"target", "crossdock_state"}

    def test_a_table_of_others_keeps_all_but_its_rows(self, place: Place) -> None:
        place.execute(
            "CREATE TABLE target (extra VARCHAR(9) DEFAULT 'new', name VARCHAR(100), id BIGINT PRIMARY KEY)",
            "CREATE INDEX by_name ON target (name)",
            "CREATE VIEW seen AS SELECT id, extra FROM target",
            "INSERT INTO target VALUES ('old', 'name 1', 1)",
        )
        for number in (1, 2):
            run(place.writer(Mode.REPLACE, of=lineage(number)), named(2, 3))
            assert place.rows("SELECT * FROM seen ORDER BY id") == [(2, "new"), (3, "new")]
        assert place.tables() - {"seen"} == {"target", "crossdock_state"}

    def test_no_row_replaces_nothing(self, place: Place) -> None:
        run(place.writer(Mode.REPLACE), named(1, 2))
        with pytest.raises(ConfigError) as caught:
            run(place.writer(Mode.REPLACE, of=lineage(2)))
        assert caught.value.code == "empty_source"
        assert place.ids() == [1, 2]

    def test_no_row_replaces_all_when_that_is_allowed(self, place: Place) -> None:
        run(place.writer(Mode.REPLACE), named(1, 2))
        run(place.writer(Target(place.table, Mode.REPLACE, allow_empty=True), of=lineage(2)))
        assert place.ids() == []

    def test_a_table_that_others_refer_to_is_refused(self, place: Place) -> None:
        place.execute(
            "CREATE TABLE target (id BIGINT PRIMARY KEY, name VARCHAR(100))",
            "CREATE TABLE child (id BIGINT, of BIGINT, FOREIGN KEY (of) REFERENCES target (id) ON DELETE CASCADE)",
            "INSERT INTO target VALUES (1, 'a')",
            "INSERT INTO child VALUES (1, 1)",
        )
        with pytest.raises(ConfigError, match="child") as caught:
            place.writer(Mode.REPLACE).take_over()
        assert caught.value.code == "table_is_referenced"
        assert place.rows("SELECT * FROM child") == [(1, 1)]

    def test_a_dead_job_leaves_no_stage_behind_the_next(self, place: Place) -> None:
        dead = place.writer(Mode.REPLACE)
        dead.take_over()
        dead.begin(at(0))
        dead.write(named(1), at(1), Refusals())
        dead.close()
        assert len(place.tables()) == 2
        run(place.writer(Mode.REPLACE, of=lineage(2, job="job-2")), named(2))
        assert place.ids() == [2]
        assert place.tables() == {"target", "crossdock_state"}

    def test_another_attempt_at_the_job_goes_on_with_what_is_staged(self, place: Place) -> None:
        first = place.writer(Mode.REPLACE)
        first.take_over()
        first.begin(at(0))
        first.write(named(1), at(1), Refusals())
        first.close()
        second = place.writer(Mode.REPLACE, of=lineage(2))
        assert second.take_over() == Standing(at(1), done=False)
        second.write(named(2), at(2), Refusals())
        second.finish(at(2))
        assert place.ids() == [1, 2]
        assert place.tables() == {"target", "crossdock_state"}

    def test_without_its_stage_nothing_is_left_of_an_attempt(self, place: Place) -> None:
        first = place.writer(Mode.REPLACE)
        first.take_over()
        first.begin(at(0))
        first.write(named(1), at(1), Refusals())
        first.close()
        (stage,) = place.tables() - {"crossdock_state"}
        place.execute(f"DROP TABLE {stage}")
        assert place.writer(Mode.REPLACE, of=lineage(2)).take_over() == Standing(None, done=False)

    def test_rows_that_break_a_rule_of_the_table_leave_it_as_it_was(self, place: Place) -> None:
        place.execute(
            "CREATE TABLE parent (id BIGINT PRIMARY KEY)",
            "CREATE TABLE target (id BIGINT, name VARCHAR(100), FOREIGN KEY (id) REFERENCES parent (id))",
            "INSERT INTO parent VALUES (1)",
            "INSERT INTO target VALUES (1, 'a')",
        )
        with pytest.raises(ConfigError) as caught:
            run(place.writer(Mode.REPLACE), named(1, 2))
        assert caught.value.code == "foreign_key"
        assert place.ids() == [1]


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


class Rejecting:
    SCHEMA = (
        "CREATE TABLE parent (id BIGINT PRIMARY KEY)",
        "INSERT INTO parent VALUES (0)",
        """CREATE TABLE target (
            id BIGINT PRIMARY KEY,
            name VARCHAR(10) NOT NULL,
            size INTEGER DEFAULT 0 CHECK (size < 9),
            of BIGINT,
            FOREIGN KEY (of) REFERENCES parent (id)
        )""",
    )
    COLUMNS = (*ID_NAME, Column("size", Type(Kind.INTEGER, size=32)), Column("of", Type(Kind.INTEGER, size=64)))

    def test_finds_each_row_that_is_refused_and_why(self, place: Place) -> None:
        place.execute(*self.SCHEMA)
        rows = [{"id": number, "name": "x", "size": 1, "of": 0} for number in range(1000)]
        rows[7]["name"] = None
        rows[8]["size"] = 9
        rows[500]["of"] = 1
        rows[998]["id"] = 3
        rows[999]["name"] = "\ud800"
        refusals = Refusals()
        run(place.writer(Mode.APPEND, self.COLUMNS), rows, refusals=refusals)
        assert refusals.codes == {
            7: "not_null",
            8: "check",
            500: "foreign_key",
            998: "duplicate_key",
            999: "invalid_value",
        }
        assert place.rows("SELECT count(*) FROM target") == [(995,)]

    def test_says_how_many_were_written_and_tells_before_it_commits(self, place: Place) -> None:
        place.execute(*self.SCHEMA)
        writer = place.writer(Mode.UPSERT, self.COLUMNS)
        writer.take_over()
        writer.begin(at(0))
        seen = []
        rows = [{"id": number, "name": None if number % 3 else "x", "size": 1, "of": 0} for number in range(12)]
        count = writer.write(rows, at(1), lambda rejected: seen.append((len(rejected), place.ids())))
        assert (count, seen) == (4, [(8, [])])
        assert place.ids() == [0, 3, 6, 9]

    def test_when_nobody_can_be_told_nothing_is_written(self, place: Place) -> None:
        place.execute(*self.SCHEMA)
        writer = place.writer(Mode.APPEND, self.COLUMNS)
        writer.take_over()
        writer.begin(at(0))

        def fail(_rejected: object) -> None:
            raise LookupError

        with pytest.raises(LookupError):
            writer.write([{"id": 1, "name": "x"}, {"id": 2, "name": None}], at(1), fail)
        assert place.ids() == []
        writer.write([{"id": 3, "name": "x"}], at(1), Refusals())
        assert place.ids() == [3]

    def test_a_page_where_most_is_refused(self, place: Place) -> None:
        place.execute(*self.SCHEMA)
        rows = [{"id": number, "name": "x" if number % 5 == 0 else None} for number in range(600)]
        refusals = Refusals()
        run(place.writer(Mode.APPEND, self.COLUMNS), rows, refusals=refusals)
        assert place.ids() == list(range(0, 600, 5))
        assert [row.index for row in refusals.rows] == [number for number in range(600) if number % 5]

    def test_a_value_of_no_portable_type(self, place: Place) -> None:
        refusals = Refusals()
        run(place.writer(Mode.APPEND), [{"id": 1, "name": object()}, *named(2)], refusals=refusals)
        assert refusals.codes == {0: "invalid_value"}
        assert "'name'" in refusals.rows[0].message
        assert place.ids() == [2]


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


class Documents:
    DOCUMENTS = (ID, Column("doc", Type(Kind.JSON)))

    def test_json_is_written_as_json(self, place: Place) -> None:
        documents = [
            ({"a": [1, None, True], "b": 'ä"\\\n'}, {"a": [1, None, True], "b": 'ä"\\\n'}),
            ([1, 2], [1, 2]),
            ("text", "text"),
            (True, True),
            (RawJson('{"raw": [1.5]}'), {"raw": [1.5]}),
            ({"nested": RawJson('{"b": 1}')}, {"nested": {"b": 1}}),
            (None, None),
        ]
        rows = [{"id": number, "doc": document} for number, (document, _) in enumerate(documents)]
        run(place.writer(Mode.APPEND, self.DOCUMENTS), rows)
        assert self.read(place) == [expected for _, expected in documents]

    def test_what_has_no_json_form_is_rejected(self, place: Place) -> None:
        refusals = Refusals()
        run(place.writer(Mode.APPEND, self.DOCUMENTS), [{"id": 1, "doc": {"a": b"x"}}], refusals=refusals)
        assert refusals.codes == {0: "invalid_value"}

    def test_text_that_goes_into_a_json_column_is_json(self, place: Place) -> None:
        place.execute("CREATE TABLE target (id BIGINT, doc JSON)")
        run(place.writer(Mode.APPEND, (ID, Column("doc", TEXT))), [{"id": 1, "doc": '{"a": 1}'}])
        assert self.read(place) == [{"a": 1}]

    def read(self, place: Place) -> list[object]:
        raise NotImplementedError


class Typing:
    """Of each portable type three values: ordinary, at an edge, none or odd."""

    VALUES: ClassVar[dict[str, tuple[Type, list[Any]]]] = {
        "id": (Type(Kind.INTEGER, size=64), [1, 2, 3]),
        "yes": (Type(Kind.BOOLEAN), [True, False, None]),
        "tiny": (Type(Kind.INTEGER, size=8), [-128, 127, None]),
        "small": (Type(Kind.INTEGER, size=16), [-(2**15), 2**15 - 1, None]),
        "plain": (Type(Kind.INTEGER, size=32), [-(2**31), 2**31 - 1, None]),
        "big": (Type(Kind.INTEGER, size=64), [-(2**63), 2**63 - 1, None]),
        "single": (Type(Kind.FLOAT, size=32), [1.5, 0.1, None]),
        "double": (Type(Kind.FLOAT, size=64), [0.1, -1.7976931348623157e308, -0.0]),
        "money": (Type(Kind.DECIMAL, precision=10, scale=2), ["12.50", "-99999999.99", None]),
        "long": (
            Type(Kind.DECIMAL, precision=38, scale=10),
            ["1234567890123456789012345678.0123456789", "0E-10", None],
        ),
        "free": (Type(Kind.DECIMAL), ["12.50", "12345678901234567890.123456789", None]),
        "text": (Type(Kind.TEXT), ["", "ä€😀\\\n\t'\"", None]),
        "short": (Type(Kind.TEXT, size=5), ["abcde", "ab ", None]),
        "bytes": (Type(Kind.BINARY), [b"", bytes(range(256)), None]),
        "four": (Type(Kind.BINARY, size=4), [b"\0\1\2\3", b"a", None]),
        "day": (Type(Kind.DATE), ["2024-02-29", "1000-01-01", "9999-12-31"]),
        "hour": (Type(Kind.TIME, precision=6), ["00:00:00", "23:59:59.999999", None]),
        "moment": (Type(Kind.TIMESTAMP, precision=6), ["2024-02-29 23:59:59.5", "1000-01-01 00:00:00", None]),
        "instant": (
            Type(Kind.TIMESTAMPTZ, precision=6),
            ["2024-02-29 23:59:59.123456+00:00", "2024-03-01 01:59:59+02:00", None],
        ),
        "span": (Type(Kind.INTERVAL), ["P1DT2H3M4S", "PT-1S", None]),
        "uuid": (
            Type(Kind.UUID),
            ["0b5ad7a5-9d8a-4f4f-8f2c-0123456789ab", "f" * 8 + "-ffff" * 3 + "-" + "f" * 12, None],
        ),
        "json": (Type(Kind.JSON), [RawJson('{"a": [1, 2.50, null]}'), RawJson('"x"'), RawJson("7")]),
        "list": (Type(Kind.ARRAY, element=Type(Kind.INTEGER, size=32)), [RawJson("[1,null,3]"), RawJson("[]"), None]),
    }
    READ_BACK: ClassVar[dict[str, list[Any]]] = {}

    def test_every_portable_type_reads_back_as_it_was_or_as_is_documented(self, place: Place) -> None:
        columns = [Column(name, type_) for name, (type_, _) in self.VALUES.items()]
        rows = [{name: values[number] for name, (_, values) in self.VALUES.items()} for number in range(3)]
        refusals = Refusals()
        run(place.writer(Mode.UPSERT, columns), rows, refusals=refusals)
        assert refusals.rows == []
        found = place.read()
        for name, (_, values) in self.VALUES.items():
            assert (name, [row[name] for row in found]) == (name, self.READ_BACK.get(name, values))

    def test_what_it_reads_it_writes_to_a_table_of_the_same_types(self, place: Place) -> None:
        columns = [Column(name, type_) for name, (type_, _) in self.VALUES.items()]
        rows = [{name: values[number] for name, (_, values) in self.VALUES.items()} for number in range(3)]
        run(place.writer(Mode.UPSERT, columns), rows)
        source = place.reading(Request(place.table, native=True))
        found = [row for page in source.pages() for row in page.rows]
        source.close()  # a reader of an SQLite file keeps its writers waiting
        copy = Target(type(place.table)("copy", place.table.schema), Mode.UPSERT)
        run(place.writer(copy, source.stream.columns, of=lineage(step="copy")), found)
        assert place.read(Request(copy.table)) == place.read()
        copied = place.describe(copy.table).columns
        assert [(column.name, column.native) for column in copied] == [
            (column.name, column.native) for column in source.stream.columns
        ]


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


class WriteConformance(
    MakingTables,
    Matching,
    Appending,
    Updating,
    Replacing,
    Remembering,
    Fencing,
    Rejecting,
    Failing,
    Documents,
    Typing,
    Dying,
):
    pass


def place_quote(place: Place) -> str:
    return "`" if place.writer_class.__name__ == "MysqlWriter" else '"'


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
