"""What syncs of real databases land: every value and every name that these have."""

from typing import Any

import pytest
from django.db import connection as database

from apps.sources.models import Stream
from tests.apps.sources.houses import House
from tests.apps.sources.shop import live, synced, values

NOTHING = {"inserted": 0, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}
RAW = "SELECT data ->> %s FROM sources_record WHERE key = %s"
LONG = {"postgresql": "text", "mysql": "longtext"}
POSTGRESQL_VALUES = {
    "boolean": ("true", True),
    "smallint": ("-32768", -32768),
    "bigint": ("9223372036854775807", 2**63 - 1),
    "real": ("1.5", 1.5),
    "float8": ("0.1", 0.1),
    "numeric(40,10)": ("123456789012345678901234567890.5", "123456789012345678901234567890.5000000000"),
    "numeric": ("-12.50", "-12.50"),
    "text": (r"E'tab\t line\n back \\ \"quoted\" ☃ 🦭'", 'tab\t line\n back \\ "quoted" ☃ 🦭'),
    "varchar(10)": ("''", ""),
    "bytea": (r"'\xdeadbeef00'", "deadbeef00"),
    "date": ("'2024-02-29'", "2024-02-29"),
    "time": ("'23:59:59.5'", "23:59:59.5"),
    "timestamp": ("'2024-02-29 23:59:59.5'", "2024-02-29 23:59:59.5"),
    "timestamptz": ("'2024-02-29 23:59:59.5+02'", "2024-02-29 21:59:59.5+00:00"),
    "uuid": ("'0B5A0000-0000-0000-0000-00000000000A'", "0b5a0000-0000-0000-0000-00000000000a"),
    "json": ("""'{"a": [1, null, {"b": "c"}]}'""", {"a": [1, None, {"b": "c"}]}),
    "jsonb": ("""'[true, "x"]'""", [True, "x"]),
    "integer[]": ("'{1,2,NULL}'", [1, 2, None]),
    "inet": ("'10.0.0.1/8'", "10.0.0.1/8"),
}
MARIADB_VALUES = {
    "tinyint(1)": ("1", True),
    "bigint": ("-9223372036854775808", -(2**63)),
    "bigint unsigned": ("18446744073709551615", "18446744073709551615"),
    "double": ("0.1", 0.1),
    "decimal(65,10)": (
        "'1234567890123456789012345678901234567890.5'",
        "1234567890123456789012345678901234567890.5000000000",
    ),
    "text": (r"""'tab\t line\n back \\ "quoted" ☃ 🦭'""", 'tab\t line\n back \\ "quoted" ☃ 🦭'),
    "varchar(10)": ("''", ""),
    "varbinary(9)": ("x'deadbeef00'", "deadbeef00"),
    "date": ("'2024-02-29'", "2024-02-29"),
    "time(1)": ("'-100:00:00.5'", "-100:00:00.5"),
    "datetime(1)": ("'2024-02-29 23:59:59.5'", "2024-02-29 23:59:59.5"),
    "json": ("""'{"a": [1, null]}'""", {"a": [1, None]}),
    "enum('a','b')": ("'b'", "b"),
    "year": ("2024", 2024),
    "uuid": ("'0B5A0000-0000-0000-0000-00000000000A'", "0b5a0000-0000-0000-0000-00000000000a"),
}


@pytest.mark.parametrize(
    ("name", "kinds"), [("postgresql", POSTGRESQL_VALUES), ("mariadb", MARIADB_VALUES)], ids=["postgresql", "mariadb"]
)
def test_lands_values_of_every_common_type(
    name: str, kinds: dict[str, tuple[str, Any]], request: pytest.FixtureRequest
) -> None:
    house: House = request.getfixturevalue(f"{name}_house")
    columns = ", ".join(f"c{place} {type_}" for place, type_ in enumerate(kinds))
    house.execute(f"CREATE TABLE every (id integer PRIMARY KEY, {columns})")
    house.execute(f"INSERT INTO every VALUES (1, {', '.join(literal for literal, _ in kinds.values())})")
    house.execute("INSERT INTO every (id) VALUES (2)")
    synced(house.connect())
    one, two = live(house.collection)
    assert one.data == {"id": 1, **{f"c{place}": value for place, (_, value) in enumerate(kinds.values())}}
    assert two.data == {"id": 2, **{f"c{place}": None for place in range(len(kinds))}}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{\n\t"a": 1\r\n}', {"a": 1}),
        (r'{"a": "x\u0000y", "b": "\\u0000"}', {"a": "x\u2400y", "b": "\\u0000"}),
        (r'"\ud800"', r'"\ud800"'),
        ("1e400", "1e400"),
        ("[" * 1_000 + "]" * 1_000, "[" * 1_000 + "]" * 1_000),
        ("[" * 50 + "7" + "]" * 50, None),
    ],
    ids=["lines", "NUL", "half a character", "beyond a double", "nested too deep", "nested"],
)
def test_keeps_json_whatever_is_in_it(text: str, kept: Any, house: House) -> None:
    house.execute("CREATE TABLE papers (id integer PRIMARY KEY, paper json)")
    if house.system.name == "mysql":
        house.execute("ALTER TABLE papers MODIFY paper longtext CHECK (json_valid(paper) OR paper IS NOT NULL)")
    house.execute("INSERT INTO papers VALUES (1, %s)", (text,))
    assert synced(house.connect()) == {**NOTHING, "inserted": 1}
    [paper] = values(house.collection, "paper")
    if house.system.name == "postgresql":
        assert paper == (_nested(50) if kept is None else kept)


def _nested(levels: int) -> Any:
    return [_nested(levels - 1)] if levels else 7


def test_keeps_numbers_that_no_double_holds_as_they_are(postgresql_house: House) -> None:
    postgresql_house.execute("CREATE TABLE odd (id integer PRIMARY KEY, j json, b jsonb, f float8, g real, n numeric)")
    number = "123456789012345678901234567890.123456789"
    postgresql_house.execute(f"INSERT INTO odd VALUES (1, '[{number}]', '[{number}]', 'NaN', '-Infinity', 'NaN')")
    assert synced(postgresql_house.connect()) == {**NOTHING, "inserted": 1}
    for name, text in {"j": f"[{number}]", "b": f"[{number}]", "f": "NaN", "g": "-Infinity", "n": "NaN"}.items():
        with database.cursor() as cursor:
            cursor.execute(RAW, [name, "1"])
            assert cursor.fetchone() == (text,)


@pytest.mark.parametrize("name", ['say "hi"', "ORDER", "select", "Bücher ☃", "a.b", "it's %s 100%", "x" * 60])
def test_takes_any_name_for_a_table_and_its_columns(name: str, house: House) -> None:
    house.system.make(name, [{name: 1, "note": "walrus"}], key=[name])
    source = house.connect({"tables": [house.label(name)], "titleColumn": {house.label(name): "note"}})
    assert synced(source) == {**NOTHING, "inserted": 1}
    assert synced(source) == {**NOTHING, "kept": 1}
    [record] = live(house.collection)
    assert (record.stream.label, record.data, record.key) == (house.label(name), {name: 1, "note": "walrus"}, "1")
    assert (record.stream.key, record.title) == ([name], "walrus")


def test_lands_tables_without_rows_and_with_very_many_columns(house: House) -> None:
    house.execute("CREATE TABLE bare (id integer PRIMARY KEY)")
    names = [f"column_{number}" for number in range(300)]
    house.execute(f"CREATE TABLE wide ({', '.join(f'{name} integer' for name in names)}, PRIMARY KEY (column_0))")
    house.execute(f"INSERT INTO wide VALUES ({', '.join(map(str, range(300)))})")
    source = house.connect()
    assert synced(source) == {**NOTHING, "inserted": 1}
    assert synced(source) == {**NOTHING, "kept": 1}
    assert live(house.collection)[0].data == {name: number for number, name in enumerate(names)}
    assert [stream.record_count for stream in Stream.objects.order_by("label")] == [0, 1]


def test_lands_rows_of_a_megabyte(house: House) -> None:
    house.execute(f"CREATE TABLE books (id integer PRIMARY KEY, book {LONG[house.system.name]})")
    for number in range(1, 7):
        house.execute("INSERT INTO books VALUES (%s, %s)", (number, f"{'lorem ipsum ' * 87_000}walrus{number}"))
    source = house.connect()
    assert synced(source) == {**NOTHING, "inserted": 6}
    assert synced(source) == {**NOTHING, "kept": 6}
    assert [len(book) for book in values(house.collection, "book")] == [1_044_007] * 6
