"""Whole columns into PostgreSQL and out of it, as sources of other kinds give them and destinations want them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from engine.bulk import ReadsArrow, WritesArrow
from engine.contract import Lineage, Mode, Request, Target
from engine.errors import RecordError
from engine.schema import Column, Kind, Query, Type
from engine.sync import position
from tests.engine.drivers.systems import Postgresql

FIRST = position.first(of="things", job="job")


@pytest.fixture
def system(postgresql_system: Postgresql) -> Iterator[Postgresql]:
    postgresql_system.drop_all()
    yield postgresql_system
    postgresql_system.close_drivers()


def write(system: Postgresql, columns: list[Column], *batches: Any, mode: Mode = Mode.APPEND) -> int:
    key = ("id",) if mode is Mode.UPSERT else ()
    target, lineage = Target(system.table("things"), mode, key), Lineage("step", "stream", "job", 1)
    with closing(system.driver().writer(target, columns, (), lineage)) as writer:
        writer.take_over()
        writer.begin(FIRST)
        assert isinstance(writer, WritesArrow)
        assert writer.arrow_refusal(columns) == ""
        return writer.write_arrow(iter(batches), lambda rows: position.behind(FIRST, ["x"], read=rows))


def stored(system: Postgresql) -> list[tuple[Any, ...]]:
    return system.connection.execute("SELECT * FROM things ORDER BY 1").fetchall()


def test_takes_columns_in_the_types_that_say_most(system: Postgresql) -> None:
    columns = [
        Column("id", Type(Kind.INTEGER, size=64)),
        Column("amount", Type(Kind.DECIMAL, precision=12, scale=2)),
        Column("day", Type(Kind.DATE)),
        Column("clock", Type(Kind.TIME, precision=6)),
        Column("at", Type(Kind.TIMESTAMP, precision=6)),
        Column("zoned", Type(Kind.TIMESTAMPTZ, precision=6)),
        Column("name", Type(Kind.TEXT)),
    ]
    zoned = datetime(2024, 2, 29, 23, 59, 59, 500_000, tzinfo=UTC)
    moment = zoned.replace(tzinfo=None)
    arrays = [
        pa.array([1, 2]),
        pa.array([Decimal("12.50"), None], pa.decimal128(12, 2)),
        pa.array([date(2024, 2, 29), None]),
        pa.array([time(23, 59, 59, 1), None], pa.time64("us")),
        pa.array([moment, None], pa.timestamp("us")),
        pa.array([moment, None], pa.timestamp("us", "UTC")),
        pa.array(["tab\t\\N", ""], pa.large_string()),
    ]
    batch = pa.RecordBatch.from_arrays(arrays, [column.name for column in columns])
    assert write(system, columns, batch, batch.slice(0, 0)) == 2
    assert stored(system) == [
        (1, Decimal("12.50"), date(2024, 2, 29), time(23, 59, 59, 1), moment, zoned, "tab\t\\N"),
        (2, None, None, None, None, None, ""),
    ]


def test_a_slice_of_a_batch_is_only_what_it_shows(system: Postgresql) -> None:
    columns = [Column("id", Type(Kind.TEXT))]
    write(system, columns, pa.record_batch([pa.array(["a", "b", None, "d\n"])], ["id"]).slice(1, 2))
    assert stored(system) == [("b",), (None,)]


@pytest.mark.parametrize("mode", [Mode.APPEND, Mode.UPSERT])
def test_a_row_that_is_refused_takes_its_range_back(system: Postgresql, mode: Mode) -> None:
    system.execute("CREATE TABLE things (id bigint PRIMARY KEY, name text)")
    columns = [Column("id", Type(Kind.INTEGER, size=64)), Column("name", Type(Kind.TEXT))]
    batches = [pa.record_batch([[number], [name]], ["id", "name"]) for number, name in ((1, "good"), (2, "b\0d"))]
    with pytest.raises(RecordError):
        write(system, columns, *batches, mode=mode)
    assert stored(system) == []


def test_a_query_gives_columns_too(system: Postgresql) -> None:
    query = Query("SELECT n AS id, NULLIF('', CASE WHEN n = 1 THEN '' END) AS name FROM generate_series(1, 2) n")
    with closing(system.driver().read(Request(query))) as reading:
        assert isinstance(reading, ReadsArrow)
        [found] = [(pa.Table.from_batches(one.batches), one.after) for one in reading.arrow_ranges()]
    assert (found[0].to_pylist(), found[1]) == ([{"id": 1, "name": None}, {"id": 2, "name": ""}], None)


def test_a_single_column_of_nulls_loses_no_row(system: Postgresql) -> None:
    system.execute("CREATE TABLE things (name text); INSERT INTO things VALUES (NULL), (''), (NULL)")
    with closing(system.driver().read(Request(system.table("things")))) as reading:
        assert isinstance(reading, ReadsArrow)
        names = [name for one in reading.arrow_ranges() for batch in one.batches for name in batch["name"].to_pylist()]
    assert names == [None, "", None]
