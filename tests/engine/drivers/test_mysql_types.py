from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from engine.contract import Request
from engine.schema import Column, Kind, Query, RawJson, Type
from tests.engine.drivers.conformance import rows_of
from tests.engine.drivers.systems import Mariadb, mariadb

TEXT = Type(Kind.TEXT)
BIGGEST = str(2**64 - 1)


def integer(bits: int) -> Type:
    return Type(Kind.INTEGER, size=bits)


def decimal(precision: int, scale: int) -> Type:
    return Type(Kind.DECIMAL, precision=precision, scale=scale)


# A type as the catalogue spells it, what it is everywhere, and pairs of an expression and the value that is read.
TYPES: list[tuple[str, Type, list[tuple[str, Any]]]] = [
    ("tinyint(1)", Type(Kind.BOOLEAN), [("0", False), ("1", True), ("2", 2), ("-1", -1)]),
    ("tinyint(4)", integer(8), [("-128", -128)]),
    ("tinyint(3) unsigned", integer(16), [("255", 255)]),
    ("smallint(6)", integer(16), [("-32768", -32768)]),
    ("smallint(5) unsigned", integer(32), [("65535", 65535)]),
    ("mediumint(9)", integer(32), [("-8388608", -8388608)]),
    ("int(11)", integer(32), [("2147483647", 2147483647)]),
    ("int(10) unsigned", integer(64), [("4294967295", 4294967295)]),
    ("bigint(20)", integer(64), [("-9223372036854775808", -(2**63))]),
    ("bigint(20) unsigned", decimal(20, 0), [(BIGGEST, BIGGEST)]),
    ("bit(1)", Type(Kind.BOOLEAN), [("1", True), ("0", False)]),
    ("bit(9)", integer(64), [("b'100000001'", 257)]),
    ("bit(64)", decimal(20, 0), [(BIGGEST, BIGGEST)]),
    ("decimal(65,30)", decimal(65, 30), [("-12.5", "-12.5" + "0" * 29)]),
    ("decimal(8,2) unsigned", decimal(8, 2), [("7", "7.00")]),
    ("float", Type(Kind.FLOAT, size=32), [("0.1", 0.1), ("16777216", 16777216.0), ("3.4028235e38", 3.4028235e38)]),
    ("double", Type(Kind.FLOAT, size=64), [("0.1", 0.1), ("1.7976931348623157e308", 1.7976931348623157e308)]),
    ("date", Type(Kind.DATE), [("'2024-02-29'", "2024-02-29"), ("'0000-00-00'", "0000-00-00")]),
    ("time(2)", Type(Kind.TIME, precision=2), [("'23:59:59.5'", "23:59:59.50"), ("'-838:59:59'", "-838:59:59.00")]),
    (
        "datetime(6)",
        Type(Kind.TIMESTAMP, precision=6),
        [("'2024-02-29 23:59:59.5'", "2024-02-29 23:59:59.500000"), ("0", "0000-00-00 00:00:00.000000")],
    ),
    ("datetime", Type(Kind.TIMESTAMP, precision=0), [("'2024-02-29 23:59:59'", "2024-02-29 23:59:59")]),
    (
        "timestamp(3)",
        Type(Kind.TIMESTAMPTZ, precision=3),
        [("'2024-03-01 01:00:00.25'", "2024-02-29 23:00:00.250+00:00")],
    ),
    ("year(4)", integer(16), [("2155", 2155)]),
    ("varchar(9) collate utf8mb4_bin", Type(Kind.TEXT, size=9), [("'it''s 表😀'", "it's 表😀"), ("''", "")]),
    ("char(4) collate utf8mb4_bin", Type(Kind.TEXT, size=4), [("'x'", "x")]),
    ("text collate utf8mb4_bin", TEXT, [("'\\t\\n\\\\\"'", '\t\n\\"')]),
    ("longtext collate utf8mb4_bin", TEXT, [("'x'", "x")]),
    ("binary(3)", Type(Kind.BINARY, size=3), [("x'00ff'", b"\x00\xff\x00")]),
    ("varbinary(9)", Type(Kind.BINARY, size=9), [("x'00ff27'", b"\x00\xff'"), ("''", b"")]),
    ("longblob", Type(Kind.BINARY), [("x'5c'", b"\\")]),
    ("json", Type(Kind.JSON), [("'{\"a\":  1.0}'", '{"a":  1.0}')]),
    ("enum('so so','b''c') collate utf8mb4_bin", Type(Kind.TEXT, size=5), [("'b''c'", "b'c")]),
    ("set('a','b','c') collate utf8mb4_bin", Type(Kind.TEXT, size=5), [("'c,a'", "a,c"), ("''", "")]),
    ("point", TEXT, [("Point(1, 2.5)", "POINT(1 2.5)")]),
    (
        "uuid",
        Type(Kind.UUID),
        [("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")],
    ),
    ("inet6", TEXT, [("'2001:db8::1'", "2001:db8::1")]),
]
# What a result does not tell of its columns.
LESS_IN_RESULTS = {
    "json": TEXT,
    "uuid": Type(Kind.TEXT, size=36),
    "inet6": Type(Kind.TEXT, size=39),
    "point": Type(Kind.BINARY),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Mariadb]:
    with mariadb() as system:
        system.execute("SET sql_mode = '', time_zone = '+02:00'")
        for number, (native, _, pairs) in enumerate(TYPES):
            system.execute(f"CREATE TABLE typed_{number} (id integer PRIMARY KEY, v {native} NULL)")
            for place, (expression, _) in enumerate(pairs):
                system.execute(f"INSERT INTO typed_{number} VALUES ({place}, {expression})")
            system.execute(f"INSERT INTO typed_{number} VALUES (1000, NULL)")
        yield system


@pytest.fixture
def system(server) -> Iterator[Mariadb]:
    yield server
    server.close_drivers()


@pytest.fixture(params=range(len(TYPES)), ids=[native for native, *_ in TYPES])
def case(request, system):
    return system.table(f"typed_{request.param}"), *TYPES[request.param]


def test_describes(system, case):
    table, native, type_, _ = case
    assert system.driver().describe(table).column("v") == Column("v", type_, native=native)


def test_a_survey_describes_every_type_alike(system):
    driver = system.driver()
    surveyed = {one.table.name: one for one in driver.survey()}
    for number in range(len(TYPES)):
        one = surveyed[f"typed_{number}"]
        assert one.columns == driver.describe(one.table).columns
        assert one.primary_key == ("id",)


def test_reads_portable_values(system, case):
    table, *_, pairs = case
    values = [row["v"] for row in rows_of(system.driver().read(Request(table)))]
    assert values == [*(value for _, value in pairs), None]
    assert [type(value) for value in values[:-1]] == [
        RawJson if case[2].kind is Kind.JSON else type(value) for _, value in pairs
    ]


def test_reads_a_query_like_its_table(system, case):
    table, native, type_, pairs = case
    with closing(system.driver().read(Request(Query(f"SELECT v FROM {table.name} ORDER BY id")))) as reading:
        assert reading.stream.columns[0].type == LESS_IN_RESULTS.get(native, type_)
        values = [row["v"] for page in reading.pages() for row in page.rows]
    if native != "point":
        assert values == [*(value for _, value in pairs), None]


def test_tells_what_a_column_is_besides_its_type(system):
    system.execute(
        "CREATE TABLE details (id bigint AUTO_INCREMENT PRIMARY KEY, at timestamp NOT NULL DEFAULT current_timestamp(),"
        " total integer NOT NULL COMMENT 'with 100% tax', twice integer AS (total * 2) STORED, word text DEFAULT 'x')"
    )
    columns = system.driver().describe(system.table("details")).columns
    assert [(c.name, c.nullable, c.generated, c.default, c.comment) for c in columns] == [
        ("id", False, False, "auto_increment", None),
        ("at", False, False, "current_timestamp()", None),
        ("total", False, False, None, "with 100% tax"),
        ("twice", True, True, None, None),
        ("word", True, False, "'x'", None),
    ]


@pytest.mark.parametrize(
    ("type_", "low", "high"),
    [
        ("tinyint(1)", "0", "1"),
        ("bigint unsigned", "9007199254740993", BIGGEST),
        ("decimal(30,10)", "9007199254740993.0000000001", "9007199254740993.0000000002"),
        ("bit(9)", "b'1'", "b'10'"),
        ("varchar(9) collate utf8mb4_general_ci", "'a'", "'B'"),
        ("varchar(9) character set latin1 collate latin1_swedish_ci", "'o'", "'ö'"),
        ("varbinary(9)", "x'00'", "x'ff'"),
        ("date", "'0000-00-00'", "'2024-01-01'"),
        ("datetime(6)", "'2024-01-01 00:00:00'", "'2024-01-01 00:00:00.000001'"),
        ("timestamp(6)", "'2024-01-01 00:00:00'", "'2024-01-01 00:00:00.000001'"),
        ("time", "'-01:00:00'", "'100:00:00'"),
        ("year", "1999", "2024"),
        ("uuid", "'00000000-0000-0000-0000-000000000001'", "'f0000000-0000-0000-0000-000000000000'"),
    ],
)
def test_pages_by_a_key_of_the_type(system, type_, low, high):
    system.execute("DROP TABLE IF EXISTS keyed")
    system.execute(f"CREATE TABLE keyed (v {type_} NOT NULL, id integer, PRIMARY KEY (v, id))")
    for number, expression in enumerate((low, low, high, high)):
        system.execute(f"INSERT INTO keyed VALUES ({expression}, {number})")
    with closing(system.driver().read(Request(system.table("keyed"), page_rows=1))) as reading:
        assert reading.stream.key == ("v", "id")
        assert [row["id"] for page in reading.pages() for row in page.rows] == [0, 1, 2, 3]


@pytest.mark.parametrize("type_", ["float", "double", "enum('b','a')", "set('b','a')"])
def test_has_no_key_of_the_type(system, type_):
    system.execute("DROP TABLE IF EXISTS keyed")
    system.execute(f"CREATE TABLE keyed (v {type_} PRIMARY KEY)")
    assert system.driver().describe(system.table("keyed")).key == ()


def test_a_bound_of_moments_is_in_utc(system):
    system.execute("CREATE TABLE changed (id integer PRIMARY KEY, at timestamp NULL)")
    system.execute("INSERT INTO changed VALUES (1, '2024-01-01 01:59:59'), (2, '2024-01-01 02:00:00'), (3, NULL)")
    request = Request(system.table("changed"), cursor="at", since="2024-01-01 00:00:00+00:00")
    with closing(system.driver().read(request)) as reading:
        assert reading.until == "2024-01-01 00:00:00+00:00"
        assert [row["id"] for page in reading.pages() for row in page.rows] == [2]


def test_takes_a_unique_index_where_there_is_no_primary_key(system):
    system.execute("CREATE TABLE codes (id integer NOT NULL, code varchar(50) NOT NULL, part varchar(50))")
    system.execute("CREATE UNIQUE INDEX a ON codes (part)")
    system.execute("CREATE UNIQUE INDEX b ON codes (code(10))")
    assert system.driver().describe(system.table("codes")).key == ()
    system.execute("CREATE UNIQUE INDEX c ON codes (code, id)")
    assert system.driver().describe(system.table("codes")).key == ("code", "id")


def test_tells_tables_apart_whose_names_differ_in_case_alone(system):
    system.execute("CREATE TABLE Twin (a integer)")
    system.execute("CREATE TABLE twin (b integer)")
    driver = system.driver()
    assert [driver.describe(system.table(name)).columns[0].name for name in ("Twin", "twin")] == ["a", "b"]
