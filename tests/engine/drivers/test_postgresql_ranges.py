from collections.abc import Iterator
from contextlib import closing

import pytest

from engine.bulk import ByteRange, ReadsBytes
from engine.contract import Key, Request
from engine.drivers.sql.postgresql import ranges
from engine.drivers.sql.postgresql.copy_out import CHUNK_BYTES
from engine.drivers.sql.postgresql.ranges import FEWEST_ROWS, MOST_ROWS, range_rows
from engine.errors import ConfigError, TransientError
from engine.schema import Query, Table
from tests.engine.drivers.systems import Postgresql

RANGE = 10
KIB, MIB = 1024, 1024 * 1024


@pytest.fixture
def system(postgresql_system, monkeypatch) -> Iterator[Postgresql]:
    """Ranges of ten rows, so that small tables have several."""
    monkeypatch.setattr(ranges, "FEWEST_ROWS", RANGE)
    monkeypatch.setattr(ranges, "MOST_ROWS", RANGE)
    postgresql_system.drop_all()
    yield postgresql_system
    postgresql_system.close_drivers()


def read(system: Postgresql, request: Request) -> list[tuple[bytes, Key | None]]:
    with closing(system.driver().read(request)) as reading:
        assert isinstance(reading, ReadsBytes)
        assert reading.bytes_format == "postgresql-binary"
        return [(b"".join(stretch.chunks), stretch.after) for stretch in reading.ranges()]


def copied(system: Postgresql, like: str, found: list[tuple[bytes, Key | None]]) -> list[int]:
    """The ids that the ranges carry, as PostgreSQL itself takes them in."""
    system.execute(f"DROP TABLE IF EXISTS copied; CREATE TABLE copied (LIKE {like})")
    for data, _ in found:
        with system.connection.cursor() as cursor, cursor.copy("COPY copied FROM STDIN (FORMAT binary)") as copy:
            copy.write(data)
    return [number for (number,) in system.connection.execute("SELECT id FROM copied ORDER BY id").fetchall()]


def orders(system: Postgresql, count: int, key: str = "id") -> Table:
    system.execute("CREATE TABLE orders (id integer NOT NULL, code text NOT NULL, total numeric(9, 2))")
    system.execute(f"INSERT INTO orders SELECT n, 'c' || n % 3, n / 3.0 FROM generate_series(1, {count}) n")
    if key:
        system.execute(f"ALTER TABLE orders ADD PRIMARY KEY ({key})")
    system.execute("ANALYZE orders")
    return system.table("orders")


@pytest.mark.parametrize("count", [0, 1, RANGE - 1, RANGE, RANGE + 1, 3 * RANGE])
def test_ranges_hold_every_row_once(system, count):
    found = read(system, Request(orders(system, count)))
    assert [after for _, after in found] == [[n] for n in (*range(RANGE, count, RANGE), *([count] if count else []))]
    assert copied(system, "orders", found) == list(range(1, count + 1))
    assert system.connection.execute("SELECT * FROM orders EXCEPT SELECT * FROM copied").fetchall() == []


def test_resumes_behind_any_range(system):
    table = orders(system, 35)
    for _, after in read(system, Request(table)):
        assert copied(system, "orders", read(system, Request(table, after=after))) == list(range(after[0] + 1, 36))


def test_ranges_by_a_composite_key(system):
    found = read(system, Request(orders(system, 25, "code, id")))
    assert [after for _, after in found] == [["c1", 4], ["c2", 8], ["c2", 23]]
    assert copied(system, "orders", found) == list(range(1, 26))


def test_ranges_within_the_bounds_of_a_cursor(system):
    table = orders(system, 35)
    found = read(system, Request(table, cursor="total", since="3.00", until="6.00"))
    assert copied(system, "orders", found) == list(range(9, 19))
    assert found[-1][1] == ["6.00", 18]


def test_reads_only_the_columns_asked_for(system):
    table = orders(system, 12)
    system.execute("CREATE TABLE narrow (total numeric(9, 2))")
    for data, _ in read(system, Request(table, columns=("total",))):
        with system.connection.cursor() as cursor, cursor.copy("COPY narrow FROM STDIN (FORMAT binary)") as copy:
            copy.write(data)
    assert (
        system.connection.execute("SELECT count(*), sum(total) FROM narrow").fetchall()
        == system.connection.execute("SELECT count(*), sum(total) FROM orders").fetchall()
    )


def test_a_table_without_a_key_is_one_range(system):
    found = read(system, Request(orders(system, 25, key="")))
    assert [after for _, after in found] == [None]
    assert copied(system, "orders", found) == list(range(1, 26))


def test_ranges_share_one_snapshot(system):
    table = orders(system, 25)
    with closing(system.driver().read(Request(table))) as reading:
        stretches = reading.ranges()
        found = [drained(next(stretches))]
        system.execute("DELETE FROM orders WHERE id > 20; INSERT INTO orders VALUES (99, 'late', 1)")
        found += [drained(stretch) for stretch in stretches]
    assert copied(system, "orders", found) == list(range(1, 26))


def drained(stretch: ByteRange) -> tuple[bytes, Key | None]:
    return b"".join(stretch.chunks), stretch.after


def test_chunks_are_of_a_size_to_be_written_at_once(system):
    system.execute("CREATE TABLE wide (id integer PRIMARY KEY, filler text)")
    system.execute("INSERT INTO wide SELECT n, repeat(md5(n::text), 500) FROM generate_series(1, 100) n")
    with closing(system.driver().read(Request(system.table("wide"), columns=("filler",), key=("id",)))) as reading:
        sizes = [len(chunk) for stretch in reading.ranges() for chunk in stretch.chunks]
    assert max(sizes) < CHUNK_BYTES + 20 * KIB
    assert sum(sizes) > 100 * 16_000


def test_partitions_are_read_as_one_table(system):
    system.execute("CREATE TABLE parts (id integer PRIMARY KEY, v text) PARTITION BY RANGE (id)")
    for low in (0, 20):
        system.execute(f"CREATE TABLE part_{low} PARTITION OF parts FOR VALUES FROM ({low}) TO ({low + 20})")
    system.execute("INSERT INTO parts SELECT n, 'x' FROM generate_series(1, 33) n; ANALYZE parts")
    driver = system.driver()
    assert list(driver.streams()) == [system.table("parts")]
    found = read(system, Request(system.table("parts")))
    assert [after for _, after in found] == [[10], [20], [30], [33]]
    assert copied(system, "parts", found) == list(range(1, 34))


def test_a_table_that_others_inherit_from_has_no_key(system):
    system.execute("CREATE TABLE parent (id integer PRIMARY KEY); CREATE TABLE child () INHERITS (parent)")
    system.execute("INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1), (1)")
    with closing(system.driver().read(Request(system.table("parent"), page_rows=1))) as reading:
        assert reading.stream.key == ()
        assert [len(page.rows) for page in reading.pages()] == [1, 1, 1]


@pytest.mark.parametrize("source", ["query", "enum", "domain"])
def test_offers_no_bytes_that_another_database_would_read_differently(system, source):
    system.execute("DROP TYPE IF EXISTS mood CASCADE; CREATE TYPE mood AS ENUM ('sad')")
    system.execute("DROP DOMAIN IF EXISTS price CASCADE; CREATE DOMAIN price AS numeric")
    system.execute("CREATE TABLE own (id integer PRIMARY KEY, enum mood, domain price)")
    request = {
        "query": Request(Query("SELECT id FROM own"), key=("id",)),
        "enum": Request(system.table("own"), columns=("id", "enum")),
        "domain": Request(system.table("own"), columns=("id", "domain")),
    }[source]
    with closing(system.driver().read(request)) as reading:
        assert not isinstance(reading, ReadsBytes)
        assert reading.bytes_refusal
    with closing(system.driver().read(Request(system.table("own"), columns=("id",)))) as reading:
        assert isinstance(reading, ReadsBytes)
        assert reading.bytes_refusal == ""


def test_an_error_in_the_middle_of_a_copy_is_told(system):
    system.execute("CREATE TABLE numbers (id integer PRIMARY KEY, v integer)")
    system.execute("INSERT INTO numbers SELECT n, n - 25 FROM generate_series(1, 30) n")
    system.execute("CREATE VIEW shares AS SELECT id, 1 / v AS share FROM numbers")
    with pytest.raises(ConfigError) as caught:
        read(system, Request(system.table("shares"), key=("id",)))
    assert caught.value.code == "invalid_value"


def test_a_copy_that_is_left_ends(system):
    system.execute("CREATE TABLE long (id integer, filler text)")
    system.execute("INSERT INTO long SELECT n, repeat('x', 1000) FROM generate_series(1, 20000) n")
    reading = system.driver().read(Request(system.table("long")))
    [stretch] = list(reading.ranges())
    next(stretch.chunks)
    stretch.chunks.close()
    reading.close()
    system.execute("DROP TABLE long")  # nobody holds a lock on it any more


def test_a_session_that_is_ended_may_be_tried_again(system):
    table = orders(system, 25)
    with closing(system.driver().read(Request(table))) as reading:
        stretches = reading.ranges()
        drained(next(stretches))
        system.end_sessions()
        with pytest.raises(TransientError) as caught:
            drained(next(stretches))
    assert caught.value.code == "connection_lost"


def test_what_it_copies_is_binary_copy_of_the_statement_itself(system):
    table = orders(system, 3)
    [(data, _)] = read(system, Request(table))
    statement = "COPY (SELECT * FROM orders ORDER BY id) TO STDOUT (FORMAT binary)"
    with system.connection.cursor() as cursor, cursor.copy(statement) as copy:
        assert data == b"".join(map(bytes, copy))


@pytest.mark.parametrize(
    ("size", "rows", "correlation", "expected"),
    [
        (0, 0, None, FEWEST_ROWS),
        (263 * 1_000_000, 1_000_000, 1.0, MOST_ROWS),
        (1024 * 1_000_000, 1_000_000, 1.0, 65_536),
        (10 * KIB * 1_000_000, 1_000_000, 1.0, FEWEST_ROWS),
        (263 * 1_000_000, 1_000_000, 0.51, MOST_ROWS),
        (263 * 8_000_000, 8_000_000, 0.1, 1_000_000),
        (263 * 8_000_000, 8_000_000, None, MOST_ROWS),
        (100 * MIB, 0, None, FEWEST_ROWS),
    ],
)
def test_a_range_is_64_mib_within_limits_and_longer_where_its_rows_are_scattered(size, rows, correlation, expected):
    assert range_rows(size, rows, correlation) == expected


def test_correlation_is_what_the_statistics_say(system, monkeypatch):
    asked = []
    monkeypatch.setattr(ranges, "range_rows", lambda *arguments: asked.append(arguments) or RANGE)
    system.execute("CREATE TABLE scattered (id uuid PRIMARY KEY)")
    system.execute("INSERT INTO scattered SELECT gen_random_uuid() FROM generate_series(1, 1000)")
    system.execute("ANALYZE scattered")
    assert len(read(system, Request(system.table("scattered")))) == 100
    [(size, rows, correlation)] = asked
    assert (size % 8192, rows) == (0, 1000)
    assert correlation < 0.5
