"""Tables are made where they are missing, matched where they are not, and replaced whole."""

import pytest

from engine.contract import Mode, Standing, Target
from engine.errors import ConfigError
from engine.schema import Column, Kind, Type
from tests.engine.drivers.destinations import ID, Place, Refusals, at, lineage, named, run

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


def place_quote(place: Place) -> str:
    return "`" if place.writer_class.__name__ == "MysqlWriter" else '"'
