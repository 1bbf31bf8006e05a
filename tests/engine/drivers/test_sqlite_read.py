import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest

from engine.contract import Request
from engine.drivers.sql.sqlite import connect
from engine.errors import ConfigError, TransientError
from engine.schema import Column, Kind, Query, RawJson, Type
from engine.toolkit.surroundings import Surroundings
from tests.engine.drivers.conformance import as_json, failure, numbered, rows_of
from tests.engine.drivers.systems import Sqlite, sqlite

TEXT = Type(Kind.TEXT)
INTEGER = Type(Kind.INTEGER, size=64)
FLOAT = Type(Kind.FLOAT, size=64)


@pytest.fixture
def system(tmp_path) -> Iterator[Sqlite]:
    folder = tmp_path / "open folder 100%?#"
    folder.mkdir()
    with sqlite(folder) as system:
        yield system
        system.close_drivers()


@pytest.mark.parametrize(
    ("declared", "type_", "pairs"),
    [
        ("INTEGER", INTEGER, [("1", 1), ("9223372036854775807", 2**63 - 1), ("'text'", "text"), ("1.5", 1.5)]),
        ("BIGINT UNSIGNED", INTEGER, [("1", 1)]),
        ("CHARINT", INTEGER, [("1", 1)]),
        ("VARCHAR(20)", Type(Kind.TEXT, size=20), [("'表'", "表"), ("5", "5"), ("x'00'", b"\x00")]),
        ("NATIVE CHARACTER(70)", Type(Kind.TEXT, size=70), [("'x'", "x")]),
        ("TEXT", TEXT, [("''", "")]),
        ("CLOB", TEXT, [("'x'", "x")]),
        ("BLOB", Type(Kind.BINARY), [("x'00ff'", b"\x00\xff"), ("'text'", b"text"), ("5", 5)]),
        ("REAL", FLOAT, [("0.1", 0.1), ("1", 1.0), ("9e999", float("inf"))]),
        ("DOUBLE PRECISION", FLOAT, [("0.1", 0.1)]),
        ("NUMERIC", Type(Kind.DECIMAL), [("1", "1"), ("12.5", "12.5"), ("'abc'", "abc")]),
        (
            "DECIMAL(10,5)",
            Type(Kind.DECIMAL, precision=10, scale=5),
            [("0.00001", "0.00001"), ("1e20", "100000000000000000000"), ("9e999", "Infinity")],
        ),
        ("DECIMAL(10)", Type(Kind.DECIMAL, precision=10, scale=0), [("1", "1")]),
        ("BOOLEAN", Type(Kind.BOOLEAN), [("1", True), ("0", False), ("2", 2), ("'yes'", "yes")]),
        ("DATE", Type(Kind.DATE), [("'2024-02-29'", "2024-02-29")]),
        ("TIME", Type(Kind.TIME, precision=6), [("'23:59:59'", "23:59:59")]),
        ("DATETIME", Type(Kind.TIMESTAMP, precision=6), [("'2024-02-29 23:59:59'", "2024-02-29 23:59:59")]),
        ("timestamp", Type(Kind.TIMESTAMP, precision=6), [("'2024-02-29T23:59:59'", "2024-02-29T23:59:59")]),
        ("TIMESTAMP WITH TIME ZONE", Type(Kind.TIMESTAMPTZ, precision=6), [("'2024-02-29'", "2024-02-29")]),
        ("UUID", Type(Kind.UUID), [("'a0'", "a0")]),
        ("JSON", Type(Kind.JSON), [("'{}'", RawJson("{}"))]),
        ("STRANGE", Type(Kind.DECIMAL), [("1", "1")]),
    ],
)
def test_describes_and_reads(system, declared, type_, pairs):
    system.execute(f"CREATE TABLE typed (id integer PRIMARY KEY, v {declared})")
    for number, (expression, _) in enumerate([*pairs, ("NULL", None)]):
        system.execute(f"INSERT INTO typed VALUES ({number}, {expression})")
    driver = system.driver()
    assert driver.describe(system.table("typed")).column("v") == Column("v", type_, native=declared)
    assert [one.columns[1] for one in driver.survey()] == [Column("v", type_, native=declared)]
    values = [row["v"] for row in rows_of(driver.read(Request(system.table("typed"))))]
    assert values == [*(value for _, value in pairs), None]
    assert [type(value) for value in values[:-1]] == [type(value) for _, value in pairs]


@pytest.mark.parametrize(
    ("expressions", "type_", "values"),
    [
        (["1", "2", "NULL"], INTEGER, [1, 2, None]),
        (["1", "2.5"], FLOAT, [1, 2.5]),
        (["x'00'"], Type(Kind.BINARY), [b"\x00"]),
        (["1", "'x'"], TEXT, ["1", "x"]),
        (["NULL"], TEXT, [None]),
        ([], TEXT, []),
    ],
)
def test_infers_what_is_not_declared(system, expressions, type_, values):
    system.execute("CREATE TABLE bare (v)")
    for expression in expressions:
        system.execute(f"INSERT INTO bare VALUES ({expression})")
    for source in (system.table("bare"), Query("SELECT v FROM bare")):
        with closing(system.driver().read(Request(source))) as reading:
            assert reading.stream.columns == (Column("v", type_),)
            assert [row["v"] for page in reading.pages() for row in page.rows] == values


def test_tells_what_a_column_is_besides_its_type(system):
    system.execute(
        "CREATE TABLE details (id INTEGER PRIMARY KEY, total INTEGER NOT NULL, twice INTEGER AS (total * 2),"
        " word TEXT DEFAULT 'x')"
    )
    columns = system.driver().describe(system.table("details")).columns
    assert [(c.name, c.nullable, c.generated, c.default) for c in columns] == [
        ("id", False, False, "auto_increment"),
        ("total", False, False, None),
        ("twice", True, True, None),
        ("word", True, False, "'x'"),
    ]


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ("id INTEGER PRIMARY KEY, v TEXT", ("id",)),
        ("id INT PRIMARY KEY, v TEXT", ()),
        ("id INT NOT NULL PRIMARY KEY, v TEXT", ("id",)),
        ("id TEXT, v TEXT NOT NULL UNIQUE", ("v",)),
        ("id TEXT, v TEXT UNIQUE", ()),
        ("id REAL NOT NULL PRIMARY KEY, v TEXT", ()),
        ("id TEXT, v TEXT, PRIMARY KEY (v, id)) WITHOUT ROWID --", ("v", "id")),
        ("id TEXT NOT NULL, v TEXT NOT NULL, UNIQUE (v, id)", ("v", "id")),
    ],
)
def test_knows_which_index_may_be_a_key(system, columns, key):
    system.execute(f"CREATE TABLE t ({columns}\n)" if "ROWID" not in columns else f"CREATE TABLE t ({columns}")
    assert system.driver().describe(system.table("t")).key == key


def test_takes_no_index_over_a_part_or_an_expression(system):
    system.execute("CREATE TABLE t (id TEXT NOT NULL, v TEXT NOT NULL)")
    system.execute("CREATE UNIQUE INDEX a ON t (id) WHERE v > 'x'")
    system.execute("CREATE UNIQUE INDEX b ON t (lower(id))")
    assert system.driver().describe(system.table("t")).key == ()


def test_pages_by_keys_of_every_kind_of_value(system):
    """A column without a type may hold them all, and sorts them by kind."""
    values: list[Any] = [-1, 1.5, 2, "", "1", "b00", "t1", b"", b"\x00\xff", b"t1"]
    system.execute("CREATE TABLE mixed (k TEXT NOT NULL, v NOT NULL, PRIMARY KEY (v, k))")
    for value in values:
        system.execute("INSERT INTO mixed VALUES ('x', ?)", [value])
    driver = system.driver()
    request = Request(system.table("mixed"), columns=("v",), page_rows=1)
    with closing(driver.read(request)) as reading:
        pages = list(reading.pages())
    assert len(pages) == len(values)
    for number, page in enumerate(pages, 1):
        rest = Request(system.table("mixed"), page_rows=100, after=as_json(page.after))
        assert len(rows_of(driver.read(rest))) == len(values) - number


def test_a_decimal_cursor_bounds_what_a_query_computes(system):
    system.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, price DECIMAL(9, 2))")
    system.execute("INSERT INTO t VALUES (1, 1.5), (2, 10), (3, 9)")
    request = Request(system.table("t"), cursor="price", since="9")
    with closing(system.driver().read(request)) as reading:
        assert reading.until == "10"
        assert [row["id"] for page in reading.pages() for row in page.rows] == [3, 2]


def test_a_view_has_the_types_of_its_tables(system):
    system.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME)")
    system.execute("INSERT INTO t VALUES (1, '2024-01-01 00:00:00')")
    system.execute("CREATE VIEW v AS SELECT id, at, id * 2 AS twice FROM t")
    stream = system.driver().describe(system.table("v"))
    assert [column.type.kind for column in stream.columns] == [Kind.INTEGER, Kind.TIMESTAMP, Kind.INTEGER]


def test_names_tables_without_case_as_sqlite_does(system):
    table = system.make("Orders", numbered(1))
    assert system.driver().describe(system.table("orders")).source == table


def test_text_that_is_no_unicode_is_an_error(system):
    system.execute("CREATE TABLE t (v TEXT)")
    system.execute("INSERT INTO t VALUES (CAST(x'ff41' AS TEXT))")
    act = lambda: rows_of(system.driver().read(Request(system.table("t"))))  # noqa: E731
    error = failure(act, ConfigError, "invalid_text")
    assert error.message == "The file holds text that is not UTF-8."


# What may be opened


def inside(system: Sqlite) -> Path:
    [folder] = system.surroundings.folders
    return folder


def test_opens_files_below_the_folder_by_either_name(system):
    system.driver(path=str(system.path)).check()
    (inside(system) / "deep").mkdir()
    system.driver(path="deep/../test.db").check()
    os.link(system.path, inside(system) / "deep" / "b.db")
    system.driver(path="deep/b.db").check()


def test_opens_nothing_outside_its_folders(system, tmp_path):
    outside = tmp_path / "outside.db"
    sqlite3.connect(outside).close()
    (inside(system) / "link.db").symlink_to(outside)
    (inside(system) / "up").symlink_to(tmp_path)
    for path in (
        str(outside),
        "../outside.db",
        "link.db",
        "up/outside.db",
        "..",
        ".",
        "/etc/passwd",
        str(inside(system)) + "/../outside.db",
    ):
        for read_only in (True, False):
            driver = system.driver(path=path)
            act = lambda: driver.open_connection("x", read_only=read_only)  # noqa: B023, E731
            failure(act, ConfigError, "path_not_allowed")


def test_opens_nothing_where_no_folder_is_open(system):
    system.surroundings = Surroundings()
    failure(system.driver().check, ConfigError, "path_not_allowed")


@pytest.mark.parametrize(
    "path", ["file:test.db?mode=rwc", "file:/etc/passwd", ":memory:", "test.db?mode=rwc", "missing.db"]
)
def test_a_path_is_nothing_but_a_path(system, path):
    failure(system.driver(path=path).check, ConfigError, "unknown_database")
    assert not (inside(system) / path).exists()


def test_reads_of_what_is_no_database_are_refused(system):
    (inside(system) / "text.db").write_text("no database, but long enough to have a header" * 10)
    failure(system.driver(path="text.db").check, ConfigError, "not_a_database")
    (inside(system) / "folder.db").mkdir()
    failure(system.driver(path="folder.db").check, ConfigError, "unknown_database")
    os.mkfifo(inside(system) / "pipe.db")
    failure(system.driver(path="pipe.db").check, ConfigError, "unknown_database")


def test_a_source_is_opened_for_reading_alone(system):
    system.make("t", numbered(1))
    with closing(system.driver().open_connection("x", read_only=True)) as connection:
        for statement in ("INSERT INTO t VALUES (2, 'x')", "DROP TABLE t", "CREATE TABLE u (a)"):
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                connection.execute(statement)


REACHING_OUT = (
    "ATTACH '{}/other.db' AS other",
    "DETACH main",
    "VACUUM INTO '{}/copy.db'",
    "SELECT load_extension('{}')",
)


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("statement", REACHING_OUT)
def test_reaches_no_other_file(system, read_only, statement):
    with closing(system.driver().open_connection("x", read_only=read_only)) as connection, refused():
        connection.execute(statement.format(inside(system)))
    assert not {"other.db", "copy.db"} & {path.name for path in inside(system).iterdir()}


@pytest.mark.parametrize("pragma", ["journal_mode = DELETE", "writable_schema = 1", "user_version", "database_list"])
def test_a_source_obeys_no_pragma(system, pragma):
    with closing(system.driver().open_connection("x", read_only=True)) as connection, refused():
        connection.execute(f"PRAGMA {pragma}")


def refused() -> AbstractContextManager[Any]:
    return pytest.raises(sqlite3.DatabaseError, match=r"not authorized|authorization denied|prohibited")


def test_a_query_reaches_no_other_file_either(system):
    for text in ("SELECT load_extension('x')", "SELECT * FROM pragma_database_list", "ATTACH 'x' AS y"):
        with pytest.raises(ConfigError):
            rows_of(system.driver().read(Request(Query(text))))


def test_a_file_that_is_locked_may_be_tried_again(system, monkeypatch):
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0)
    system.connection.execute("PRAGMA journal_mode = DELETE")
    table = system.make("t", numbered(1))
    system.connection.execute("BEGIN EXCLUSIVE")
    failure(lambda: system.driver().read(Request(table)), TransientError, "locked")
    system.connection.execute("ROLLBACK")
    assert rows_of(system.driver().read(Request(table))) == numbered(1)


def test_a_writer_makes_the_file_that_is_missing(system):
    with closing(system.driver(path="new.db").open_connection("x")) as connection:
        connection.execute("CREATE TABLE t (a)")
    assert (inside(system) / "new.db").is_file()
