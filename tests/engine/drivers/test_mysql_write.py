import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from engine.contract import Delivery, Lineage, Mode, Request, Standing
from engine.drivers.sql.mysql import connect
from engine.errors import ConfigError, EngineError, FenceLost
from engine.schema import Column, Kind, Table, Type
from tests.engine.drivers.destinations import (
    ID,
    ID_NAME,
    MysqlPlace,
    Refusals,
    at,
    lineage,
    mysql_place,
    named,
    run,
)
from tests.engine.drivers.write_conformance.servers import ServerConformance


@pytest.fixture(scope="module")
def server() -> Iterator[MysqlPlace]:
    with mysql_place() as place:
        yield place


@pytest.fixture
def place(server: MysqlPlace) -> Iterator[MysqlPlace]:
    server.clear()
    yield server
    server.close()


class TestConformance(ServerConformance):
    READ_BACK = {
        "long": ["1234567890123456789012345678.0123456789", "0.0000000000", None],
        "free": [f"12.5{'0' * 29}", f"12345678901234567890.123456789{'0' * 21}", None],
        "hour": ["00:00:00.000000", "23:59:59.999999", None],
        "moment": ["2024-02-29 23:59:59.500000", "1000-01-01 00:00:00.000000", None],
        "instant": ["2024-02-29 23:59:59.123456", "2024-02-29 23:59:59.000000", None],
    }

    def read(self, place):
        return [doc if doc is None else json.loads(doc) for (doc,) in place.rows("SELECT doc FROM target ORDER BY id")]


def begun(place: MysqlPlace, fence: int, *, job: str = "job-1") -> Any:
    """A replacement with one page written."""
    writer = place.writer(Mode.REPLACE, of=lineage(fence, job=job))
    writer.take_over()
    writer.begin(at(0))
    writer.write(named(2), at(1), Refusals())
    return writer


def stage_of(place: MysqlPlace) -> str:
    (stage,) = place.tables() - {"target", "crossdock_state"}
    return stage


class TestSwap:
    """What is renamed commits by itself: after a crash the names say how far it came."""

    def test_a_crash_before_the_names_are_changed(self, place: MysqlPlace) -> None:
        run(place.writer(Mode.REPLACE), named(1))
        begun(place, 2).close()
        place.execute("UPDATE crossdock_state SET swapping = TRUE")
        heir = place.writer(Mode.REPLACE, of=lineage(3))
        assert heir.take_over() == Standing(at(1), done=False)
        heir.finish(at(1))
        assert place.ids() == [2]

    def test_a_crash_after_the_names_are_changed(self, place: MysqlPlace) -> None:
        for number, was_there in ((1, False), (3, True)):
            begun(place, number, job=f"job-{number}").close()
            stage = stage_of(place)
            old = f"target TO {stage}_old, " if was_there else ""
            place.execute("UPDATE crossdock_state SET swapping = TRUE", f"RENAME TABLE {old}{stage} TO target")
            heir = place.writer(Mode.REPLACE, of=lineage(number + 1, job=f"job-{number}"))
            assert heir.take_over() == Standing(at(1), done=True)
            assert place.ids() == [2]
        run(place.writer(Mode.REPLACE, of=lineage(9, job="job-9")), named(5))
        assert place.ids() == [5]
        assert place.tables() == {"target", "crossdock_state"}

    def test_a_crash_between_two_names(self, place: MysqlPlace) -> None:
        run(place.writer(Mode.REPLACE), named(1))
        begun(place, 2).close()
        stage = stage_of(place)
        place.execute("UPDATE crossdock_state SET swapping = TRUE", f"RENAME TABLE target TO {stage}_old")
        heir = place.writer(Mode.REPLACE, of=lineage(3))
        assert heir.take_over() == Standing(at(1), done=False)
        assert place.ids() == [1]
        heir.finish(at(1))
        assert place.ids() == [2]
        assert place.tables() == {"target", "crossdock_state"}

    def test_a_frozen_swap_is_ended(self, place: MysqlPlace) -> None:
        run(place.writer(Mode.REPLACE), named(1))
        frozen = begun(place, 2)
        reader = place.connect("reader")
        with reader.cursor() as cursor:
            cursor.execute("SELECT * FROM target")
        failures: list[EngineError] = []

        def finish() -> None:
            try:
                frozen.finish(at(1))
            except EngineError as error:
                failures.append(error)

        swapping = threading.Thread(target=finish)
        swapping.start()
        while not place.rows("SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'RENAME TABLE%'"):
            time.sleep(0.01)
        heir = place.writer(Mode.REPLACE, of=lineage(3))
        assert heir.take_over() == Standing(at(1), done=False)
        reader.rollback()
        swapping.join()
        assert len(failures) == 1
        with pytest.raises(FenceLost):
            frozen.write(named(7), at(2), Refusals())
        assert place.ids() == [1]
        heir.finish(at(1))
        assert place.ids() == [2]

    def test_what_belongs_to_the_table_goes_with_its_name(self, place: MysqlPlace) -> None:
        run(place.writer(Mode.REPLACE), named(1))
        place.execute(
            "ALTER TABLE target ADD COLUMN made DATETIME DEFAULT '2024-01-01', ADD UNIQUE by_name (name),"
            " ADD CHECK (id > 0), COMMENT 'all of them'",
            "CREATE VIEW seen AS SELECT id, made FROM target",
        )
        [(_, before)] = place.rows("SHOW CREATE TABLE target")
        run(place.writer(Mode.REPLACE, of=lineage(2)), named(2, 3))
        assert place.rows("SHOW CREATE TABLE target") == [("target", before)]
        assert [number for number, _ in place.rows("SELECT * FROM seen")] == [2, 3]
        assert place.tables() == {"target", "seen", "crossdock_state"}

    @pytest.mark.parametrize(
        "hanging",
        [
            ["CREATE TRIGGER t BEFORE INSERT ON target FOR EACH ROW SET NEW.name = CONCAT(NEW.name, '!')"],
            [
                "CREATE TABLE parent (id BIGINT PRIMARY KEY)",
                "INSERT INTO parent VALUES (1), (2)",
                "ALTER TABLE target ADD FOREIGN KEY (id) REFERENCES parent (id)",
            ],
            ["ALTER TABLE target ADD SYSTEM VERSIONING"],
        ],
        ids=["trigger", "foreign key", "history"],
    )
    def test_a_table_that_something_hangs_on_keeps_its_place(self, place: MysqlPlace, hanging: list[str]) -> None:
        run(place.writer(Mode.REPLACE), named(1))
        place.execute(*hanging)
        [(_, before)] = place.rows("SHOW CREATE TABLE target")
        triggers = place.rows("SHOW TRIGGERS LIKE 'target'")
        run(place.writer(Mode.REPLACE, of=lineage(2)), named(2))
        assert place.ids() == [2]
        assert place.rows("SHOW CREATE TABLE target") == [("target", before)]
        assert place.rows("SHOW TRIGGERS LIKE 'target'") == triggers
        assert not [name for name in place.tables() if name.startswith("_cd_")]


class TestEngines:
    """A table without transactions is never exact: neither rows nor the position can be taken back."""

    def test_less_is_promised(self, place: MysqlPlace) -> None:
        place.execute("CREATE TABLE target (id BIGINT PRIMARY KEY, name VARCHAR(100)) ENGINE = MyISAM")
        for mode, delivery in ((Mode.APPEND, Delivery.AT_LEAST_ONCE), (Mode.UPSERT, Delivery.EFFECTIVELY_ONCE)):
            writer = place.writer(mode, of=lineage(step=mode))
            writer.take_over()
            assert writer.delivery is delivery

    def test_rows_go_one_by_one_so_that_none_is_written_twice(self, place: MysqlPlace) -> None:
        place.execute("CREATE TABLE target (id BIGINT, name VARCHAR(100) NOT NULL) ENGINE = MyISAM")
        refusals = Refusals()
        rows = [*named(1, 2), {"id": 3, "name": None}, *named(4)]
        run(place.writer(Mode.APPEND), rows, refusals=refusals)
        assert place.ids() == [1, 2, 4]
        assert refusals.codes == {2: "not_null"}

    def test_nothing_is_replaced(self, place: MysqlPlace) -> None:
        place.execute("CREATE TABLE target (id BIGINT, name VARCHAR(100)) ENGINE = MyISAM")
        with pytest.raises(ConfigError) as caught:
            place.writer(Mode.REPLACE).take_over()
        assert caught.value.code == "not_transactional"


class TestRights:
    @pytest.fixture
    def user(self, place: MysqlPlace) -> Iterator[str]:
        name = f"{place.database}_user"[-32:]
        place.execute(
            f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'",
            "CREATE TABLE target (id BIGINT PRIMARY KEY, name VARCHAR(100))",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON target TO {name}@'%'",
        )
        yield name
        place.close()
        place.execute(f"DROP USER {name}@'%'")

    def writer(self, place: MysqlPlace, user: str, mode: Mode, of: Lineage | None = None) -> Any:
        return place.writer(mode, connect=lambda name: self.open(place, name, user), of=of)

    def open(self, place: MysqlPlace, name: str, user: str) -> Any:
        connection = connect.open_connection(
            {**place.settings, "user": user}, {"password": "secret"}, place.surroundings, application_name=name
        )
        place.opened.append(connection)
        return connection

    @pytest.mark.parametrize(
        ("mode", "delivery"), [(Mode.UPSERT, Delivery.EFFECTIVELY_ONCE), (Mode.APPEND, Delivery.AT_LEAST_ONCE)]
    )
    def test_without_a_state_table_less_is_promised(
        self, place: MysqlPlace, user: str, mode: Mode, delivery: Delivery
    ) -> None:
        writer = self.writer(place, user, mode)
        run(writer, named(1, 2))
        assert writer.delivery is delivery
        assert place.ids() == [1, 2]
        assert place.tables() == {"target"}

    def test_without_a_state_table_nothing_is_replaced(self, place: MysqlPlace, user: str) -> None:
        with pytest.raises(ConfigError, match="crossdock_state") as caught:
            self.writer(place, user, Mode.REPLACE).take_over()
        assert caught.value.code == "permission_denied"

    def test_a_state_table_that_an_administrator_made_serves(self, place: MysqlPlace, user: str) -> None:
        place.writer(Mode.APPEND, of=lineage(step="other")).take_over()
        place.execute(f"GRANT SELECT, INSERT, UPDATE ON crossdock_state TO {user}@'%'")
        writer = self.writer(place, user, Mode.APPEND)
        run(writer, named(1))
        assert writer.delivery is Delivery.EXACTLY_ONCE

    def test_a_session_of_another_user_is_waited_for(self, place: MysqlPlace, user: str) -> None:
        place.execute(f"GRANT ALL ON {place.database}.* TO {user}@'%'")
        frozen = place.writer(Mode.APPEND)
        frozen.take_over()
        heir = self.writer(place, user, Mode.APPEND, of=lineage(2))
        timer = threading.Timer(0.5, frozen.close)
        timer.start()
        assert heir.take_over() == Standing(None, done=False)
        timer.join()


class TestTypes:
    NATIVES = {
        "tinyint(3) unsigned": 255,
        "mediumint(9)": -(2**23),
        "int(10) unsigned zerofill": 42,
        "bigint(20) unsigned": "18446744073709551615",
        "decimal(65,30)": "12345678901234567890123456789012345.123456789012345678901234567890",
        "float": 1.25,
        "double": 1.7976931348623157e308,
        "bit(1)": True,
        "bit(64)": "18446744073709551615",
        "year(4)": 2024,
        "date": "2024-02-29",
        "time(6)": "-838:59:59.000000",
        "datetime(3)": "2024-02-29 23:59:59.123",
        "timestamp(6)": "2024-02-29 23:59:59.123456+00:00",
        "char(5)": "a",
        "varchar(20)": "ä€😀",
        "binary(4)": b"ab\0\0",
        "varbinary(20)": b"\xff\x00'",
        "tinytext": "a",
        "text": "b",
        "mediumtext": "c",
        "longtext": "d",
        "tinyblob": b"a",
        "blob": b"b",
        "longblob": b"d",
        "enum('a','it''s, b')": "it's, b",
        "set('a','b')": "a,b",
        "json": '{"b": 1, "a": [1.50]}',
        "uuid": "0b5ad7a5-9d8a-4f4f-8f2c-0123456789ab",
    }

    def test_every_type_of_its_own_arrives(self, place: MysqlPlace) -> None:
        columns = ", ".join(f"c{number} {native} NULL" for number, native in enumerate(self.NATIVES))
        place.execute(f"CREATE TABLE source (id BIGINT PRIMARY KEY, {columns}) CHARACTER SET utf8mb4")
        marks = ", ".join(["%s"] * len(self.NATIVES))
        values = [value.removesuffix("+00:00") if isinstance(value, str) else value for value in self.NATIVES.values()]
        values = [int(value) if name == "bit(64)" else value for name, value in zip(self.NATIVES, values, strict=True)]
        with place.superuser.cursor() as cursor:
            cursor.execute(f"INSERT INTO source VALUES (1, {marks})", values)
            cursor.execute("INSERT INTO source (id) VALUES (2)")
        reading = place.reading(Request(Table("source"), native=True))
        refusals = Refusals()
        pages = [page.rows for page in reading.pages()]
        run(place.writer(Mode.UPSERT, reading.stream.columns), *pages, refusals=refusals)
        assert refusals.rows == []
        natives = [column.native.partition(" collate ")[0] for column in place.describe(place.table).columns]
        assert natives == ["bigint(20)", *self.NATIVES]
        first, second = place.read()
        assert list(first.values()) == [1, *self.NATIVES.values()]
        assert list(second.values()) == [2, *[None] * len(self.NATIVES)]

    def test_a_required_timestamp_does_not_change_by_itself(self, place: MysqlPlace) -> None:
        columns = (*ID_NAME, Column("at", Type(Kind.TIMESTAMPTZ, precision=0), nullable=False, native="timestamp"))
        run(place.writer(Mode.UPSERT, columns), [{"id": 1, "name": "a", "at": "2024-02-29 12:00:00+00:00"}])
        place.execute("UPDATE target SET name = 'b'")
        assert place.read()[0]["at"] == "2024-02-29 12:00:00+00:00"

    def test_texts_of_a_key_are_told_apart_exactly(self, place: MysqlPlace) -> None:
        columns = (Column("code", Type(Kind.TEXT)), Column("part", Type(Kind.TEXT)), Column("n", Type(Kind.INTEGER)))
        texts = ["a", "A", "a ", "á", "ß", "ss", "", " "]
        rows = [{"code": text, "part": "x" * 300, "n": 1} for text in texts]
        refusals = Refusals()
        writer = place.writer(Mode.UPSERT, columns, ("code", "part"))
        run(writer, rows, [*rows, {"code": "y" * 385, "part": "", "n": 1}], refusals=refusals)
        assert place.rows("SELECT count(*) FROM target") == [(8,)]
        assert refusals.codes == {8: "value_too_long"}

    def test_a_json_column_cannot_be_a_key(self, place: MysqlPlace) -> None:
        with pytest.raises(ConfigError) as caught:
            place.writer(Mode.UPSERT, (Column("id", Type(Kind.JSON)),)).take_over()
        assert caught.value.code == "invalid_key"
        assert place.tables() == set()

    def test_texts_that_a_row_has_no_room_for_lie_beside_it(self, place: MysqlPlace) -> None:
        columns = (ID, *(Column(f"c{number}", Type(Kind.TEXT, size=5000)) for number in range(20)))
        run(place.writer(Mode.UPSERT, columns), [{"id": 1, **{f"c{number}": "€" * 5000 for number in range(20)}}])
        assert place.rows("SELECT CHAR_LENGTH(c0), CHAR_LENGTH(c19) FROM target") == [(5000, 5000)]

    def test_moments_and_numbers_that_it_has_no_place_for(self, place: MysqlPlace) -> None:
        kinds = {"n": Type(Kind.DECIMAL), "f": Type(Kind.FLOAT), "at": Type(Kind.TIMESTAMPTZ), "day": Type(Kind.DATE)}
        columns = (ID, *(Column(name, kind) for name, kind in kinds.items()))
        rows = [
            {"id": 1, "n": "NaN"},
            {"id": 2, "n": "Infinity"},
            {"id": 3, "f": float("nan")},
            {"id": 4, "at": "infinity"},
            {"id": 5, "day": "0044-03-15 BC"},
            {"id": 6, "n": "1e36"},
            {"id": 7, "n": "1.5", "f": 1.5, "at": "2024-01-01T02:00:00.5+05:30", "day": "0001-01-01"},
        ]
        refusals = Refusals()
        run(place.writer(Mode.APPEND, columns), rows, refusals=refusals)
        assert refusals.codes == {
            0: "invalid_value",
            1: "invalid_value",
            2: "invalid_value",
            3: "invalid_value",
            4: "invalid_value",
            5: "value_out_of_range",
        }
        assert [row["at"] for row in place.read()] == ["2023-12-31 20:30:00.500000"]


class TestPresentTables:
    def test_a_zero_is_a_number_of_its_own(self, place: MysqlPlace) -> None:
        place.execute("CREATE TABLE target (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100))")
        for mode in Mode:
            place.execute("DELETE FROM target")
            run(place.writer(mode, of=lineage(step=mode)), named(0), named(5))
            assert place.ids() == [0, 5]

    def test_numbers_that_are_not_written_are_given_by_the_table(self, place: MysqlPlace) -> None:
        place.execute("CREATE TABLE target (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL UNIQUE)")
        for mode in (Mode.APPEND, Mode.UPSERT, Mode.REPLACE):
            writer = place.writer(mode, ID_NAME[1:], ("name",), of=lineage(step=mode))
            run(writer, [{"name": f"{mode} {number}"} for number in range(2)])
        assert place.rows("SELECT id > 0, name FROM target") == [(1, "replace 0"), (1, "replace 1")]

    def test_a_key_that_may_be_null_beside_another_index_is_refused(self, place: MysqlPlace) -> None:
        place.execute("CREATE TABLE target (id BIGINT UNIQUE, name VARCHAR(100) UNIQUE)")
        with pytest.raises(ConfigError, match="NOT NULL") as caught:
            place.writer(Mode.UPSERT).take_over()
        assert caught.value.code == "no_unique_key"

    def test_refusals_name_columns_and_indexes_but_no_values(self, place: MysqlPlace) -> None:
        place.execute(
            "CREATE TABLE parent (id BIGINT PRIMARY KEY)",
            "CREATE TABLE target (id BIGINT PRIMARY KEY, name VARCHAR(10) NOT NULL, of BIGINT, born DATE, size SMALLINT"
            " CHECK (size <> 7), CONSTRAINT to_parent FOREIGN KEY (of) REFERENCES parent (id))",
            "INSERT INTO target (id, name) VALUES (1, 'somebody')",
        )
        added = {"of": Kind.INTEGER, "born": Kind.DATE, "size": Kind.INTEGER}
        columns = (*ID_NAME, *(Column(name, Type(kind)) for name, kind in added.items()))
        rows = [
            {"id": 1, "name": "a"},
            {"id": 2, "name": None},
            {"id": 3, "name": "x" * 11},
            {"id": 4, "name": "a", "of": 1},
            {"id": 5, "name": "a", "born": "2023-02-29"},
            {"id": 6, "name": "a", "size": 40000},
            {"id": "x", "name": "a"},
            {"id": 8, "name": "a", "size": 7},
        ]
        refusals = Refusals()
        run(place.writer(Mode.APPEND, columns), rows, refusals=refusals)
        assert [(row.code, row.message) for row in refusals.rows] == [
            ("duplicate_key", "Another row has the same value: 'PRIMARY'."),
            ("not_null", "A value is needed: 'name'."),
            ("value_too_long", "The value is too long: 'name'."),
            ("foreign_key", "The row it refers to does not exist: 'to_parent'."),
            ("invalid_value", "The value does not fit: 'born'."),
            ("value_out_of_range", "The value is out of range: 'size'."),
            ("invalid_value", "The value does not fit: 'id'."),
            ("check", "A check of the table fails: 'target.size'."),
        ]

    def test_a_page_larger_than_a_statement_is_split_and_a_row_that_is_larger_is_rejected(
        self, place: MysqlPlace
    ) -> None:
        [(packet,)] = place.rows("SELECT @@max_allowed_packet")
        columns = (ID, Column("name", Type(Kind.TEXT)))
        half = "x" * (packet // 2)
        rows = [{"id": 1, "name": half}, {"id": 2, "name": half}, {"id": 3, "name": half * 2}, {"id": 4, "name": "y"}]
        refusals = Refusals()
        run(place.writer(Mode.APPEND, columns), rows, refusals=refusals)
        assert place.ids() == [1, 2, 4]
        assert refusals.codes == {2: "value_too_long"}
