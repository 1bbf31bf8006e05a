import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.contract import Mode
from engine.errors import ConfigError, TransientError
from engine.schema import Column, Kind, Type
from tests.engine.drivers.destinations import ID, Refusals, SqlitePlace, at, lineage, named, run, sqlite_place
from tests.engine.drivers.write_conformance import WriteConformance


@pytest.fixture
def place(tmp_path: Path) -> Iterator[SqlitePlace]:
    with sqlite_place(tmp_path) as place:
        yield place


class TestConformance(WriteConformance):
    READ_BACK = {
        "money": ["12.5", "-99999999.99", None],
        "json": ['{"a": [1, 2.50, null]}', '"x"', 7],
    }

    def read(self, place):
        return [doc if doc is None else json.loads(doc) for (doc,) in place.rows("SELECT doc FROM target ORDER BY id")]


class TestFile:
    def test_a_full_disk_leaves_everything_as_it_was(self, place: SqlitePlace) -> None:
        def connect_to_small_disk(name: str) -> sqlite3.Connection:
            connection = place.connect(name)
            connection.execute("PRAGMA max_page_count = 12")
            return connection

        for mode in Mode:
            writer = place.writer(mode, of=lineage(step=mode), connect=connect_to_small_disk)
            writer.take_over()
            writer.begin(at(0))
            writer.write(named(1), at(1), Refusals())
            before = place.rows("SELECT name, rootpage FROM sqlite_master")
            with pytest.raises(ConfigError) as caught:
                writer.write([{"id": number, "name": "x" * 100} for number in range(2, 2000)], at(2), Refusals())
            assert caught.value.code == "storage_full"
            assert place.rows("SELECT name, rootpage FROM sqlite_master") == before
            writer.write(named(2), at(2), Refusals())
            writer.finish(at(2))
            writer.close()
            assert place.ids() == [1, 2]
            place.execute("DROP TABLE target", "DELETE FROM crossdock_state", "VACUUM")

    def test_a_file_that_somebody_else_writes_is_waited_for_and_then_given_up(self, place: SqlitePlace) -> None:
        def connect_without_patience(name: str) -> sqlite3.Connection:
            connection = place.connect(name)
            connection.execute("PRAGMA busy_timeout = 50")
            return connection

        writer = place.writer(Mode.APPEND, connect=connect_without_patience)
        writer.take_over()
        writer.begin(at(0))
        place.execute("BEGIN IMMEDIATE")
        with pytest.raises(TransientError) as caught:
            writer.write(named(1), at(1), Refusals())
        assert caught.value.code == "locked"
        place.execute("ROLLBACK")
        assert writer.write(named(1), at(1), Refusals()) == 1

    def test_an_interrupt_ends_the_statement_that_runs(self, place: SqlitePlace) -> None:
        place.execute(
            "CREATE TABLE target (id BIGINT, name VARCHAR(100))",
            "CREATE TRIGGER slow AFTER INSERT ON target BEGIN SELECT count(*) FROM (WITH RECURSIVE n (i) AS"
            " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n); END",
        )
        writer = place.writer(Mode.APPEND)
        writer.take_over()
        writer.begin(at(0))
        timer = threading.Timer(0.2, writer.interrupt)
        timer.start()
        with pytest.raises(TransientError) as caught:
            writer.write(named(1), at(1), Refusals())
        timer.join()
        assert caught.value.code == "timeout"
        assert place.ids() == []


class TestValues:
    def test_what_it_would_keep_as_something_else_is_rejected(self, place: SqlitePlace) -> None:
        columns = (ID, Column("f", Type(Kind.FLOAT)), Column("n", Type(Kind.INTEGER)))
        rows = [
            {"id": 1, "f": float("nan")},
            {"id": 2, "n": 2**63},
            {"id": 3, "f": float("inf"), "n": -(2**63)},
        ]
        refusals = Refusals()
        run(place.writer(Mode.APPEND, columns), rows, refusals=refusals)
        assert refusals.codes == {0: "invalid_value", 1: "invalid_value"}
        assert place.rows("SELECT * FROM target") == [(3, float("inf"), -(2**63))]

    def test_a_strict_table_refuses_what_does_not_fit(self, place: SqlitePlace) -> None:
        place.execute("CREATE TABLE target (id INTEGER PRIMARY KEY, name INT) STRICT")
        refusals = Refusals()
        run(place.writer(Mode.APPEND), [{"id": 1, "name": "x"}, {"id": 2, "name": "7"}], refusals=refusals)
        assert refusals.codes == {0: "invalid_value"}
        assert refusals.rows[0].message == "The value does not fit."
        assert place.rows("SELECT * FROM target") == [(2, 7)]

    def test_names_that_differ_in_case_alone_are_refused(self, place: SqlitePlace) -> None:
        with pytest.raises(ConfigError) as caught:
            place.writer(Mode.APPEND, (ID, Column("ID", Type(Kind.TEXT)))).take_over()
        assert caught.value.code == "duplicate_column"
        assert "target" not in place.tables()

    def test_triggers_stay_with_a_table_that_is_replaced_and_may_refuse(self, place: SqlitePlace) -> None:
        place.execute(
            "CREATE TABLE target (id INTEGER PRIMARY KEY, name TEXT)",
            "INSERT INTO target VALUES (1, 'a')",
            "CREATE TRIGGER no BEFORE INSERT ON target WHEN NEW.id = 7 BEGIN SELECT RAISE(ABORT, 'not seven'); END",
        )
        with pytest.raises(ConfigError, match="not seven") as caught:
            run(place.writer(Mode.REPLACE), named(6, 7))
        assert caught.value.code == "refused_by_trigger"
        assert place.ids() == [1]
        run(place.writer(Mode.REPLACE, of=lineage(2)), named(6, 8))
        assert place.ids() == [6, 8]
