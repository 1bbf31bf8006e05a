"""Rows are added to others or take their place, and those that are refused are told."""

import random

import pytest

from engine.contract import Delivery, Mode, Standing
from engine.errors import ConfigError
from engine.schema import Column, Kind, Type
from tests.engine.drivers.destinations import ID_NAME, Place, Refusals, at, named, pairs, run


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
