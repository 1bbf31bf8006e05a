from collections.abc import Iterable
from contextlib import closing
from typing import Any

import pytest

from engine.contract import Request
from engine.schema import Column, Kind, Query, RawJson, Type
from tests.engine.drivers.conformance import rows_of
from tests.engine.drivers.systems import System, postgresql

TEXT = Type(Kind.TEXT)
LONG = Type(Kind.INTEGER, size=64)
INFINITY = float("inf")

# A type as it is declared, what it is everywhere, and pairs of a literal and the value that is read.
TYPES: list[tuple[str, Type, list[tuple[str, Any]]]] = [
    ("boolean", Type(Kind.BOOLEAN), [("true", True), ("false", False)]),
    ("smallint", Type(Kind.INTEGER, size=16), [("-32768", -32768)]),
    ("integer", Type(Kind.INTEGER, size=32), [("2147483647", 2147483647)]),
    ("bigint", LONG, [("-9223372036854775808", -(2**63))]),
    ("oid", LONG, [("4294967295", 2**32 - 1)]),
    ("real", Type(Kind.FLOAT, size=32), [("0.1", 0.1), ("3.4028235e+38", 3.4028235e38), ("Infinity", INFINITY)]),
    ("double precision", Type(Kind.FLOAT, size=64), [("0.1", 0.1), ("5e-324", 5e-324), ("-Infinity", -INFINITY)]),
    ("numeric", Type(Kind.DECIMAL), [("12.50", "12.50"), ("NaN", "NaN"), ("1e30", "1" + "0" * 30), ("-0.0", "0.0")]),
    ("numeric(12,2)", Type(Kind.DECIMAL, precision=12, scale=2), [("7", "7.00")]),
    ("numeric(3,5)", Type(Kind.DECIMAL, precision=5, scale=5), [("0.00999", "0.00999")]),
    ("numeric(5,-2)", Type(Kind.DECIMAL, precision=7, scale=0), [("1234567", "1234600")]),
    ("money", Type(Kind.DECIMAL, precision=19, scale=2), [("-1234.5", "-1234.50")]),
    ("text", TEXT, [("it's\t\\ \"表😀", "it's\t\\ \"表😀"), ("", "")]),
    ("character varying(9)", Type(Kind.TEXT, size=9), [("x", "x")]),
    ("character(4)", Type(Kind.TEXT, size=4), [("x", "x   ")]),
    ('"char"', Type(Kind.TEXT, size=1), [("x", "x")]),
    ("name", Type(Kind.TEXT, size=63), [("x", "x")]),
    ("bytea", Type(Kind.BINARY), [("\\x00ff27", b"\x00\xff'"), ("", b"")]),
    (
        "date",
        Type(Kind.DATE),
        [("2024-02-29", "2024-02-29"), ("infinity", "infinity"), ("0044-03-15 BC", "0044-03-15 BC")],
    ),
    ("time without time zone", Type(Kind.TIME, precision=6), [("23:59:59.5", "23:59:59.5"), ("24:00", "24:00:00")]),
    ("time(0) without time zone", Type(Kind.TIME, precision=0), [("12:00", "12:00:00")]),
    ("time with time zone", TEXT, [("12:00+05:30", "12:00:00+05:30")]),
    (
        "timestamp without time zone",
        Type(Kind.TIMESTAMP, precision=6),
        [("2024-02-29 23:59:59.5", "2024-02-29 23:59:59.5"), ("-infinity", "-infinity")],
    ),
    (
        "timestamp(3) without time zone",
        Type(Kind.TIMESTAMP, precision=3),
        [("2024-01-01 00:00:00.1239", "2024-01-01 00:00:00.124")],
    ),
    (
        "timestamp with time zone",
        Type(Kind.TIMESTAMPTZ, precision=6),
        [
            ("2024-03-01 01:00:00.25+02", "2024-02-29 23:00:00.25+00:00"),
            ("12345-01-01 00:00:00+00", "12345-01-01 00:00:00+00:00"),
            ("infinity", "infinity"),
        ],
    ),
    ("interval", Type(Kind.INTERVAL), [("1 year -2 mons 3 days -04:05:06.5", "P10M3DT-4H-5M-6.5S"), ("0", "PT0S")]),
    ("uuid", Type(Kind.UUID), [("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]),
    ("json", Type(Kind.JSON), [('{"a":  1.0}', '{"a":  1.0}'), ("null", "null")]),
    ("jsonb", Type(Kind.JSON), [('{"b":1,"a":"表"}', '{"a": "表", "b": 1}')]),
    ("bit(3)", Type(Kind.TEXT, size=3), [("101", "101")]),
    ("bit varying", TEXT, [("0101", "0101")]),
    ("inet", TEXT, [("10.0.0.1/8", "10.0.0.1/8")]),
    ("cidr", TEXT, [("10.0.0.0/8", "10.0.0.0/8")]),
    ("macaddr", TEXT, [("08:00:2b:01:02:03", "08:00:2b:01:02:03")]),
    ("tsvector", TEXT, [("a fat cat", "'a' 'cat' 'fat'")]),
    ("point", TEXT, [("1,2.5", "(1,2.5)")]),
    ("int4range", TEXT, [("[1,5]", "[1,6)")]),
    ("int8multirange", TEXT, [("{[1,2]}", "{[1,3)}")]),
    ("pg_lsn", TEXT, [("16/B374D848", "16/B374D848")]),
    ("jsonpath", TEXT, [("$.a", '$."a"')]),
    ("int2vector", Type(Kind.ARRAY, element=Type(Kind.INTEGER, size=16)), [("1 2", "[1,2]")]),
    ("integer[]", Type(Kind.ARRAY, element=Type(Kind.INTEGER, size=32)), [("{1,NULL,3}", "[1,null,3]"), ("{}", "[]")]),
    (
        "text[]",
        Type(Kind.ARRAY, element=TEXT),
        [('{"a,b","\\"",NULL}', '["a,b","\\"",null]'), ("{{a},{b}}", '[["a"],["b"]]')],
    ),
    ("numeric(9,2)[]", Type(Kind.ARRAY, element=Type(Kind.DECIMAL, precision=9, scale=2)), [("{1.50}", "[1.50]")]),
    ("jsonb[]", Type(Kind.ARRAY, element=Type(Kind.JSON)), [('{"{\\"a\\":1}"}', '[{"a": 1}]')]),
    ("public.mood", TEXT, [("so so", "so so")]),
    ("public.mood[]", Type(Kind.ARRAY, element=TEXT), [('{"so so"}', '["so so"]')]),
    ("public.price", Type(Kind.DECIMAL, precision=10, scale=2), [("1", "1.00")]),
    ("public.low_price", Type(Kind.DECIMAL, precision=10, scale=2), [("1", "1.00")]),
    ('public."Pair"', TEXT, [("(1,x)", "(1,x)")]),
    ("hidden.label", TEXT, [("x", "x")]),
]
NATIVE = {
    "{1,NULL,3}": "{1,NULL,3}",
    "{}": "{}",
    "1 2": "1 2",
    '{"a,b","\\"",NULL}': '{"a,b","\\"",NULL}',
    "{{a},{b}}": "{{a},{b}}",
    "{1.50}": "{1.50}",
    '{"{\\"a\\":1}"}': '{"{\\"a\\": 1}"}',
    '{"so so"}': '{"so so"}',
    "2024-03-01 01:00:00.25+02": "2024-02-29 23:00:00.25+00",
    "12345-01-01 00:00:00+00": "12345-01-01 00:00:00+00",
}
# A result tells what a domain is over.
DOMAINS = {"public.price": "numeric(10,2)", "public.low_price": "numeric(10,2)", "hidden.label": "text"}
PREPARATION = (
    "CREATE TYPE mood AS ENUM ('sad', 'so so')",
    "CREATE DOMAIN price AS numeric(10, 2)",
    "CREATE DOMAIN low_price AS price CHECK (VALUE < 10)",
    'CREATE TYPE "Pair" AS (a integer, b text)',
    "CREATE SCHEMA hidden",
    "CREATE DOMAIN hidden.label AS text",
)


@pytest.fixture(scope="module")
def server():
    with postgresql() as system:
        for statement in PREPARATION:
            system.execute(statement)
        for number, (native, _, pairs) in enumerate(TYPES):
            fill(system, f"typed_{number}", native, [literal for literal, _ in pairs])
        # What new sessions begin with must not show in what is read.
        name = system.settings["database"]
        for setting in (
            "TimeZone = 'Asia/Kathmandu'",
            "DateStyle = 'German'",
            "IntervalStyle = 'sql_standard'",
            "bytea_output = 'escape'",
        ):
            system.execute(f"ALTER DATABASE {name} SET {setting}")
        yield system


@pytest.fixture
def system(server):
    yield server
    server.close_drivers()


@pytest.fixture(params=range(len(TYPES)), ids=[native for native, *_ in TYPES])
def case(request, system):
    return system.table(f"typed_{request.param}"), *TYPES[request.param]


def fill(system: System, name: str, native: str, literals: Iterable[str]) -> None:
    system.execute(f"CREATE TABLE {name} (id integer PRIMARY KEY, v {native})")
    for number, literal in enumerate(literals):
        system.execute(f"INSERT INTO {name} VALUES (%s, %s)", (number, literal))
    system.execute(f"INSERT INTO {name} VALUES (1000, NULL)")


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


def test_reads_a_query_like_its_table(system, case):
    table, native, type_, pairs = case
    with closing(system.driver().read(Request(Query(f"SELECT v, id FROM {table} ORDER BY id")))) as reading:
        assert reading.stream.columns[0] == Column("v", type_, native=DOMAINS.get(native, native))
        values = [row["v"] for page in reading.pages() for row in page.rows]
    assert values == [*(value for _, value in pairs), None]


def test_reads_its_own_literals_where_they_are_asked_for(system, case):
    table, *_, pairs = case
    values = [row["v"] for row in rows_of(system.driver().read(Request(table, native=True)))]
    assert values == [*(NATIVE.get(literal, value) for literal, value in pairs), None]


def test_marks_json_as_json(system):
    system.execute("CREATE TABLE documents (a jsonb, b integer[], c text)")
    system.execute("INSERT INTO documents VALUES ('{}', '{1}', '{}')")
    [row] = rows_of(system.driver().read(Request(system.table("documents"))))
    assert {name: type(value) for name, value in row.items()} == {"a": RawJson, "b": RawJson, "c": str}


def test_tells_what_a_column_is_besides_its_type(system):
    system.execute(
        "CREATE TABLE details (id integer GENERATED ALWAYS AS IDENTITY, at timestamptz DEFAULT now(),"
        " total integer NOT NULL, twice integer GENERATED ALWAYS AS (total * 2) STORED, gone integer)"
    )
    system.execute("COMMENT ON COLUMN details.total IS 'with 100% tax'")
    system.execute("ALTER TABLE details DROP COLUMN gone")
    columns = system.driver().describe(system.table("details")).columns
    assert [(c.name, c.nullable, c.generated, c.default, c.comment) for c in columns] == [
        ("id", False, False, "identity", None),
        ("at", True, False, "now()", None),
        ("total", False, False, None, "with 100% tax"),
        ("twice", True, True, None, None),
    ]


@pytest.mark.parametrize(
    ("type_", "low", "high"),
    [
        ("smallint", "-5", "7"),
        ("numeric", "1.5", "NaN"),
        ("text", "A", "a"),
        ("character(5)", "a", "ab"),
        ("bytea", "\\x00", "\\xff"),
        ("date", "2024-01-01", "infinity"),
        ("timestamp", "-infinity", "2024-01-01 00:00:00.000001"),
        ("timestamptz", "2024-01-01 00:00:00+02", "2024-01-01 00:00:00+00"),
        ("time", "00:00", "24:00"),
        ("uuid", "00000000-0000-0000-0000-000000000001", "f0000000-0000-0000-0000-000000000000"),
        ("boolean", "false", "true"),
        ("inet", "9.0.0.1", "10.0.0.0"),
        ("mood", "sad", "so so"),
        ("price", "1", "2"),
        ("hidden.label", "a", "b"),
        ("bit(3)", "001", "100"),
    ],
)
def test_pages_by_a_key_of_the_type(system, type_, low, high):
    system.execute("DROP TABLE IF EXISTS keyed")
    system.execute(f"CREATE TABLE keyed (v {type_}, id integer, PRIMARY KEY (v, id))")
    for number, literal in enumerate((low, low, high, high)):
        system.execute("INSERT INTO keyed VALUES (%s, %s)", (literal, number))
    with closing(system.driver().read(Request(system.table("keyed"), page_rows=1))) as reading:
        assert reading.stream.key == ("v", "id")
        assert [row["id"] for page in reading.pages() for row in page.rows] == [0, 1, 2, 3]


@pytest.mark.parametrize("type_", ["double precision", "interval", "integer[]", "jsonb", "money", '"Pair"'])
def test_has_no_key_of_the_type(system, type_):
    system.execute("DROP TABLE IF EXISTS keyed")
    system.execute(f"CREATE TABLE keyed (v {type_} PRIMARY KEY)")
    assert system.driver().describe(system.table("keyed")).key == ()


def test_a_type_of_an_extension_is_no_key(system):
    available = system.connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'citext'").fetchone()
    if not available:
        pytest.skip("this PostgreSQL has no citext")
    system.execute("CREATE EXTENSION citext SCHEMA hidden")
    system.execute("CREATE TABLE insensitive (v hidden.citext PRIMARY KEY)")
    stream = system.driver().describe(system.table("insensitive"))
    assert stream.columns[0].native == "hidden.citext"
    assert stream.key == ()


def test_an_infinite_moment_is_no_bound(system):
    system.execute("CREATE TABLE valid (id integer PRIMARY KEY, until timestamptz)")
    system.execute("INSERT INTO valid VALUES (1, '2024-01-01+00'), (2, 'infinity')")
    with closing(system.driver().read(Request(system.table("valid"), cursor="until"))) as reading:
        assert reading.until == "2024-01-01 00:00:00+00:00"
        assert [row["id"] for page in reading.pages() for row in page.rows] == [1, 2]
