"""Which files a stream has, and how it is read from any place in it."""

import os
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from engine.contract import Request
from engine.errors import ConfigError, RecordError, TransientError
from engine.schema import Column, Kind, Query, Table, Type
from tests.engine.drivers.conformance import as_json
from tests.engine.drivers.folders import Folder

PAGE = 7
NIGHT = datetime(2024, 2, 29, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path)


def csv(*numbers: int) -> str:
    return "id,name\n" + "".join(f"{number},name {number}\n" for number in numbers)


def ids(rows) -> list[int]:
    return [int(row["id"]) for row in rows]


# Which files


@pytest.mark.parametrize(
    ("table", "numbers"),
    [
        (Table("a.csv"), [1]),
        (Table("*.csv"), [1, 2]),
        (Table("?.csv"), [1, 2]),
        (Table("[b-z].csv"), [2]),
        (Table("[!b].csv"), [1]),
        (Table("*.csv", "in"), [3, 4]),
        (Table("in/*.csv"), [3, 4]),
        (Table("*.csv", "in/"), [3, 4]),
        (Table("*/*.csv"), [3, 4]),
        (Table("**/*.csv"), [1, 2, 3, 4, 5, 6]),
        (Table("in/**/*.csv"), [3, 4, 5, 6]),
        (Table("**/deep/**/*.csv"), [5, 6]),
        (Table("**/**/6.csv"), [6]),
        (Table("*d*/*ee*/*.csv"), []),
    ],
)
def test_patterns_choose_files_in_the_order_of_their_paths(folder, table, numbers):
    for number, name in enumerate(["a.csv", "b.csv", "in/c.csv", "in/d.csv", "in/deep/5.csv", "in/deep/er/6.csv"], 1):
        folder.put(name, csv(number))
    folder.put("b.txt", csv(99))
    folder.put("in/x.csv.0011aabb.job-1.part", csv(98))
    if numbers:
        assert ids(folder.rows(table)) == numbers
    else:
        assert folder.failure(table).code == "unknown_file"


def test_names_of_any_letters_are_names(folder):
    for number, name in enumerate(
        ["ä ß表😀.csv", "a'b\"`;$(x)&|.csv", "..%2f.csv", "....csv", "~", "C:.csv", "%s{}.csv", "-rf.csv"]
    ):
        folder.put(name, csv(number))
        assert ids(folder.rows(name, type="csv")) == [number]
    assert {table.name for table in folder.driver().tables("", "")} == set(folder.names())


def test_too_many_files_are_refused(folder):
    for number in range(5):
        folder.put(f"{number}.csv", csv(number))
    assert ids(folder.rows("*.csv", {"files": 5})) == [0, 1, 2, 3, 4]
    assert folder.failure("*.csv", {"files": 4}).code == "too_many_files"
    assert folder.failure("0*.csv", {"entries": 4}).code == "too_many_files"


def test_looks_around(folder):
    folder.put("a.csv", csv(1))
    folder.put("in/deep/b.csv", csv(1))
    driver = folder.driver()
    driver.check()
    assert driver.catalogs() == [""]
    assert driver.schemas("") == ["", "in", "in/deep"]
    assert driver.tables("", "") == [Table("a.csv")]
    assert driver.tables("", "in/deep") == [Table("b.csv", "in/deep")]
    assert list(driver.streams()) == [Table("a.csv"), Table("b.csv", "in/deep")]
    assert [column.name for column in driver.describe(Table("b.csv", "in/deep")).columns] == ["id", "name"]
    for act in (lambda: driver.tables("", "nowhere"), lambda: driver.tables("", "a.csv")):
        with pytest.raises(ConfigError) as caught:
            act()
        assert caught.value.code == "unknown_folder"
    with pytest.raises(ConfigError) as caught:
        driver.schemas("x")
    assert caught.value.code == "unknown_catalog"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Request(Table("missing.csv")), "unknown_file"),
        (Request(Table("nowhere/a.csv")), "unknown_file"),
        (Request(Table("a.csv/b.csv")), "unknown_file"),
        (Request(Table("in", ""), format={"type": "csv"}), "unknown_file"),
        (Request(Query("select 1")), "unsupported"),
        (Request(Table("a.csv"), key=("id",)), "invalid_key"),
        (Request(Table("a.csv"), cursor="id"), "invalid_cursor"),
        (Request(Table("a.csv"), cursor="_modified"), "unknown_column"),
        (Request(Table("a.csv"), columns=("nope",)), "unknown_column"),
        (Request(Table("a.csv"), after=[1, 2]), "stale_position"),
        (Request(Table("a.dat")), "invalid_format"),
    ],
)
def test_refuses_what_it_cannot_read(folder, request_, code):
    folder.put("a.csv", csv(1))
    folder.put("in/b.csv", csv(1))
    with pytest.raises(ConfigError) as caught:
        list(folder.driver().read(request_).pages())
    assert caught.value.code == code


# Columns


def test_reads_the_columns_asked_for_in_their_order(folder):
    folder.put("a.csv", "a,b,c\n1,2,3\n")
    reading = folder.driver().read(Request(Table("a.csv"), columns=("c", "a")))
    assert [column.name for column in reading.stream.columns] == ["c", "a"]
    assert next(reading.pages()).rows == [{"c": "3", "a": "1"}]


def test_files_of_other_columns_are_read_by_name_and_further_ones_refused(folder):
    folder.put("1.csv", "a,b\n1,2\n")
    folder.put("2.csv", "b,a\n4,3\n")
    folder.put("3.csv", "b\n6\n\n")
    assert folder.rows("*.csv") == [
        {"a": "1", "b": "2"}, {"a": "3", "b": "4"}, {"a": None, "b": "6"}, {"a": None, "b": None}
    ]  # fmt: skip
    folder.put("4.csv", "a,c\n1,2\n")
    failure = folder.failure("*.csv")
    assert failure.code == "schema_drift"
    assert "'4.csv'" in failure.message
    assert "'c'" in failure.message


def test_a_column_of_another_type_is_refused(folder):
    parquet.write_table(pa.table({"a": [1]}), folder.path / "1.parquet")
    parquet.write_table(pa.table({"a": pa.array([2], pa.int8())}), folder.path / "2.parquet")
    assert folder.rows("*.parquet") == [{"a": 1}, {"a": 2}]
    parquet.write_table(pa.table({"a": ["x"]}), folder.path / "3.parquet")
    assert folder.failure("*.parquet").code == "schema_drift"


def test_empty_files_among_others_have_no_rows(folder):
    folder.put("1.csv", "")
    folder.put("2.csv", "a\n1\n")
    folder.put("3.csv", "")
    assert folder.rows("*.csv") == [{"a": "1"}]


# From any place


def places(folder: Folder, table: Table, **format_):
    with closing(folder.driver().read(Request(table, page_rows=PAGE, format=format_))) as reading:
        return [(len(page.rows) + len(page.unreadable), as_json(page.after)) for page in reading.pages()]


@pytest.mark.parametrize("name", ["*.csv", "*.jsonl", "*.parquet", "*.csv.gz", "*.xlsx"])
def test_goes_on_behind_any_page(folder, name):
    columns = [Column("id", Type(Kind.INTEGER)), Column("name", Type(Kind.TEXT))]
    for number, count in enumerate([20, 0, 1, 14, 30]):
        rows = [{"id": 100 * number + one, "name": "x" * one} for one in range(count)]
        folder.write(name.replace("*", str(number)), columns, rows, allow_empty=True)
    if name == "*.jsonl":
        (folder.path / "1.jsonl").write_text("\n")
    whole = ids(folder.rows(name))
    assert len(whole) == 65
    seen = 0
    for count, after in places(folder, Table(name)):
        seen += count
        assert ids(folder.rows_behind(name, after)) == whole[seen:]
    assert seen == 65


def test_goes_on_where_the_file_was_taken_away_meanwhile(folder):
    for number in range(3):
        folder.put(f"{number}.csv", csv(number))
    [(_, after), *_] = places(folder, Table("*.csv"))
    (folder.path / "0.csv").unlink()
    assert ids(folder.rows_behind("*.csv", after)) == [1, 2]


def test_a_file_that_was_changed_meanwhile_is_not_gone_on_in(folder):
    folder.put("0.csv", csv(0))
    folder.put("1.csv", csv(*range(20)))
    after = places(folder, Table("*.csv"))[1][1]
    folder.put("0.csv", csv(5, 6))
    assert len(folder.rows_behind("*.csv", after)) == 13
    folder.put("1.csv", csv(*range(21)))
    with pytest.raises(ConfigError) as caught:
        folder.rows_behind("*.csv", after)
    assert caught.value.code == "file_changed"
    assert "'1.csv'" in caught.value.message


@pytest.mark.parametrize("format_", [{"delimiter": ";"}, {"header": False}, {"skip_rows": 1}, {"quote": ""}])
def test_a_file_whose_records_are_counted_otherwise_meanwhile_is_not_gone_on_in(folder, format_):
    folder.put("a.csv", csv(*range(20)))
    after = places(folder, Table("a.csv"))[1][1]
    with pytest.raises(ConfigError) as caught:
        folder.rows_behind("a.csv", after, **format_)
    assert caught.value.code == "format_changed"
    assert "'a.csv'" in caught.value.message


def test_options_that_count_no_record_otherwise_may_be_changed_meanwhile(folder):
    folder.put("a.csv", csv(*range(20)))
    after = places(folder, Table("a.csv"))[1][1]
    same = {"type": "csv", "delimiter": ",", "encoding": "UTF8", "null": "name 14", "types": "infer"}
    assert [(row["id"], row["name"]) for row in folder.rows_behind("a.csv", after, **same)][:2] == [
        (14, None), (15, "name 15")
    ]  # fmt: skip


def test_goes_on_from_places_that_were_kept_without_their_options(folder):
    folder.put("a.csv", csv(*range(20)))
    *older, _ = places(folder, Table("a.csv"))[1][1]
    assert len(older) == 4
    assert ids(folder.rows_behind("a.csv", older)) == [*range(14, 20)]


def test_ranges_hold_the_same_rows_in_columns_and_can_be_gone_on_behind(folder):
    count = 120_000
    folder.put("a.csv", csv(*range(count)))
    ranges = [
        ([*one.batches], as_json(one.after)) for one in folder.driver().read(Request(Table("a.csv"))).arrow_ranges()
    ]
    assert len(ranges) == 2
    seen = 0
    for batches, after in ranges:
        for batch in batches:
            assert batch.schema.names == ["id", "name"]
            assert batch.column(0).to_pylist() == [str(number) for number in range(seen, seen + batch.num_rows)]
            seen += batch.num_rows
        rest = folder.driver().read(Request(Table("a.csv"), after=after)).arrow_ranges()
        assert sum(batch.num_rows for one in rest for batch in one.batches) == count - seen
    assert seen == count


def test_a_range_with_a_malformed_row_is_refused_behind_the_whole_ones(folder):
    folder.put("a.csv", csv(*range(150_000)) + "one\n" + csv(*range(10)))
    good = []

    def read() -> None:
        ranges = folder.driver().read(Request(Table("a.csv"))).arrow_ranges()
        good.extend((sum(batch.num_rows for batch in one.batches), one.after) for one in ranges)

    with pytest.raises(RecordError) as caught:
        read()
    assert caught.value.code == "malformed_row"
    count = sum(rows for rows, _ in good)
    assert 0 < count <= 150_000
    assert len(folder.rows_behind("a.csv", good[-1][1])) == 150_011 - count


def test_can_be_broken_off(folder):
    folder.put("a.csv", csv(*range(200_000)))
    driver = folder.driver()
    pages = driver.read(Request(Table("a.csv"))).pages()
    next(pages)
    driver.interrupt()
    with pytest.raises(TransientError) as caught:
        list(pages)
    assert caught.value.code == "interrupted"
    assert len(list(driver.read(Request(Table("a.csv"), page_rows=300_000)).pages())) > 0


# By when they were modified


def touched(folder: Folder, name: str, number: int, hours: float) -> None:
    folder.put(name, csv(number))
    at = (NIGHT + timedelta(hours=hours)).timestamp()
    os.utime(folder.path / name, (at, at))


def test_tells_where_rows_come_from(folder):
    touched(folder, "in/a.csv", 1, 0.5)
    [row] = folder.rows("in/*.csv", provenance=True)
    assert row == {"id": "1", "name": "name 1", "_file": "in/a.csv", "_modified": "2024-02-29 00:30:00+00:00"}
    [batch] = [batch for one in folder.driver().read(
        Request(Table("in/*.csv"), columns=("_file",), format={"provenance": True})
    ).arrow_ranges() for batch in one.batches]  # fmt: skip
    assert batch.to_pylist() == [{"_file": "in/a.csv"}]


def test_columns_of_that_name_may_be_the_files_own(folder):
    folder.put("a.csv", "_file,_modified\nx,y\n")
    assert folder.rows("a.csv") == [{"_file": "x", "_modified": "y"}]
    assert folder.failure("a.csv", provenance=True).code == "duplicate_column"
    parquet.write_table(
        pa.table([pa.array(["x"])], schema=pa.schema([pa.field("_file", pa.string(), nullable=False)])),
        folder.path / "a.parquet",
    )
    assert folder.rows("a.parquet") == [{"_file": "x"}]


def test_reads_what_was_modified_since(folder):
    for number in range(4):
        touched(folder, f"{number}.csv", number, number)

    def read(**bounds):
        request = Request(Table("*.csv"), cursor="_modified", format={"provenance": True}, **bounds)
        with closing(folder.driver().read(request)) as reading:
            return reading.until, ids(row for page in reading.pages() for row in page.rows)

    assert read() == ("2024-02-29 03:00:00+00:00", [0, 1, 2, 3])
    assert read(since="2024-02-29 02:00:00+00:00") == ("2024-02-29 03:00:00+00:00", [2, 3])
    assert read(since="2024-02-29 02:00:00+00:00", strict=True) == ("2024-02-29 03:00:00+00:00", [3])
    assert read(until="2024-02-29 01:00:00+00:00") == ("2024-02-29 01:00:00+00:00", [0, 1])
    assert read(since="2024-02-29 05:00:00+00:00") == ("2024-02-29 03:00:00+00:00", [])
