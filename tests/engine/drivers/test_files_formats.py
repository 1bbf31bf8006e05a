"""Files of every type, packed in every way, there and back."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import xlsxwriter

from engine.contract import Request
from engine.errors import ConfigError
from engine.schema import Column, Kind, RawJson, Table, Type
from tests.engine.drivers.folders import Folder

COLUMNS = [
    Column("id", Type(Kind.INTEGER, size=64)),
    Column("text", Type(Kind.TEXT)),
    Column("ok", Type(Kind.BOOLEAN)),
    Column("share", Type(Kind.FLOAT, size=64)),
    Column("price", Type(Kind.DECIMAL, precision=12, scale=2)),
    Column("day", Type(Kind.DATE)),
    Column("hour", Type(Kind.TIME, precision=6)),
    Column("at", Type(Kind.TIMESTAMP, precision=6)),
    Column("moment", Type(Kind.TIMESTAMPTZ, precision=6)),
    Column("data", Type(Kind.BINARY)),
    Column("more", Type(Kind.JSON)),
]
NULLS = dict.fromkeys([column.name for column in COLUMNS])
ROW = {
    "id": 2**53 - 1,
    "text": 'a "quoted",\nß表😀',
    "ok": True,
    "share": 0.1,
    "price": "12.50",
    "day": "2024-02-29",
    "hour": "23:59:59.5",
    "at": "2024-02-29 23:59:59.5",
    "moment": "2024-02-29 23:59:59.5+00:00",
    "data": b"\x00\xff",
    "more": RawJson('{"a":[1,null]}'),
}
ROWS = [ROW, NULLS, {**ROW, "id": -1, "text": "x", "ok": False, "price": "-0.01"}]
AS_TEXT = {"id": str(2**53 - 1), "ok": "true", "share": "0.1", "data": "00ff"}
AS_JSON = {"price": 12.5, "data": "00ff"}
AS_CELLS = {"price": 12.5, "data": "00ff"}
ENDINGS = ["", ".gz", ".bz2", ".xz", ".zst"]


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("type_", "first"),
    [
        ("csv", {**ROW, **AS_TEXT}),
        ("tsv", {**ROW, **AS_TEXT}),
        ("jsonl", {**ROW, **AS_JSON}),
        ("json", {**ROW, **AS_JSON}),
    ],
)
def test_text_comes_back_however_it_is_packed(folder, type_, first, ending):
    name = f"out.{type_}{ending}"
    assert folder.write(name, COLUMNS, ROWS) == []
    found = folder.rows(name)
    assert found[:2] == [first, NULLS]
    assert len(found) == 3


def test_parquet_comes_back_with_its_types(folder):
    folder.write("out.parquet", COLUMNS, ROWS)
    assert folder.rows("out.parquet") == ROWS
    kinds = [column.type.kind for column in folder.columns("out.parquet")]
    assert kinds == [*(column.type.kind for column in COLUMNS[:-1]), Kind.TEXT]
    assert [str(type_) for type_ in parquet.read_schema(folder.path / "out.parquet").types] == [
        "int64", "string", "bool", "double", "decimal128(12, 2)", "date32[day]", "time64[us]",
        "timestamp[us]", "timestamp[us, tz=UTC]", "binary", "string",
    ]  # fmt: skip


def test_workbooks_come_back_but_for_what_cells_cannot_hold(folder):
    folder.write("out.xlsx", COLUMNS, ROWS)
    first, last = folder.rows("out.xlsx")
    assert first == {**ROW, **AS_CELLS, "hour": "23:59:59.5"}
    assert (last["id"], last["text"], last["ok"], last["price"]) == (-1, "x", False, -0.01)


@pytest.mark.parametrize("type_", ["csv", "jsonl", "json", "parquet", "xlsx"])
def test_no_rows_make_a_file_that_is_whole(folder, type_):
    folder.write(f"out.{type_}", COLUMNS, [], allow_empty=True)
    if type_ in {"jsonl", "json"}:
        assert folder.failure(f"out.{type_}").code == "no_columns"
    else:
        assert [column.name for column in folder.columns(f"out.{type_}")] == list(NULLS)
        assert folder.rows(f"out.{type_}") == []


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, lambda data: pa.compress(data, "zstd", asbytes=True)]
)
def test_reads_what_others_packed_in_several_parts(folder, pack):
    ending = {"compress": "", "<lambda>": ".zst"}.get(pack.__name__, "")
    ending = ending or {"gzip": ".gz", "bz2": ".bz2", "lzma": ".xz"}[pack.__module__]
    folder.put(f"a.csv{ending}", pack(b"a,b\n1,") + pack(b"2\n3,4\n"))
    assert folder.rows(f"a.csv{ending}") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_packing_may_be_told_where_the_name_does_not(folder):
    folder.put("export", gzip.compress(b"a\n1\n"))
    assert folder.rows("export", type="csv", compression="gzip") == [{"a": "1"}]


def archive(**members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize("name", ["a.zip", "a.csv.zip"])
def test_reads_every_member_of_an_archive_in_the_order_of_their_names(folder, name):
    folder.put(name, archive(**{"b.csv": "b,a\n3,4\n", "a.csv": "a,b\n1,2\n", "c/d.csv": "a,b\n5,6\n", "c/": ""}))
    pages = folder.pages(name)
    assert [row for page in pages for row in page.rows] == [
        {"a": "1", "b": "2"},
        {"a": "4", "b": "3"},
        {"a": "5", "b": "6"},
    ]
    for number, page in enumerate(pages, 1):
        assert len(folder.rows_behind(name, page.after)) == 3 - number


def test_reads_parquet_and_workbooks_of_an_archive(folder):
    for type_ in ("parquet", "xlsx"):
        folder.write(f"in.{type_}", COLUMNS[:2], [{"id": 1, "text": "x"}])
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            file.write(folder.path / f"in.{type_}", f"in.{type_}")
        folder.put(f"{type_}.zip", packed.getvalue())
        assert folder.rows(f"{type_}.zip") == [{"id": 1, "text": "x"}]


@pytest.mark.parametrize(("name", "format_"), [("a.csv.zip", {}), ("a.parquet.gz", {})])
def test_does_not_write_what_it_cannot_pack(folder, name, format_):
    with pytest.raises(ConfigError) as caught:
        folder.write(name, COLUMNS, ROWS, **format_)
    assert caught.value.code == "invalid_format"
    assert folder.names() == []


# JSON


def lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_fields_are_those_of_the_first_records_and_their_types_hold_all_of_them(folder):
    folder.put(
        "a.jsonl",
        lines(
            {"a": 1, "b": 1, "c": None, "d": True, "e": "x"},
            {"f": {"x": [1]}, "a": 2, "b": 0.5, "d": False, "e": 5, "g": "x"},
            {"g": [1]},
        ),
    )
    kinds = {column.name: column.type.kind for column in folder.columns("a.jsonl")}
    assert kinds == {
        "a": Kind.INTEGER, "b": Kind.FLOAT, "c": Kind.TEXT, "d": Kind.BOOLEAN, "e": Kind.TEXT,
        "f": Kind.JSON, "g": Kind.JSON,
    }  # fmt: skip
    found = folder.rows("a.jsonl")
    assert found[1] == {"a": 2, "b": 0.5, "c": None, "d": False, "e": "5", "f": '{"x":[1]}', "g": '"x"'}
    assert type(found[1]["f"]) is RawJson


def test_a_field_that_comes_later_is_told_of_unless_it_is_to_be_ignored(folder):
    folder.put("a.jsonl", lines(*[{"a": 1}] * 1_000, {"a": 2, "new": 3}, {"a": 4}))
    assert [row["a"] for row in folder.rows("a.jsonl")[999:]] == [1, 4]
    assert folder.unreadable("a.jsonl") == [("unknown_field", {"a": 2, "new": 3})]
    assert [row["a"] for row in folder.rows("a.jsonl", fields="ignore")[999:]] == [1, 2, 4]


def test_lines_that_are_no_records_are_told_of(folder):
    deep = '{"a": ' + "[" * 64 + "]" * 64 + "}"
    content = ['{"a": 1}', "", "{", "[1]", '{"a": "x"}', '{"a": NaN}', deep, '{"a": ' + "[" * 100_000, '{"a": 2}']
    folder.put("a.jsonl", lines(*[{"a": 0}] * 1_000) + "\n".join(content))
    assert [row["a"] for row in folder.rows("a.jsonl")[1_000:]] == [1, 2]
    codes = [code for code, _ in folder.unreadable("a.jsonl")]
    assert codes == ["malformed_row", "malformed_row", "invalid_value", "malformed_row", "too_deep", "malformed_row"]


def test_reads_a_list_of_records(folder):
    folder.put("a.json", '[{"a": 1},\n {"a": 2}]')
    assert folder.rows("a.json") == [{"a": 1}, {"a": 2}]
    folder.put("b.json", lines({"a": 1}, {"a": 2}))
    assert folder.rows("b.json") == [{"a": 1}, {"a": 2}]
    folder.put("c.json", '[{"a": 1},\n {"a": ]')
    assert folder.failure("c.json").code == "invalid_json"
    assert "line 2" in folder.failure("c.json").message
    assert folder.failure("a.json", {"json_list": 10}).code == "file_too_large"


def test_what_json_has_no_form_for_is_refused_alone(folder):
    rows = [{"share": 0.5}, {"share": float("nan")}, {"share": float("inf")}, {"share": None}]
    assert folder.write("a.jsonl", COLUMNS[3:4], rows) == ["invalid_value", "invalid_value"]
    assert folder.rows("a.jsonl") == [{"share": 0.5}, {"share": None}]


def test_decimals_keep_their_digits_in_json(folder):
    column = Column("x", Type(Kind.DECIMAL))
    folder.write("a.jsonl", [column], [{"x": "12345678901234567890.10"}, {"x": "NaN"}])
    assert (folder.path / "a.jsonl").read_text() == '{"x":12345678901234567890.10}\n{"x":"NaN"}\n'


# Parquet


def test_reads_parquet_of_any_types(folder):
    table = pa.table(
        {
            "small": pa.array([1, None], pa.int8()),
            "huge": pa.array([2**64 - 1, 0], pa.uint64()),
            "single": pa.array([0.5, None], pa.float32()),
            "word": pa.array(["a", "b"]).dictionary_encode(),
            "money": pa.array([Decimal("1.50"), None], pa.decimal128(10, 4)),
            "list": pa.array([[1, 2], None]),
            "nested.name": pa.array([{"a": [{"b": None}]}, None]),
            "nanos": pa.array([1, None], pa.timestamp("ns")),
            "there": pa.array([0, None], pa.timestamp("ms", "Europe/Berlin")),
        }
    )
    parquet.write_table(table, folder.path / "a.parquet")
    assert folder.rows("a.parquet") == [
        {
            "small": 1, "huge": str(2**64 - 1), "single": 0.5, "word": "a", "money": "1.5000", "list": "[1,2]",
            "nested.name": '{"a":[{"b":null}]}', "nanos": "1970-01-01 00:00:00.000000001",
            "there": "1970-01-01 00:00:00+00:00",
        },
        {**dict.fromkeys(table.column_names), "huge": "0", "word": "b"},
    ]  # fmt: skip


def test_goes_on_within_and_behind_groups_of_rows(folder):
    table = pa.table({"id": pa.array(range(1_000)), "x": pa.array([f"x{n}" for n in range(1_000)])})
    parquet.write_table(table, folder.path / "a.parquet", row_group_size=300)
    driver = folder.driver()
    pages = list(driver.read(Request(Table("a.parquet"), page_rows=70)).pages())
    assert [row["id"] for page in pages for row in page.rows] == list(range(1_000))
    seen = 0
    for page in pages:
        seen += len(page.rows)
        assert [row["id"] for row in folder.rows_behind("a.parquet", page.after)] == list(range(seen, 1_000))


def test_damaged_parquet_is_refused(folder):
    table = pa.table({"x": pa.array([f"{n}" * 20 for n in range(50_000)])})
    parquet.write_table(table, folder.path / "a.parquet", compression="zstd", use_dictionary=False)
    whole = (folder.path / "a.parquet").read_bytes()
    folder.put("a.parquet", whole[:-100])
    assert folder.failure("a.parquet").code == "truncated_file"
    folder.put("a.parquet", b"PAR1")
    assert folder.failure("a.parquet").code == "truncated_file"
    folder.put("a.parquet", whole[:10_000] + b"\0" * 5_000 + whole[15_000:])
    assert folder.failure("a.parquet").code in {"invalid_parquet", "truncated_file"}
    broken = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff\xfe"]).buffers())
    parquet.write_table(pa.table({"x": broken}), folder.path / "a.parquet")
    assert folder.failure("a.parquet").code in {"invalid_parquet", "decode_error"}


def test_a_decimal_that_does_not_fit_is_refused_alone(folder):
    column = Column("x", Type(Kind.DECIMAL, precision=4, scale=2))
    assert folder.write("a.parquet", [column], [{"x": "12.50"}, {"x": "NaN"}, {"x": "1.005"}]) == ["invalid_value"] * 2
    assert folder.rows("a.parquet") == [{"x": "12.50"}]


# Workbooks


def workbook(*rows: list[Any], sheet: str = "Data") -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"default_date_format": "yyyy-mm-dd hh:mm:ss"})
    book.add_worksheet("First").write_row(0, 0, ["other"])
    data = book.add_worksheet(sheet)
    for number, row in enumerate(rows):
        data.write_row(number, 0, row)
    book.close()
    return content.getvalue()


def test_types_are_those_of_all_cells_of_a_column(folder):
    moment = datetime.fromisoformat("2024-02-29 10:00")
    folder.put(
        "a.xlsx",
        workbook(
            ["made by hand"],
            ["a", "b", "c", "d", None, "f", "g"],
            [1, 1, True, moment, "x", 1, time(10)],
            [],
            [2, 0.5, False, date(2024, 2, 29), None, "one", None],
        ),
    )
    format_ = {"sheet": "Data", "skip_rows": 1}
    kinds = [column.type.kind for column in folder.columns("a.xlsx", **format_)]
    assert kinds == [Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN, Kind.TIMESTAMP, Kind.TEXT, Kind.TEXT, kinds[-1]]
    first, second = folder.rows("a.xlsx", **format_)
    assert list(first.values())[:6] == [1, 1.0, True, "2024-02-29 10:00:00", "x", "1"]
    assert list(second.values())[:6] == [2, 0.5, False, "2024-02-29 00:00:00", None, "one"]
    assert "column_5" in first


def test_a_sheet_that_is_not_there_is_refused(folder):
    folder.put("a.xlsx", workbook(["a"]))
    assert folder.failure("a.xlsx", sheet="None").code == "invalid_format"
    assert [column.name for column in folder.columns("a.xlsx")] == ["other"]
    folder.put("b.xlsx", b"PK no workbook")
    assert folder.failure("b.xlsx").code == "invalid_xlsx"
    folder.put("c.xlsx", archive(**{"a.xml": "<a/>"}))
    assert folder.failure("c.xlsx").code == "invalid_xlsx"


def test_texts_that_look_like_formulas_stay_texts(folder):
    rows = [{"text": "=1+1"}, {"text": "{=A1}"}, {"text": "http://127.0.0.1/"}]
    folder.write("a.xlsx", COLUMNS[1:2], rows)
    assert folder.rows("a.xlsx") == rows
    with zipfile.ZipFile(folder.path / "a.xlsx") as file:
        assert b"<f>" not in file.read("xl/worksheets/sheet1.xml")


def test_cells_hold_no_more_than_excel_allows(folder):
    assert folder.write("a.xlsx", COLUMNS[1:2], [{"text": "x" * 32_767}, {"text": "x" * 32_768}]) == ["value_too_long"]
    numbers = [{"id": 2**53 + 1, "price": "1234567890123456.78", "day": "1899-12-31"}]
    columns = [COLUMNS[0], Column("price", Type(Kind.DECIMAL)), COLUMNS[5]]
    folder.write("b.xlsx", columns, numbers)
    assert folder.rows("b.xlsx") == [{"id": str(2**53 + 1), "price": "1234567890123456.78", "day": "1899-12-31"}]


def test_a_sheet_ends_at_its_last_row(folder, monkeypatch):
    monkeypatch.setattr("engine.drivers.files.formats.xlsx_encoder.MOST_ROWS", 3)
    with pytest.raises(ConfigError) as caught:
        folder.write("a.xlsx", COLUMNS[:1], [{"id": number} for number in range(3)])
    assert caught.value.code == "too_many_rows"
    assert folder.names() == []
