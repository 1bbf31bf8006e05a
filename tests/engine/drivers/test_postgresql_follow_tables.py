"""Which tables are followed, by which keys, and what becomes of them when they are altered."""

from threading import Timer

import pytest

from engine.following import Followed
from engine.schema import Table
from tests.engine.drivers.conformance import ODD_NAMES
from tests.engine.drivers.mirror import BY_ID, ORDERS, Mirror, keys_of
from tests.engine.drivers.systems import Postgresql


@pytest.fixture
def system(followed_orders):
    return followed_orders


def rows_of(system: Postgresql, table: str = "orders") -> list[tuple]:
    return system.connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


def kept(mirror: Mirror, table: Table = ORDERS) -> list[tuple]:
    return [tuple(row.values()) for _, row in sorted(mirror.rows[table].items())]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_follows_tables_of_any_name(system, name):
    table = Table(name, name)
    schema, quoted = system.quoted(name), f"{system.quoted(name)}.{system.quoted(name)}"
    system.connection.execute(f"CREATE SCHEMA {schema}")
    system.connection.execute(f"CREATE TABLE {quoted} ({schema} text PRIMARY KEY)")
    mirror = Mirror(system, [Followed(table, (name,))])
    mirror.catch_up()
    system.connection.execute(f"INSERT INTO {quoted} VALUES ('it''s')")
    mirror.catch_up()
    system.connection.execute(f"DROP SCHEMA {schema} CASCADE")
    assert mirror.rows[table] == {("it's",): {name: "it's"}}


KEYS = {
    "smallint": "-5",
    "bigint": "9007199254740993",
    "numeric": "'1.50', '-0.001', 'NaN', '12345678901234567890.5'",
    "numeric(10,2)": "1.5",
    "text": r"'', ' ', 'ü', 'a,b', '\x', '%s', '{a}'",
    "varchar(20)": "'five'",
    "uuid": "'0B5A1C6E-0000-4000-8000-000000000001'",
    "date": "'2024-02-29', 'infinity', '-infinity'",
    "timestamp": "'2024-02-29 23:59:59.5', '2024-02-29', 'infinity'",
    "timestamptz": "'2024-02-29 23:59:59.000001+05', '2024-06-01 00:00+00'",
    "boolean": "true, false",
}


@pytest.mark.parametrize("kind", KEYS)
def test_asks_for_rows_by_keys_of_any_kind_that_it_follows(system, kind):
    table = Table("keyed", "public")
    values = ", ".join(f"({value})" for value in KEYS[kind].split(", "))
    system.execute(f"CREATE TABLE keyed (key {kind} PRIMARY KEY, seen integer DEFAULT 0)")
    mirror = Mirror(system, [Followed(table, ("key",))])
    mirror.catch_up()
    system.connection.execute(f"INSERT INTO keyed VALUES {values}")
    mirror.catch_up()
    system.execute("UPDATE keyed SET seen = 1")
    [changes] = mirror.catch_up()
    again = Mirror(system, [Followed(table, ("key",))], name="crossdock_again")
    again.catch_up()
    again.driver.unfollow("crossdock_again")
    assert mirror.rows == again.rows
    assert {row["seen"] for row in mirror.rows[table].values()} == {1}
    assert len(changes.tables[0].keys) == len(KEYS[kind].split(", "))
    assert mirror.read_whole == ["keyed"]


def test_reads_a_table_whole_where_a_key_cannot_be_asked_for(system):
    system.execute("CREATE TABLE days (day date PRIMARY KEY)")
    mirror = Mirror(system, [Followed(Table("days", "public"), ("day",))])
    mirror.catch_up()
    system.execute("INSERT INTO days VALUES ('0044-03-15 BC')")
    mirror.catch_up()
    assert mirror.rows[Table("days", "public")] == {("0044-03-15 BC",): {"day": "0044-03-15 BC"}}
    assert mirror.read_whole == ["days", "days"]


def test_tells_keys_of_several_columns(system):
    lines = Table("lines", "public")
    system.execute("CREATE TABLE lines (place text, number bigint, note text, PRIMARY KEY (place, number))")
    system.execute("INSERT INTO lines VALUES ('a', 1, ''), ('a', 2, ''), ('b', 1, ''), ('b', 2, '')")
    mirror = Mirror(system, [Followed(lines, ("place", "number"))])
    mirror.catch_up()
    system.execute("UPDATE lines SET note = 'x' WHERE (place, number) IN (('a', 1), ('b', 2))")
    [changes] = mirror.catch_up()
    assert keys_of(changes) == {"lines": (("a", 1), ("b", 2))}
    assert kept(mirror, lines) == [("a", 1, "x"), ("a", 2, ""), ("b", 1, ""), ("b", 2, "x")]


def test_follows_a_partitioned_table_by_its_own_name(system):
    sales = Table("sales", "public")
    for statement in (
        "CREATE TABLE sales (day integer, id integer, PRIMARY KEY (day, id)) PARTITION BY RANGE (day)",
        "CREATE TABLE sales_1 PARTITION OF sales FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE sales_2 PARTITION OF sales FOR VALUES FROM (10) TO (20)",
    ):
        system.execute(statement)
    mirror = Mirror(system, [Followed(sales, ("day", "id"))])
    mirror.catch_up()
    system.execute("INSERT INTO sales VALUES (1, 1), (11, 2)")
    system.execute("UPDATE sales SET day = 12 WHERE day = 1")
    [changes] = mirror.catch_up()
    assert keys_of(changes) == {"sales": ((1, 1), (11, 2), (12, 1))}
    for statement in ("TRUNCATE sales_2", "INSERT INTO sales VALUES (2, 3)", "DROP TABLE sales_1"):
        system.execute(statement)
        mirror.catch_up()
        assert kept(mirror, sales) == rows_of(system, "sales")
    assert mirror.read_whole == ["sales"] * 3


def test_goes_on_where_a_table_is_altered(system):
    mirror = Mirror(system, [BY_ID])
    mirror.catch_up()
    system.execute("INSERT INTO orders VALUES (4, 'four')")
    system.execute("ALTER TABLE orders DROP amount, ADD COLUMN place text DEFAULT 'here'")
    system.execute("INSERT INTO orders VALUES (5, 'five', 'there')")
    system.execute("ALTER TABLE orders RENAME id TO number")
    system.execute("INSERT INTO orders VALUES (6, 'six', 'there')")
    mirror.tables = {ORDERS: Followed(ORDERS, ("number",), mirror.tables[ORDERS].mark)}
    mirror.catch_up()
    assert kept(mirror) == rows_of(system)
    system.execute("DELETE FROM orders WHERE number < 4")
    mirror.catch_up()
    assert kept(mirror) == [(4, "four", "here"), (5, "five", "there"), (6, "six", "there")]


def test_reads_a_table_whole_that_was_made_anew(system):
    mirror = Mirror(system, [BY_ID])
    mirror.catch_up()
    system.execute("ALTER TABLE orders RENAME TO before")
    system.execute("CREATE TABLE orders (LIKE before INCLUDING ALL)")
    system.execute("INSERT INTO orders VALUES (7, 'seven', 7)")
    mirror.catch_up()
    assert sorted(mirror.rows[ORDERS]) == [(7,)]
    system.execute("UPDATE orders SET id = 8")
    mirror.catch_up()
    assert sorted(mirror.rows[ORDERS]) == [(8,)]
    assert mirror.read_whole == ["orders"] * 2


def test_misses_nothing_of_who_writes_while_a_table_is_added(system):
    system.execute("CREATE TABLE shops (code text PRIMARY KEY)")
    shops = Followed(Table("shops", "public"), ("code",))
    Mirror(system, [BY_ID]).catch_up()
    mirror = Mirror(system, [BY_ID, shops])
    with system.connect() as session:
        session.execute("BEGIN")
        session.execute("INSERT INTO shops VALUES ('early')")
        commit = Timer(0.5, session.commit)
        commit.start()
        mirror.catch_up()
        commit.join()
    assert list(mirror.rows[shops.table]) == [("early",)]
