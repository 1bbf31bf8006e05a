import threading
from collections.abc import Iterator
from typing import Any

import pytest

from engine.contract import Delivery, Mode, Request, Standing, Target
from engine.errors import ConfigError, FenceLost, RecordError, Stopped
from engine.schema import Column, Kind, RawJson, Table, Type
from tests.engine.drivers.destinations import (
    ID,
    ID_NAME,
    PostgresqlPlace,
    Refusals,
    at,
    lineage,
    named,
    pairs,
    postgresql_place,
    run,
)
from tests.engine.drivers.write_conformance.servers import ServerConformance

TEXT = Type(Kind.TEXT)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlPlace]:
    with postgresql_place() as place:
        yield place


@pytest.fixture
def place(server: PostgresqlPlace) -> Iterator[PostgresqlPlace]:
    server.clear()
    yield server
    server.close()


def oid(place: PostgresqlPlace) -> int:
    [(number,)] = place.rows("SELECT 'target'::regclass::oid::bigint")
    return number


class TestConformance(ServerConformance):
    READ_BACK = {
        "long": ["1234567890123456789012345678.0123456789", "0.0000000000", None],
        "instant": ["2024-02-29 23:59:59.123456+00:00", "2024-02-29 23:59:59+00:00", None],
    }

    def read(self, place):
        return [document for (document,) in place.rows("SELECT doc FROM target ORDER BY id")]


class TestState:
    def test_those_who_make_it_at_once_all_get_it(self, place: PostgresqlPlace) -> None:
        writers = [place.writer(Mode.APPEND, of=lineage(step=f"step-{number}")) for number in range(6)]
        place.execute("CREATE TABLE target (id bigint, name text)")
        standings: list[Standing] = []
        threads = [threading.Thread(target=lambda w=writer: standings.append(w.take_over())) for writer in writers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert standings == [Standing(None, done=False)] * 6

    def test_it_lies_in_the_schema_of_the_table(self, place: PostgresqlPlace) -> None:
        place.execute('CREATE SCHEMA "Other %s"')
        run(place.writer(Target(Table("target", "Other %s"), Mode.REPLACE)), named(1))
        assert place.rows('SELECT id, name FROM "Other %s".target') == pairs(1)
        assert place.rows('SELECT done FROM "Other %s".crossdock_state') == [(True,)]
        place.execute('DROP SCHEMA "Other %s" CASCADE')

    def test_a_schema_that_is_missing(self, place: PostgresqlPlace) -> None:
        with pytest.raises(ConfigError) as caught:
            place.writer(Target(Table("target", "missing"), Mode.APPEND)).take_over()
        assert caught.value.code == "unknown_table"

    def test_who_blocks_it_is_ended_if_it_is_an_earlier_attempt(self, place: PostgresqlPlace) -> None:
        run(place.writer(Mode.APPEND), named(1))
        place.connect("crossdock:step-1:1").execute("SELECT * FROM crossdock_state FOR UPDATE")
        assert place.writer(Mode.APPEND, of=lineage(2)).take_over().done

    def test_sessions_of_other_steps_and_of_later_attempts_live_on(self, place: PostgresqlPlace) -> None:
        others = [place.connect(f"crossdock:{name}") for name in ("step-2:1", "step-1:3", "step-1:x", "step-11:1")]
        place.writer(Mode.APPEND, of=lineage(2)).take_over()
        assert [other.execute("SELECT 1").fetchone() for other in others] == [(1,)] * 4


class TestRights:
    @pytest.fixture
    def role(self, place: PostgresqlPlace) -> Iterator[str]:
        name = f"{place.settings['database']}_role"
        place.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'", "CREATE TABLE target (id bigint, name text)")
        place.execute(
            "ALTER TABLE target ADD PRIMARY KEY (id)",
            f"GRANT USAGE ON SCHEMA public TO {name}",
            f"GRANT ALL ON target TO {name}",
        )
        yield name
        place.clear()
        place.execute(f"DROP OWNED BY {name}", f"DROP ROLE {name}")

    def writer(self, place: PostgresqlPlace, role: str, mode: Mode) -> Any:
        return place.writer(mode, connect=lambda name: self.track(place, place.open(name, user=role)))

    def track(self, place: PostgresqlPlace, connection: Any) -> Any:
        place.opened.append(connection)
        return connection

    @pytest.mark.parametrize(
        ("mode", "delivery"), [(Mode.UPSERT, Delivery.EFFECTIVELY_ONCE), (Mode.APPEND, Delivery.AT_LEAST_ONCE)]
    )
    def test_without_a_state_table_less_is_promised(
        self, place: PostgresqlPlace, role: str, mode: Mode, delivery: Delivery
    ) -> None:
        writer = self.writer(place, role, mode)
        assert writer.take_over() == Standing(None, done=False)
        assert writer.delivery is delivery
        writer.begin(at(0))
        assert writer.write(named(1, 2), at(1), Refusals()) == 2
        writer.finish(at(1))
        assert place.ids() == [1, 2]
        assert place.tables() == {"target"}

    def test_without_a_state_table_nothing_is_replaced(self, place: PostgresqlPlace, role: str) -> None:
        with pytest.raises(ConfigError, match="crossdock_state") as caught:
            self.writer(place, role, Mode.REPLACE).take_over()
        assert caught.value.code == "permission_denied"

    def test_a_state_table_that_an_administrator_made_serves(self, place: PostgresqlPlace, role: str) -> None:
        place.writer(Mode.APPEND, of=lineage(step="other")).take_over()
        place.execute(f"GRANT SELECT, INSERT, UPDATE ON crossdock_state TO {role}")
        writer = self.writer(place, role, Mode.APPEND)
        run(writer, named(1))
        assert writer.delivery is Delivery.EXACTLY_ONCE

    def test_a_table_that_may_not_be_written(self, place: PostgresqlPlace, role: str) -> None:
        place.execute(f"REVOKE INSERT ON target FROM {role}")
        with pytest.raises(ConfigError) as caught:
            run(self.writer(place, role, Mode.APPEND), named(1))
        assert caught.value.code == "permission_denied"


class TestSwap:
    """A table that Crossdock made may be swapped; one that something hangs on keeps its place and gets other rows."""

    @pytest.fixture
    def role(self, place: PostgresqlPlace) -> Iterator[str]:
        name = f"{place.settings['database']}_reader"
        place.execute(f"CREATE ROLE {name}")
        yield name
        place.execute(f"DROP OWNED BY {name}", f"DROP ROLE {name}")

    def test_what_belongs_to_the_table_goes_with_its_name(self, place: PostgresqlPlace, role: str) -> None:
        run(place.writer(Mode.REPLACE, (ID, Column("name", TEXT, comment="It's \\ a name"))), named(1, 2))
        place.execute(
            f"GRANT SELECT ON target TO {role} WITH GRANT OPTION",
            "REVOKE DELETE ON target FROM current_user",
            "COMMENT ON TABLE target IS 'All \\ the ''names'''",
            'CREATE UNIQUE INDEX "Odd %s ""name""" ON target (lower(name)) WHERE id > 0',
            "CREATE INDEX by_name ON target USING hash (name)",
            "ALTER TABLE target ADD CONSTRAINT once UNIQUE (name, id)",
            "ALTER TABLE target ADD CONSTRAINT positive CHECK (id > 0)",
            "ALTER TABLE target ALTER name SET DEFAULT 'none'",
        )
        facts = {
            "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'target' ORDER BY 1",
            "constraints": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid ="
            " 'target'::regclass ORDER BY 1",
            "grants": "SELECT aclexplode(relacl)::text FROM pg_class WHERE oid = 'target'::regclass ORDER BY 1",
            "comments": "SELECT obj_description('target'::regclass), col_description('target'::regclass, 2)",
            "columns": "SELECT column_name, is_nullable, column_default FROM information_schema.columns"
            " WHERE table_name = 'target' ORDER BY ordinal_position",
        }
        before, number = {name: place.rows(query) for name, query in facts.items()}, oid(place)
        for run_number in (2, 3):
            run(place.writer(Mode.REPLACE, of=lineage(run_number)), named(3, 4))
        assert oid(place) != number
        assert place.ids() == [3, 4]
        assert {name: place.rows(query) for name, query in facts.items()} == before

    @pytest.mark.parametrize(
        "hanging",
        [
            ["CREATE VIEW seen AS SELECT id FROM target"],
            ["CREATE MATERIALIZED VIEW seen AS SELECT id FROM target"],
            [
                "CREATE TABLE parent (id bigint PRIMARY KEY)",
                "INSERT INTO parent VALUES (1), (2)",
                "ALTER TABLE target ADD FOREIGN KEY (id) REFERENCES parent",
            ],
            [
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                "CREATE TRIGGER t BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION f()",
            ],
            ["CREATE POLICY p ON target"],
            ["ALTER TABLE target ENABLE ROW LEVEL SECURITY"],
            ["CREATE PUBLICATION crossdock_test FOR TABLE target"],
            ["ALTER TABLE target ADD COLUMN number bigserial"],
            ["ALTER TABLE target ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY"],
            ["CREATE STATISTICS s ON id, name FROM target"],
            ["CREATE TABLE child () INHERITS (target)"],
            ["CREATE TABLE other (of target)"],
            ["CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT max(id) FROM target; END"],
            ["CREATE RULE r AS ON DELETE TO target DO ALSO NOTHING"],
            ["ALTER TABLE target SET (fillfactor = 50)"],
            ["ALTER TABLE target ALTER name SET STATISTICS 500"],
            ["GRANT SELECT (id) ON target TO PUBLIC"],
            ["ALTER TABLE target REPLICA IDENTITY FULL"],
            ["ALTER TABLE target ADD CONSTRAINT u UNIQUE (id) DEFERRABLE"],
            ["COMMENT ON INDEX target_pkey IS 'precious'"],
            ["CLUSTER target USING target_pkey"],
            ["ALTER TABLE target ADD EXCLUDE (name WITH =)"],
        ],
        ids=lambda statements: statements[-1][:40],
    )
    def test_a_table_that_something_hangs_on_keeps_its_place(self, place: PostgresqlPlace, hanging: list[str]) -> None:
        run(place.writer(Mode.REPLACE), named(1))
        place.execute(*hanging)
        number = oid(place)
        run(place.writer(Mode.REPLACE, of=lineage(2)), named(2))
        assert oid(place) == number
        assert place.ids() == [2]
        assert not [name for name in place.tables() if name.startswith("_cd_")]

    def test_a_table_of_others_keeps_its_place(self, place: PostgresqlPlace) -> None:
        place.execute("CREATE TABLE target (id bigint, name text)")
        number = oid(place)
        run(place.writer(Mode.REPLACE), named(1))
        assert oid(place) == number

    def test_a_table_that_somebody_made_anew_keeps_its_place(self, place: PostgresqlPlace) -> None:
        run(place.writer(Mode.REPLACE), named(1))
        place.execute("DROP TABLE target", "CREATE TABLE target (id bigint, name text)")
        number = oid(place)
        run(place.writer(Mode.REPLACE, of=lineage(2)), named(2))
        assert oid(place) == number

    def test_rows_that_share_a_key_replace_nothing(self, place: PostgresqlPlace) -> None:
        run(place.writer(Mode.REPLACE), named(1))
        with pytest.raises(ConfigError) as caught:
            run(place.writer(Mode.REPLACE, of=lineage(2)), named(2, 2))
        assert caught.value.code == "duplicate_key"
        assert "name 2" not in caught.value.message
        assert place.ids() == [1]

    def test_a_swap_that_lost_its_fence_is_taken_back(self, place: PostgresqlPlace) -> None:
        run(place.writer(Mode.REPLACE), named(1))
        writer = place.writer(Mode.REPLACE, of=lineage(2))
        writer.take_over()
        writer.begin(at(0))
        writer.write(named(2), at(1), Refusals())
        place.execute("UPDATE crossdock_state SET fence = 3")
        with pytest.raises(FenceLost):
            writer.finish(at(1))
        assert place.ids() == [1]


class TestBytes:
    def source(self, place: PostgresqlPlace, columns: str = "id bigint PRIMARY KEY, name varchar(100)") -> Any:
        place.execute(
            f"CREATE TABLE source ({columns})",
            "INSERT INTO source (id, name) SELECT n, 'name ' || n FROM generate_series(1, 5) n",
        )
        return place.reading(Request(Table("source", "public"), native=True))

    @pytest.mark.parametrize(
        ("target", "reason"),
        [
            ("id bigint, name varchar(100)", ""),
            ("id integer, name varchar(100)", "id is bigint there and integer here"),
            ("id bigint, name varchar(99)", "name is character varying(100) there and character varying(99) here"),
            ("id bigint, name varchar(100) GENERATED ALWAYS AS ('x') STORED", "public.target fills a column by itself"),
        ],
    )
    def test_every_type_must_be_the_very_same(self, place: PostgresqlPlace, target: str, reason: str) -> None:
        reading = self.source(place)
        place.execute(f"CREATE TABLE target ({target})")
        writer = place.writer(Mode.APPEND, reading.stream.columns)
        writer.take_over()
        assert writer.bytes_refusal(reading) == reason

    def test_types_that_every_database_numbers_by_itself_are_refused(self, place: PostgresqlPlace) -> None:
        place.execute("CREATE TABLE target (id regclass)", "CREATE TABLE source (id regclass)")
        reading = place.reading(Request(Table("source", "public"), native=True))
        writer = place.writer(Mode.APPEND, reading.stream.columns, ())
        writer.take_over()
        assert writer.bytes_refusal(reading) == "id is regclass, whose bytes are not safe to hand on"

    def test_updates_by_bytes(self, place: PostgresqlPlace) -> None:
        reading = self.source(place)
        place.execute(
            "CREATE TABLE target (id bigint PRIMARY KEY, name varchar(100))",
            "INSERT INTO target VALUES (2, 'old'), (9, 'other')",
        )
        writer = place.writer(Mode.UPSERT, reading.stream.columns)
        writer.take_over()
        writer.begin(at(0))
        (stretch,) = reading.ranges()
        assert writer.write_bytes(stretch.chunks, at) == 5
        assert place.rows("SELECT id, name FROM target ORDER BY id") == [*pairs(1, 2, 3, 4, 5), (9, "other")]
        assert place.writer(Mode.UPSERT, of=lineage(2)).take_over() == Standing(at(5), done=False)

    def test_a_stop_between_two_chunks_takes_the_range_back(self, place: PostgresqlPlace) -> None:
        reading = self.source(place)
        writer = place.writer(Mode.REPLACE, reading.stream.columns)
        writer.take_over()
        writer.begin(at(0))
        (stretch,) = reading.ranges()

        def stopped() -> Iterator[bytes]:
            yield next(stretch.chunks)
            raise Stopped("cancel")

        with pytest.raises(Stopped):
            writer.write_bytes(stopped(), at)
        (stage,) = place.tables() - {"source", "crossdock_state"}
        assert place.rows(f"SELECT count(*) FROM {stage}") == [(0,)]
        writer.write([{"id": 1, "name": "a"}], at(1), Refusals())
        writer.finish(at(1))
        assert place.ids() == [1]

    def test_a_refused_row_refuses_its_range(self, place: PostgresqlPlace) -> None:
        reading = self.source(place)
        place.execute(
            "CREATE TABLE target (id bigint PRIMARY KEY, name varchar(100))", "INSERT INTO target VALUES (3, 'mine')"
        )
        writer = place.writer(Mode.APPEND, reading.stream.columns)
        writer.take_over()
        writer.begin(at(0))
        (stretch,) = reading.ranges()
        with pytest.raises(RecordError) as caught:
            writer.write_bytes(stretch.chunks, at)
        assert caught.value.code == "duplicate_key"
        assert place.ids() == [3]
        refusals = Refusals()
        writer.write(named(2, 3, 4), at(1), refusals)
        assert (place.ids(), refusals.codes) == ([2, 3, 4], {1: "duplicate_key"})


class TestPresentTables:
    def test_a_partitioned_table(self, place: PostgresqlPlace) -> None:
        place.execute(
            "CREATE TABLE target (id bigint PRIMARY KEY, name text) PARTITION BY RANGE (id)",
            "CREATE TABLE low PARTITION OF target FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE high PARTITION OF target FOR VALUES FROM (10) TO (20)",
        )
        for number, mode in enumerate((Mode.APPEND, Mode.UPSERT), 1):
            refusals = Refusals()
            run(place.writer(mode, of=lineage(step=mode)), named(number, 10 + number, 99), refusals=refusals)
            assert refusals.codes == {2: "check"}
        assert place.ids() == [1, 2, 11, 12]
        run(place.writer(Mode.REPLACE), named(3, 13))
        assert place.ids() == [3, 13]

    def test_numbers_that_the_table_would_give_itself_are_kept(self, place: PostgresqlPlace) -> None:
        place.execute("CREATE TABLE target (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text)")
        for number, mode in enumerate((Mode.APPEND, Mode.UPSERT, Mode.REPLACE), 1):
            run(place.writer(mode, of=lineage(number, step=mode)), named(6 + number))
        assert place.ids() == [9]

    def test_numbers_that_are_not_written_are_given_by_the_table(self, place: PostgresqlPlace) -> None:
        place.execute("CREATE TABLE target (id bigint GENERATED ALWAYS AS IDENTITY, name text UNIQUE)")
        columns = (Column("name", TEXT),)
        for number, mode in enumerate((Mode.APPEND, Mode.UPSERT, Mode.REPLACE), 1):
            run(
                place.writer(mode, columns, ("name",), of=lineage(number, step=mode)),
                [{"name": f"{mode} {row}"} for row in range(2)],
            )
        assert place.rows("SELECT id > 0, name FROM target ORDER BY id") == [(True, "replace 0"), (True, "replace 1")]

    def test_constraints_that_could_wait_are_asked_at_once(self, place: PostgresqlPlace) -> None:
        place.execute(
            "CREATE TABLE parent (id bigint PRIMARY KEY)",
            "INSERT INTO parent VALUES (1)",
            "CREATE TABLE target (id bigint REFERENCES parent DEFERRABLE INITIALLY DEFERRED, name text)",
        )
        refusals = Refusals()
        run(place.writer(Mode.APPEND), named(1, 2), refusals=refusals)
        assert refusals.codes == {1: "foreign_key"}
        assert place.ids() == [1]

    def test_a_trigger_may_refuse_a_row(self, place: PostgresqlPlace) -> None:
        place.execute(
            "CREATE TABLE target (id bigint, name text)",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN IF NEW.id = 2 THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER t BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION f()",
        )
        refusals = Refusals()
        run(place.writer(Mode.APPEND), named(1, 2, 3), refusals=refusals)
        assert [(row.index, row.code, row.message) for row in refusals.rows] == [
            (1, "refused_by_trigger", "not this one")
        ]

    def test_refusals_name_columns_and_constraints_but_no_other_rows(self, place: PostgresqlPlace) -> None:
        place.execute(
            "CREATE TABLE target (id bigint PRIMARY KEY, name varchar(30), born date, size smallint,"
            " secret text DEFAULT 'hidden' UNIQUE)",
            "INSERT INTO target VALUES (1, 'somebody', NULL, NULL, 'hidden')",
        )
        columns = (
            *ID_NAME,
            Column("born", Type(Kind.DATE)),
            Column("size", Type(Kind.INTEGER)),
            Column("secret", TEXT),
        )
        rows = [
            {"id": 1, "secret": "a"},
            {"id": 2, "secret": "hidden"},
            {"id": 3, "secret": "b", "born": "2023-02-29"},
            {"id": 4, "secret": "c", "size": 40000},
            {"id": 5, "secret": "d", "name": "x" * 31},
            {"id": 6, "secret": "e\0"},
            {"id": "x", "secret": "f"},
        ]
        refusals = Refusals()
        run(place.writer(Mode.APPEND, columns), rows, refusals=refusals)
        assert [(row.code, row.message) for row in refusals.rows] == [
            ("duplicate_key", "Another row has the same value in the unique index 'target_pkey'."),
            ("duplicate_key", "Another row has the same value in the unique index 'target_secret_key'."),
            ("invalid_value", "Column 'born': date/time field value out of range: \"2023-02-29\""),
            ("value_out_of_range", "Column 'size': value \"40000\" is out of range for type smallint"),
            ("value_too_long", "Column 'name': value too long for type character varying(30)"),
            ("invalid_value", "Column 'secret': PostgreSQL text cannot hold the character U+0000."),
            ("invalid_value", "Column 'id': invalid input syntax for type bigint: \"x\""),
        ]


class TestTypes:
    NATIVES = {
        "bigint": "9223372036854775807",
        "smallint": "-32768",
        "oid": "4294967295",
        "real": "3.4e38",
        "double precision": "NaN",
        "numeric": "-Infinity",
        "numeric(30,5)": "NaN",
        "numeric(3,5)": "0.00123",
        "boolean": "true",
        "character(5)": "a\\b  ",
        "character varying(5)": "ä\t€",
        "text": "\\.",
        "bytea": "\\x00ff5c",
        "bit(3)": "101",
        "bit varying(9)": "10",
        "date": "-infinity",
        "time(3) without time zone": "23:59:59.999",
        "time with time zone": "23:59:59+05:30",
        "timestamp(0) without time zone": "2024-02-29 23:59:59",
        "timestamp with time zone": "4713-01-01 00:00:00+00 BC",
        "interval": "1 year 2 mons -3 days 04:05:06.789",
        "interval day to second(2)": "3 days 04:05:06.78",
        "uuid": "0b5ad7a5-9d8a-4f4f-8f2c-0123456789ab",
        "json": '{"b": 1, "a": 1.0,  "b": null}',
        "jsonb": '{"a": [1.50, "\\\\n\\t"]}',
        "jsonpath": '$."a"',
        "inet": "::1/64",
        "cidr": "10.0.0.0/8",
        "macaddr": "08:00:2b:01:02:03",
        "macaddr8": "08:00:2b:01:02:03:04:05",
        "money": "-12.50",
        "tsvector": "'a':1 'b'",
        "tsquery": "'a' & 'b'",
        "int4range": "[1,5)",
        "tstzmultirange": '{["2024-01-01 00:00:00+00","2024-01-02 00:00:00+00")}',
        "point": "(1.5,-2)",
        "polygon": "((1,2),(3,4))",
        "path": "((1,2),(3,4))",
        "box": "(3,4),(1,2)",
        "pg_lsn": "16/B374D848",
        "integer[]": "{1,NULL,-3}",
        "text[]": '{"a,b","NULL",NULL,"\\"\\\\{}",""}',
        "numeric(10,2)[]": "{{1.10,2.20},{NaN,NULL}}",
        "jsonb[]": '{"{\\"a\\": \\"\\\\\\\\\\"}","1"}',
        "timestamp with time zone[]": '{"2024-02-29 23:59:59+00"}',
    }

    def fill(self, place: PostgresqlPlace) -> None:
        columns = [f"c{number} {native}" for number, native in enumerate(self.NATIVES)]
        place.execute(f"CREATE TABLE source (id bigint PRIMARY KEY, {', '.join(columns)})")
        marks = ", ".join(["%s"] * len(self.NATIVES))
        place.superuser.execute(f"INSERT INTO source VALUES (1, {marks})", list(self.NATIVES.values()))
        place.execute("INSERT INTO source (id) VALUES (2)")

    def same(self, place: PostgresqlPlace) -> None:
        shape = (
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attnum > 0 AND attrelid = '{}'::regclass"
        )
        assert place.rows(shape.format("target")) == place.rows(shape.format("source"))
        rows = "SELECT {0}::text FROM {0} ORDER BY id"
        assert place.rows(rows.format("target")) == place.rows(rows.format("source"))

    def test_every_type_of_its_own_arrives_by_rows(self, place: PostgresqlPlace) -> None:
        self.fill(place)
        for number, mode in enumerate(Mode):
            reading = place.reading(Request(Table("source", "public"), native=True))
            refusals = Refusals()
            writer = place.writer(mode, reading.stream.columns, of=lineage(number, step=mode))
            run(writer, *[page.rows for page in reading.pages()], refusals=refusals)
            assert refusals.rows == []
            self.same(place)
            place.execute("DROP TABLE target")

    def test_every_type_of_its_own_arrives_by_bytes(self, place: PostgresqlPlace) -> None:
        self.fill(place)
        for number, mode in enumerate(Mode):
            reading = place.reading(Request(Table("source", "public"), native=True))
            writer = place.writer(mode, reading.stream.columns, of=lineage(number, step=mode))
            writer.take_over()
            assert writer.bytes_refusal(reading) == ""
            writer.begin(at(0))
            counts = [writer.write_bytes(stretch.chunks, at) for stretch in reading.ranges()]
            writer.finish(at(99))
            assert counts == [2]
            self.same(place)
            place.execute("DROP TABLE target")

    def test_types_of_users_become_text(self, place: PostgresqlPlace) -> None:
        place.execute(
            "CREATE TYPE mood AS ENUM ('sad', 'ok')",
            "CREATE DOMAIN short AS varchar(5)",
            "CREATE TABLE source (id bigint PRIMARY KEY, mood mood, short short)",
            "INSERT INTO source VALUES (1, 'ok', 'abc')",
        )
        reading = place.reading(Request(Table("source", "public"), native=True))
        run(place.writer(Mode.UPSERT, reading.stream.columns), *[page.rows for page in reading.pages()])
        assert place.rows("SELECT * FROM target") == [(1, "ok", "abc")]
        assert [column.native for column in place.describe(place.table).columns] == [
            "bigint",
            "text",
            "character varying(5)",
        ]

    def test_another_databases_type_of_the_same_name_is_not_taken_for_ours(self, place: PostgresqlPlace) -> None:
        columns = (
            Column("id", Type(Kind.INTEGER, size=64), native="integer"),
            Column("at", Type(Kind.TIMESTAMPTZ, precision=0), native="timestamp"),
            Column("list", TEXT, native="enum('a','b')"),
        )
        run(place.writer(Mode.APPEND, columns), [{"id": 2**40, "at": "2024-01-01 00:00:00+00:00", "list": "a"}])
        assert [column.native for column in place.describe(place.table).columns] == [
            "bigint",
            "timestamp(0) with time zone",
            "text",
        ]

    def test_lists_of_an_api_become_arrays(self, place: PostgresqlPlace) -> None:
        columns = (
            ID,
            Column("tags", Type(Kind.ARRAY, element=TEXT)),
            Column("sizes", Type(Kind.ARRAY, element=ID.type)),
        )
        rows = [
            {"id": 1, "tags": ["a", None, 'b"\\,{}', "NULL", ""], "sizes": [[1, 2], [3, 4]]},
            {"id": 2, "tags": RawJson('["\\u00e4", 1.10, true]'), "sizes": RawJson("[]")},
            {"id": 3, "tags": RawJson('{"not": "a list"}'), "sizes": None},
        ]
        refusals = Refusals()
        run(place.writer(Mode.APPEND, columns), rows, refusals=refusals)
        assert place.rows("SELECT tags, sizes FROM target ORDER BY id") == [
            (["a", None, 'b"\\,{}', "NULL", ""], [[1, 2], [3, 4]]),
            (["ä", "1.10", "t"], []),
        ]
        assert refusals.codes == {2: "invalid_value"}
