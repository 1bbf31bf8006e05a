"""A file has its name when it is whole, and not before; and each run of an import writes its own or replaces one."""

import resource
from contextlib import closing

import pytest

from engine.contract import Delivery, Mode, Rejected, Standing
from engine.errors import ConfigError, FenceLost, RecordError, TransientError
from engine.schema import Column, Kind, Type
from engine.toolkit import arrow
from tests.engine.drivers.folders import Folder, lineage

COLUMNS = [Column("id", Type(Kind.INTEGER, size=64)), Column("name", Type(Kind.TEXT))]
OLD = "id,name\n0,old\n"


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path)


def rows(*numbers: int):
    return [{"id": number, "name": f"name {number}"} for number in numbers]


def none(rejected: list[Rejected]) -> None:
    raise AssertionError(rejected)


def read(folder: Folder, name: str) -> list[int]:
    return [int(row["id"]) for row in folder.rows(name)]


# Replacing


def test_replaces_the_file_at_the_end_alone(folder):
    folder.put("a.csv", OLD)
    with closing(folder.writer("a.csv", COLUMNS)) as writer:
        assert writer.delivery is Delivery.EFFECTIVELY_ONCE
        assert not writer.keeps_pages
        assert writer.take_over() == Standing(None, done=False)
        writer.begin({})
        assert writer.write(rows(1, 2), {"page": 1}, none) == 2
        assert read(folder, "a.csv") == [0]
        assert [name for name in folder.names() if name != "a.csv"] == [
            f"a.csv.{name.split('.')[2]}.job1-1.part" for name in folder.names()[1:]
        ]
        assert writer.write(rows(3), None, none) == 1
        writer.finish({})
    assert read(folder, "a.csv") == [1, 2, 3]
    assert folder.names() == ["a.csv"]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.csv.zst", "a.jsonl", "a.json", "a.parquet", "a.xlsx"])
def test_what_is_broken_off_leaves_nothing(folder, name):
    folder.put(name, "old")
    with closing(folder.writer(name, COLUMNS)) as writer:
        writer.take_over()
        writer.begin({})
        writer.write(rows(1, 2), None, none)
    assert folder.names() == [name]
    assert (folder.path / name).read_text() == "old"


def test_nothing_replaces_no_file_unless_that_is_allowed(folder):
    folder.put("a.csv", OLD)
    with pytest.raises(ConfigError) as caught:
        folder.write("a.csv", COLUMNS, [])
    assert caught.value.code == "empty_source"
    assert folder.names() == ["a.csv"]
    assert read(folder, "a.csv") == [0]
    folder.write("a.csv", COLUMNS, [], allow_empty=True)
    assert (folder.path / "a.csv").read_text() == "id,name\n"


def test_makes_the_folders_that_are_missing(folder):
    folder.write("in/deep/a.csv", COLUMNS, rows(1))
    assert folder.names() == ["in/deep/a.csv"]


# Appending


def test_every_run_that_appends_has_a_file_of_its_own(folder):
    for job in ("job1", "job2", "job1"):
        with closing(folder.writer("out/a.csv.gz", COLUMNS, Mode.APPEND, lineage(job))) as writer:
            writer.take_over()
            writer.begin({})
            writer.write(rows(1, 2), None, none)
            writer.finish({})
    first, second = folder.names()
    assert first.startswith("out/a-job1-")
    assert second.startswith("out/a-job2-")
    assert first.endswith(".csv.gz")
    assert read(folder, "out/a-*.csv.gz") == [1, 2, 1, 2]


def test_so_has_every_stream_of_a_run(folder):
    for stream in ("one", "two"):
        with closing(folder.writer("a.csv", COLUMNS, Mode.APPEND, lineage(stream=stream))) as writer:
            writer.take_over()
            writer.begin({})
            writer.write(rows(1), None, none)
            writer.finish({})
    assert len(folder.names()) == 2


def test_names_may_tell_the_run_and_its_beginning(folder):
    folder.write("{date}/a_{date}T{time}.csv", COLUMNS, rows(1))
    assert folder.names() == ["2024-02-29/a_2024-02-29T235958.csv"]
    folder.write("b_{job}_{date}.csv", COLUMNS, rows(1), Mode.APPEND)
    [_, name] = folder.names()
    assert name.startswith("b_job1-")
    assert name.endswith("_2024-02-29.csv")


def test_nothing_is_appended_by_no_file(folder):
    folder.write("a.csv", COLUMNS, [], Mode.APPEND)
    assert folder.names() == []


# Attempts


def test_an_attempt_removes_what_earlier_ones_left(folder):
    left = [folder.writer("a.csv", COLUMNS, of=of) for of in (lineage(fence=1), lineage("job0", 7))]
    other = folder.writer("a.csv", COLUMNS, of=lineage(step="other"))
    for writer in (*left, other):
        writer.begin({})
    heir = folder.writer("a.csv", COLUMNS, of=lineage(fence=2))
    heir.take_over()
    assert len(folder.names()) == 1
    heir.begin({})
    heir.write(rows(2), None, none)
    for writer in left:
        writer.write(rows(1), None, none)
        with pytest.raises(FenceLost):
            writer.finish({})
        writer.close()
    heir.finish({})
    assert read(folder, "a.csv") == [2]
    other.close()
    assert folder.names() == ["a.csv"]


def test_an_attempt_that_a_later_one_has_followed_does_nothing_more(folder):
    early = folder.writer("a.csv", COLUMNS, of=lineage(fence=1))
    early.take_over()
    early.begin({})
    early.write(rows(1), None, none)
    late = folder.writer("a.csv", COLUMNS, of=lineage(fence=2))
    late.begin({})
    for act in (lambda: early.finish({}), folder.writer("a.csv", COLUMNS, of=lineage(fence=1)).take_over):
        with pytest.raises(FenceLost):
            act()
    early.close()
    late.write(rows(2), None, none)
    late.finish({})
    assert read(folder, "a.csv") == [2]


def test_begins_again_from_nothing(folder):
    with closing(folder.writer("a.csv", COLUMNS)) as writer:
        writer.take_over()
        for number in (1, 2):
            writer.begin({})
            writer.write(rows(number), None, none)
        writer.finish({})
    assert read(folder, "a.csv") == [2]


# Rows and columns


def test_rows_that_do_not_fit_are_refused_and_the_others_written(folder):
    rejected: list[Rejected] = []
    with closing(folder.writer("a.parquet", COLUMNS)) as writer:
        writer.take_over()
        writer.begin({})
        page = [*rows(1), {"id": "x"}, {"name": "n"}, {"id": 2**70}, *rows(5)]
        assert writer.write(page, None, rejected.extend) == 3
        writer.finish({})
    assert [(one.index, one.code) for one in rejected] == [(1, "invalid_value"), (3, "invalid_value")]
    assert "'id'" in rejected[0].message
    assert folder.rows("a.parquet") == [*rows(1), {"id": None, "name": "n"}, *rows(5)]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet", "a.xlsx"])
def test_columns_make_the_same_file_as_rows(folder, name):
    batches = [arrow.batch(rows(*numbers), COLUMNS) for numbers in ((1, 2), (), (3,))]
    with closing(folder.writer(name, COLUMNS)) as writer:
        assert writer.arrow_refusal(COLUMNS) == ""
        writer.take_over()
        writer.begin({})
        counted = []
        assert writer.write_arrow(iter(batches), lambda count: counted.append(count) or {}) == 3
        writer.finish({})
    assert counted == [3]
    assert [row["id"] for row in folder.rows(name)] == (["1", "2", "3"] if name == "a.csv" else [1, 2, 3])


@pytest.mark.parametrize("before", [(), (7, 8)])
def test_of_a_range_with_a_row_that_does_not_fit_nothing_is_written(folder, before):
    columns = [Column("x", Type(Kind.DECIMAL, precision=3, scale=1))]
    good, bad = (arrow.batch([{"x": text}], columns) for text in ("1.5", "NaN"))
    with closing(folder.writer("a.parquet", columns)) as writer:
        writer.take_over()
        writer.begin({})
        writer.write([{"x": f"{number}.0"} for number in before], None, none)
        with pytest.raises(RecordError):
            writer.write_arrow([good, good, bad, good], lambda count: {})
        writer.write_arrow([good], lambda count: {})
        writer.finish({})
    assert [row["x"] for row in folder.rows("a.parquet")] == [*(f"{number}.0" for number in before), "1.5"]


# What goes wrong


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet", "a.jsonl.zst"])
def test_a_full_disk_leaves_the_old_file(folder, name):
    folder.put(name, "old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    wide = [{"id": number, "name": f"{number * 7919 % 1_000_003:x}" * 20} for number in range(20_000)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(ConfigError) as caught:
            folder.write(name, COLUMNS, wide)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code == "storage_full"
    assert folder.names() == [name]
    assert (folder.path / name).read_text() == "old"
    folder.write(name, COLUMNS, wide)
    assert len(folder.rows(name)) == 20_000


def test_can_be_broken_off(folder):
    with closing(folder.writer("a.csv", COLUMNS)) as writer:
        writer.take_over()
        writer.begin({})
        writer.interrupt()
        with pytest.raises(TransientError) as caught:
            writer.write(rows(1), None, none)
        assert caught.value.code == "interrupted"
    assert folder.names() == []


@pytest.mark.parametrize(
    ("name", "mode", "columns", "code"),
    [
        ("a.csv", Mode.UPSERT, COLUMNS, "unsupported_mode"),
        ("*.csv", Mode.APPEND, COLUMNS, "path_not_allowed"),
        ("a.csv.zip", Mode.REPLACE, COLUMNS, "invalid_format"),
        ("a", Mode.REPLACE, COLUMNS, "invalid_format"),
        ("x" * 200 + ".csv", Mode.REPLACE, COLUMNS, "name_too_long"),
        ("a.csv", Mode.REPLACE, [], "no_columns"),
    ],
)
def test_refuses_what_cannot_be_written_at_once(folder, name, mode, columns, code):
    with pytest.raises(ConfigError) as caught:
        folder.writer(name, columns, mode)
    assert caught.value.code == code


def test_a_folder_that_may_not_be_written_to_is_told(folder):
    folder.put("in", "a file")
    with pytest.raises(ConfigError):
        folder.write("in/a.csv", COLUMNS, rows(1))
    assert folder.names() == ["in"]
