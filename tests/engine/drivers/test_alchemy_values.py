"""Types and values of databases that are read through SQLAlchemy, each on the real thing."""

from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import String, cast

from engine.contract import Condition, Operator, Request
from engine.drivers.sql.alchemy import types
from engine.drivers.sql.alchemy.clickhouse import ClickhouseDriver
from engine.drivers.sql.alchemy.mssql import MssqlDriver
from engine.drivers.sql.alchemy.oracle import OracleDriver
from engine.drivers.sql.alchemy.selects import Texts
from engine.drivers.sql.alchemy.trino import TrinoDriver
from engine.drivers.sql.alchemy.values import TextualMoments
from engine.errors import ConfigError
from engine.schema import Column, Kind, Query, Row, Type
from tests.engine.drivers import alchemy_systems
from tests.engine.drivers.conformance import rows_of
from tests.engine.drivers.systems import Duckdb, mariadb, postgresql

# A type of DuckDB's, a value, what it is described as and what is read.
VALUES = [
    ("boolean", "true", Type(Kind.BOOLEAN), True),
    ("tinyint", "-1", Type(Kind.INTEGER, size=16), -1),
    ("utinyint", "255", Type(Kind.INTEGER, size=16), 255),
    ("integer", "7", Type(Kind.INTEGER, size=32), 7),
    ("uinteger", "4294967295", Type(Kind.INTEGER, size=64), 4294967295),
    ("bigint", "9007199254740993", Type(Kind.INTEGER, size=64), 9007199254740993),
    ("ubigint", "18446744073709551615", Type(Kind.DECIMAL, precision=20, scale=0), "18446744073709551615"),
    ("hugeint", "-170141183460469231731687303715884105727", Type(Kind.DECIMAL, precision=39, scale=0), None),
    ("float", "1.5", Type(Kind.FLOAT, size=32), 1.5),
    ("double", "0.1", Type(Kind.FLOAT, size=64), 0.1),
    ("decimal(10,2)", "12.50", Type(Kind.DECIMAL, precision=10, scale=2), "12.50"),
    ("varchar(3)", "'ab'", Type(Kind.TEXT), "ab"),
    ("blob", "'\\x00\\xFF'", Type(Kind.BINARY), b"\x00\xff"),
    ("date", "'2024-02-29'", Type(Kind.DATE), "2024-02-29"),
    ("time", "'23:59:59.5'", Type(Kind.TIME, precision=6), "23:59:59.5"),
    ("timestamp", "'2024-02-29 23:59:59.5'", Type(Kind.TIMESTAMP, precision=6), "2024-02-29 23:59:59.5"),
    ("timestamp_s", "'2024-02-29 23:59:59'", Type(Kind.TIMESTAMP, precision=0), "2024-02-29 23:59:59"),
    (
        "timestamptz",
        "'2024-02-29 23:59:59.25+02:00'",
        Type(Kind.TIMESTAMPTZ, precision=6),
        "2024-02-29 21:59:59.25+00:00",
    ),
    ("interval", "'1 day 2 hours'", Type(Kind.INTERVAL), "P1DT7200S"),
    ("uuid", "'A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11'", Type(Kind.UUID), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("json", """'{"a": [1, null]}'""", Type(Kind.JSON), '{"a": [1, null]}'),
    ("integer[]", "[1, 2, NULL]", Type(Kind.ARRAY), "[1,2,null]"),
    ("struct(a integer, b decimal(4,1))", "{'a': 1, 'b': 2.5}", Type(Kind.JSON), '{"a":1,"b":"2.5"}'),
    ("map(varchar, integer)", "map {'x': 1}", Type(Kind.JSON), '{"x":1}'),
    ("enum('a', 'b')", "'b'", Type(Kind.TEXT), "b"),
    ("bit", "'101'", Type(Kind.TEXT), "101"),
]
NAMES = [f"c{number}" for number in range(len(VALUES))]


@pytest.fixture(scope="module")
def duckdb(tmp_path_factory):
    system = Duckdb(tmp_path_factory.mktemp("duckdb"))
    shapes = ", ".join(f"{name} {shape}" for name, (shape, *_) in zip(NAMES, VALUES, strict=True))
    values = ", ".join(f"{value}::{shape}" for shape, value, *_ in VALUES)
    with system.writing() as connection:
        connection.execute(f"CREATE TABLE every (id integer PRIMARY KEY, {shapes})")
        connection.execute(f"INSERT INTO every SELECT 1, {values}")
        connection.execute("INSERT INTO every (id) VALUES (2)")
    return system


@pytest.mark.parametrize("source", ["table", "query"])
def test_reads_every_type_of_duckdb(duckdb, source):
    asked = duckdb.table("every") if source == "table" else Query("SELECT * FROM every ORDER BY id")
    with closing(duckdb.driver().read(Request(asked))) as reading:
        described = [(column.name, column.type) for column in reading.stream.columns[1:]]
        [row, nulls] = [row for page in reading.pages() for row in page.rows]
    duckdb.close_drivers()
    assert described == [(name, type_) for name, (_, _, type_, _) in zip(NAMES, VALUES, strict=True)]
    expected = {name: value if read is None else read for name, (_, value, _, read) in zip(NAMES, VALUES, strict=True)}
    assert row == {"id": 1} | expected
    assert nulls == {"id": 2} | dict.fromkeys(NAMES)


ORDERED = [
    ("boolean", ["false", "true"]),
    ("bigint", ["-5", "9007199254740993"]),
    ("hugeint", ["1", "170141183460469231731687303715884105727"]),
    ("decimal(20, 4)", ["-0.0001", "0.0000", "1234567890123456.7891"]),
    ("date", ["'0044-03-15'", "'2024-02-29'"]),
    ("time", ["'00:00:00'", "'23:59:59.999999'"]),
    ("timestamp", ["'2024-02-29 23:59:59.000001'", "'2024-02-29 23:59:59.000002'"]),
    ("timestamptz", ["'2024-02-29 23:59:59.5+00'", "'2024-02-29 23:59:59.6+00'"]),
    ("uuid", ["'00000000-0000-0000-0000-000000000001'", "'ffffffff-0000-0000-0000-000000000000'"]),
    ("blob", ["'\\x00'", "'\\xFF'"]),
]


@pytest.fixture(scope="module")
def pages_of_one(tmp_path_factory):
    system = Duckdb(tmp_path_factory.mktemp("ordered"))
    with system.writing() as connection:
        for number, (shape, values) in enumerate(ORDERED):
            connection.execute(f"CREATE TABLE t{number} (k {shape} PRIMARY KEY)")
            connection.execute(f"INSERT INTO t{number} VALUES {', '.join(f'({value})' for value in values)}")
        connection.execute("CREATE TABLE shortened (k timestamp_ns PRIMARY KEY)")
    return system


def test_pages_by_keys_of_every_ordered_type(pages_of_one):
    driver = pages_of_one.driver()
    for number, (shape, values) in enumerate(ORDERED):
        table = pages_of_one.table(f"t{number}")
        rows = rows_of(driver.read(Request(table, page_rows=1)))
        assert len(rows) == len(values), shape
        assert rows == rows_of(driver.read(Request(table, page_rows=10))), shape
        if shape != "blob":
            later = Request(table, cursor="k", since=rows[0]["k"], strict=True)
            assert rows_of(driver.read(later)) == rows[1:], shape
    pages_of_one.close_drivers()


def test_has_no_key_of_more_digits_than_the_client_keeps(pages_of_one):
    driver = pages_of_one.driver()
    assert driver.describe(pages_of_one.table("shortened")).key == ()
    with pytest.raises(ConfigError) as refusal:
        driver.read(Request(pages_of_one.table("shortened"), cursor="k"))
    assert refusal.value.code == "invalid_cursor"
    pages_of_one.close_drivers()


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        (Operator.EQUALS, 2, [2]),
        (Operator.NOT_EQUALS, 2, [1, 3, 4]),
        (Operator.GREATER, 2, [3]),
        (Operator.ANY_OF, [1, "3"], [1, 3]),
        (Operator.EMPTY, None, [4]),
        (Operator.NOT_EMPTY, None, [1, 2, 3]),
    ],
)
def test_leaves_out_rows_by_whole_numbers(tmp_path, operator, value, found):
    system = Duckdb(tmp_path)
    table = system.make("numbers", [{"id": n, "n": n if n < 4 else None} for n in (1, 2, 3, 4)], key=["id"])
    driver, condition = system.driver(), Condition("n", operator, value)
    assert driver.judges(condition, driver.describe(table).columns[1])
    assert [row["id"] for row in rows_of(driver.read(Request(table, where=(condition,))))] == found
    assert not driver.judges(Condition("name", Operator.EQUALS, "a"), Column("name", Type(Kind.TEXT)))
    system.close_drivers()


# On servers, by the dialects that SQLAlchemy brings


SHAPES = {
    "flag": "boolean",
    "small": "smallint",
    "big": "bigint",
    "exact": "decimal(12,4)",
    "single": "double precision",
    "day": "date",
    "moment": "timestamp(6)",
}
GIVEN = ("true", "-7", "9007199254740993", "-12.5000", "0.1", "'2024-02-29'", "'2024-02-29 23:59:59.000001'")
READ: Row = {
    "flag": True,
    "small": -7,
    "big": 9007199254740993,
    "exact": "-12.5000",
    "single": 0.1,
    "day": "2024-02-29",
    "moment": "2024-02-29 23:59:59.000001",
}


def make(system: Any) -> None:
    shapes = ", ".join(f"{name} {shape}" for name, shape in SHAPES.items())
    system.execute(f"CREATE TABLE every (id integer PRIMARY KEY, {shapes})")
    system.execute(f"INSERT INTO every VALUES (1, {', '.join(GIVEN)})")


def test_reads_the_types_of_postgresql():
    with postgresql() as system:
        make(system)
        system.execute("ALTER TABLE every ADD tags integer[], ADD doc jsonb, ADD raw bytea, ADD zoned timestamptz")
        system.execute(
            r"""UPDATE every SET tags = '{1,NULL}', doc = '{"a": 1.5}', raw = '\x00ff', zoned = '2024-02-29 12:00+02'"""
        )
        driver = alchemy_systems.Postgresql(system.settings, system.secrets, system.surroundings)
        with closing(driver):
            [row] = rows_of(driver.read(Request(system.table("every"))))
    more = {"tags": "[1,null]", "doc": '{"a":1.5}', "raw": b"\x00\xff", "zoned": "2024-02-29 10:00:00+00:00"}
    assert row == {"id": 1} | READ | more


def test_reads_the_types_of_mariadb():
    with mariadb() as system:
        make(system)
        driver = alchemy_systems.Mariadb(system.settings, system.secrets, system.surroundings)
        with closing(driver):
            assert driver.describe(system.table("every")).key == ("id",)
            rows = rows_of(driver.read(Request(system.table("every"), page_rows=1)))
    assert rows == [{"id": 1} | READ | {"flag": 1, "moment": "2024-02-29 23:59:59.000001+00:00"}]


class Textual(alchemy_systems.Postgresql):
    """As SQL Server, Snowflake and Trino are read: moments as texts, and compared with texts."""

    values = TextualMoments()
    has_all_digits = True

    def show(self, column: Column, plain: Any) -> Any:
        return cast(plain, String) if column.type.kind is Kind.TIMESTAMP else plain

    def compare(self, column: Column) -> Any:
        return Texts(column.native) if column.type.kind is Kind.TIMESTAMP else None


def test_pages_by_moments_that_are_read_as_texts():
    moments = [f"2024-02-29 23:59:59.00000{digit}" for digit in range(1, 6)]
    with postgresql() as system:
        system.execute("CREATE TABLE moments (at timestamp(6) PRIMARY KEY)")
        for moment in moments:
            system.execute("INSERT INTO moments VALUES (%s)", [moment])
        driver = Textual(system.settings, system.secrets, system.surroundings)
        with closing(driver):
            assert driver.describe(system.table("moments")).key == ("at",)
            rows = rows_of(driver.read(Request(system.table("moments"), page_rows=2)))
            request = Request(system.table("moments"), cursor="at", since=moments[2], strict=True, page_rows=2)
            later = rows_of(driver.read(request))
    assert rows == [{"at": moment} for moment in moments]
    assert later == [{"at": moment} for moment in moments[3:]]


@pytest.mark.parametrize(
    ("driver", "native", "expected"),
    [
        (MssqlDriver, "bit", Type(Kind.BOOLEAN)),
        (MssqlDriver, "nvarchar(100)", Type(Kind.TEXT, size=100)),
        (MssqlDriver, "datetime2(7)", Type(Kind.TIMESTAMP, precision=7)),
        (MssqlDriver, "datetimeoffset(3)", Type(Kind.TIMESTAMPTZ, precision=3)),
        (MssqlDriver, "timestamp", Type(Kind.BINARY)),
        (MssqlDriver, "decimal(10, 2)", Type(Kind.DECIMAL, precision=10, scale=2)),
        (OracleDriver, "NUMBER(10, -2)", Type(Kind.DECIMAL, precision=12, scale=0)),
        (OracleDriver, "NUMBER", Type(Kind.DECIMAL)),
        (OracleDriver, "DATE", Type(Kind.TIMESTAMP, precision=0)),
        (OracleDriver, "TIMESTAMP(9)", Type(Kind.TIMESTAMP, precision=9)),
        (OracleDriver, "TIMESTAMP(6) WITH TIME ZONE", Type(Kind.TIMESTAMPTZ, precision=6)),
        (OracleDriver, "INTERVAL DAY(2) TO SECOND(6)", Type(Kind.TEXT)),
        (TrinoDriver, "timestamp(9) with time zone", Type(Kind.TIMESTAMPTZ, precision=9)),
        (TrinoDriver, "varchar(10)", Type(Kind.TEXT, size=10)),
        (TrinoDriver, "array(row(a bigint))", Type(Kind.ARRAY)),
        (TrinoDriver, "map(varchar, bigint)", Type(Kind.JSON)),
        (ClickhouseDriver, "Nullable(Decimal(18, 4))", Type(Kind.DECIMAL, precision=18, scale=4)),
        (ClickhouseDriver, "LowCardinality(Nullable(String))", Type(Kind.TEXT)),
        (ClickhouseDriver, "DateTime64(6, 'Europe/Berlin')", Type(Kind.TIMESTAMPTZ, precision=6)),
        (ClickhouseDriver, "DateTime('UTC')", Type(Kind.TIMESTAMPTZ, precision=0)),
        (ClickhouseDriver, "UInt64", Type(Kind.DECIMAL, precision=20, scale=0)),
        (ClickhouseDriver, "FixedString(3)", Type(Kind.TEXT, size=3)),
        (ClickhouseDriver, "Array(Nullable(Int8))", Type(Kind.ARRAY)),
        (ClickhouseDriver, "Enum8('a' = 1)", Type(Kind.TEXT)),
    ],
)
def test_knows_what_types_are_called(driver, native, expected):
    assert types.portable(native, driver.natives) == expected
