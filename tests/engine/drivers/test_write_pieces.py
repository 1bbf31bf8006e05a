"""The parts of writing that need no database."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract import Lineage, Rejected
from engine.drivers.sql import write_names
from engine.drivers.sql.mysql import ddl as mysql_ddl
from engine.drivers.sql.postgresql import ddl
from engine.drivers.sql.postgresql.copy_text import CopyText
from engine.drivers.sql.write_rejects import SINGLY_AFTER, Refusal, load
from engine.drivers.sql.write_values import UnwritableError
from engine.schema import Column, Kind, RawJson, Row, Type
from tests.engine.drivers.destinations import lineage


class TestLoad:
    @given(
        st.integers(0, 400).flatmap(
            lambda size: st.tuples(
                st.just(size),
                st.sets(st.integers(0, max(size - 1, 0)), max_size=size),
                st.sets(st.integers(0, max(size - 1, 0)), max_size=3),
            )
        )
    )
    def test_writes_what_can_be_written_in_order_and_tells_of_the_rest(
        self, case: tuple[int, set[int], set[int]]
    ) -> None:
        size, refused, unwritable = case
        written: list[int] = []

        def convert(rows: Sequence[Row]) -> list[int]:
            if any(row["id"] in unwritable for row in rows):
                raise UnwritableError("no")
            return [row["id"] for row in rows]

        def attempt(items: Sequence[int]) -> Refusal | None:
            if refused.intersection(items):
                return Refusal("check", "bad")
            written.extend(items)
            return None

        rejected = load([{"id": number} for number in range(size)], convert, attempt)
        bad = sorted((refused | unwritable) & set(range(size)))
        assert written == [number for number in range(size) if number not in bad]
        assert [row.index for row in rejected] == bad

    def test_goes_row_by_row_when_so_many_are_bad(self) -> None:
        sizes: list[int] = []

        def attempt(items: Sequence[int]) -> Refusal | None:
            sizes.append(len(items))
            return Refusal("check", "bad")

        rejected = load([{"id": number} for number in range(1000)], lambda rows: list(range(len(rows))), attempt)
        assert len(rejected) == 1000
        assert max(sizes[sizes.index(1) :][2 * SINGLY_AFTER :]) == 1
        assert len(sizes) < 1000 + 3 * SINGLY_AFTER

    def test_without_all_or_nothing_every_row_goes_alone(self) -> None:
        sizes: list[int] = []

        def attempt(items: Sequence[int]) -> Refusal | None:
            sizes.append(len(items))
            return Refusal("check", "bad") if items == [2] else None

        rejected = load([{"id": 1}] * 4, lambda rows: list(range(len(rows))), attempt, is_atomic=False)
        assert (sizes, rejected) == ([1] * 4, [Rejected(2, "check", "bad")])


class TestCopyText:
    @pytest.mark.parametrize(
        ("kind", "value", "text"),
        [
            (Kind.TEXT, "a\tb\nc\rd\\e", "a\\tb\\nc\\rd\\\\e"),
            (Kind.TEXT, 1.0, "1.0"),
            (Kind.TEXT, True, "true"),
            (Kind.TEXT, {"a": "\n"}, '{"a":"\\\\n"}'),
            (Kind.INTEGER, True, "1"),
            (Kind.INTEGER, 3.0, "3"),
            (Kind.INTEGER, 2**70, str(2**70)),
            (Kind.DECIMAL, 1e-7, "1e-07"),
            (Kind.DECIMAL, float("nan"), "nan"),
            (Kind.FLOAT, -0.0, "-0.0"),
            (Kind.FLOAT, float("inf"), "inf"),
            (Kind.BOOLEAN, False, "false"),
            (Kind.BOOLEAN, 1, "1"),
            (Kind.BINARY, b"\x00\xff", "\\\\x00ff"),
            (Kind.BINARY, "ä", "\\\\xc3a4"),
            (Kind.JSON, "text", '"text"'),
            (Kind.JSON, RawJson('{"a": 1.50}'), '{"a": 1.50}'),
            (Kind.JSON, [RawJson("1.50"), {"b": None}], '[1.50,{"b":null}]'),
            (Kind.DATE, None, "\\N"),
        ],
    )
    def test_values(self, kind: Kind, value: object, text: str) -> None:
        assert CopyText([Column("a", Type(kind))]).lines([{"a": value}]) == [text.encode()]

    @pytest.mark.parametrize(
        ("element", "value", "text"),
        [
            (Kind.TEXT, ["a", None, 'q"\\', "", "NULL"], '{"a",NULL,"q\\\\"\\\\\\\\","","NULL"}'),
            (Kind.INTEGER, [[1, 2], [3, None]], '{{"1","2"},{"3",NULL}}'),
            (Kind.BOOLEAN, [True, False], '{"t","f"}'),
            (Kind.BINARY, [b"\x00"], '{"\\\\\\\\x00"}'),
            (Kind.DECIMAL, RawJson("[1.10, 12345678901234567890.5, NaN]"), '{"1.10","12345678901234567890.5","NaN"}'),
            (Kind.JSON, RawJson('[{"a": 1.0}, "x", null]'), '{"{\\\\"a\\\\":1.0}","\\\\"x\\\\"",NULL}'),
            (Kind.TEXT, "{its,own}", "{its,own}"),
        ],
    )
    def test_arrays(self, element: Kind, value: object, text: str) -> None:
        column = Column("a", Type(Kind.ARRAY, element=Type(element)))
        assert CopyText([column]).lines([{"a": value}]) == [text.encode()]

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            (Kind.TEXT, "a\0b"),
            (Kind.TEXT, "\ud800"),
            (Kind.TEXT, b"bytes"),
            (Kind.TEXT, object()),
            (Kind.JSON, {"a": b""}),
            (Kind.JSON, 2**70),
            (Kind.ARRAY, RawJson('{"a": 1}')),
            (Kind.ARRAY, RawJson("[1,")),
        ],
    )
    def test_values_that_nothing_can_write(self, kind: Kind, value: object) -> None:
        with pytest.raises(UnwritableError):
            CopyText([Column("a", Type(kind))]).lines([{"a": value}])

    def test_columns_of_mixed_values_and_missing_fields(self) -> None:
        text = CopyText([Column("a", Type(Kind.TEXT)), Column("b", Type(Kind.INTEGER))])
        rows = [{"a": "x", "b": 1}, {"a": 2, "b": None}, {"b": True}, {"a": None, "b": "7", "c": 0}]
        assert text.lines(rows) == [b"x\t1", b"2\t\\N", b"\\N\t1", b"\\N\t7"]

    def test_no_rows_are_no_lines(self) -> None:
        for names in ("a", "ab"):
            assert CopyText([Column(name, Type(Kind.TEXT)) for name in names]).lines([]) == []


class TestNames:
    def test_a_stage_tells_its_step_job_and_fence(self) -> None:
        ours = lineage(12, job="j" * 24, step="s" * 24)
        name = write_names.stage_name(ours)
        stage = write_names.parse_stage(name)
        assert stage is not None
        assert name.startswith(write_names.stage_prefix(ours))
        assert (stage.fence, stage.is_old, write_names.is_of_job(stage, ours)) == (12, False, True)
        assert not write_names.is_of_job(stage, lineage(12, job="other"))
        old = write_names.parse_stage(write_names.old_name(name))
        assert old is not None
        assert old.is_old
        assert not name.startswith(write_names.stage_prefix(lineage(12, step="t" * 24)))

    def test_they_fit_every_database(self) -> None:
        longest = Lineage("s" * 64, "orders" * 40, "j" * 64, 2**63 - 1)
        assert len(write_names.old_name(write_names.stage_name(longest))) <= 63
        assert len(write_names.session_name(longest)) <= 63
        assert len(write_names.session_mark(longest, longest.fence)) <= 64

    def test_a_stranger_is_no_stage(self) -> None:
        assert write_names.parse_stage("_cd_orders") is None


class TestNatives:
    @pytest.mark.parametrize(
        ("native", "portable", "made"),
        [
            ("timestamp(3) with time zone", Type(Kind.TIMESTAMPTZ, precision=3), "timestamp(3) with time zone"),
            ("numeric(10,-2)[]", Type(Kind.ARRAY, element=Type(Kind.DECIMAL)), "numeric(10,-2)[]"),
            ("interval day to second(3)", Type(Kind.INTERVAL), "interval day to second(3)"),
            ("integer", Type(Kind.INTEGER, size=64), "bigint"),
            ("json", Type(Kind.TEXT), "text"),
            ("text; DROP TABLE x", Type(Kind.TEXT), "text"),
            ("text\n", Type(Kind.TEXT), "text"),
            ("public.mood", Type(Kind.TEXT), "text"),
            ("", Type(Kind.DECIMAL, precision=2000, scale=5), "numeric"),
            ("", Type(Kind.TEXT, size=20_000_000), "text"),
            ("", Type(Kind.ARRAY, element=Type(Kind.UUID)), "uuid[]"),
            ("", Type(Kind.INTEGER), "bigint"),
            ("", Type(Kind.TIME, precision=9), "time(6) without time zone"),
        ],
    )
    def test_postgresql(self, native: str, portable: Type, made: str) -> None:
        assert ddl.native(Column("a", portable, native=native)) == made

    @pytest.mark.parametrize(
        ("native", "portable", "made"),
        [
            ("int(10) unsigned", Type(Kind.INTEGER, size=64), "int(10) unsigned"),
            ("int(10) unsigned", Type(Kind.TEXT), "LONGTEXT"),
            ("enum('a','b''c')", Type(Kind.TEXT, size=3), "enum('a','b''c')"),
            ("enum('a') , x int, y enum('b')", Type(Kind.TEXT), "LONGTEXT"),
            ("varchar(20) collate utf8mb4_bin", Type(Kind.TEXT, size=20), "VARCHAR(20)"),
            ("text collate utf8mb4_bin", Type(Kind.TEXT), "text"),
            ("", Type(Kind.TEXT), "LONGTEXT"),
            ("", Type(Kind.DECIMAL), "DECIMAL(65,30)"),
            ("", Type(Kind.DECIMAL, precision=80, scale=5), "DECIMAL(65,5)"),
            ("", Type(Kind.DECIMAL, precision=3, scale=5), "DECIMAL(5,5)"),
            ("", Type(Kind.TIMESTAMPTZ), "DATETIME(6)"),
            ("", Type(Kind.UUID), "CHAR(36)"),
            ("", Type(Kind.ARRAY), "JSON"),
        ],
    )
    def test_mysql(self, native: str, portable: Type, made: str) -> None:
        words = mysql_ddl.Words("utf8mb4_bin", "CHAR(36)")
        assert mysql_ddl.natives([Column("a", portable, native=native)], (), words) == [made]

    def test_a_key_of_mysql_fits_into_its_index(self) -> None:
        words = mysql_ddl.Words("utf8mb4_bin", "CHAR(36)")
        columns = [
            Column("n", Type(Kind.INTEGER, size=64)),
            Column("a", Type(Kind.TEXT)),
            Column("b", Type(Kind.TEXT, size=10)),
            Column("c", Type(Kind.BINARY)),
        ]
        assert mysql_ddl.natives(columns, ("n", "a", "b", "c"), words) == [
            "BIGINT",
            "VARCHAR(253)",
            "VARCHAR(10)",
            "VARBINARY(1013)",
        ]
