"""CSV as others write it, and as we do."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.schema import Column, Kind, Type
from tests.engine.drivers.folders import Folder

TEXT = Type(Kind.TEXT)


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Folder:
    return Folder(tmp_path_factory.mktemp("shared"))


def columns(*names: str) -> list[Column]:
    return [Column(name, TEXT) for name in names]


# Reading


def test_every_value_is_the_text_that_is_written(folder):
    folder.put("a.csv", "id,price,at\n007,1.50,2024-02-29T10:00:00Z\n")
    assert folder.columns("a.csv") == tuple(columns("id", "price", "at"))
    assert folder.rows("a.csv") == [{"id": "007", "price": "1.50", "at": "2024-02-29T10:00:00Z"}]


def test_nothing_is_null_and_quotes_around_nothing_are_an_empty_text(folder):
    folder.put("a.csv", 'a,b,c\n1,,""\n')
    assert folder.rows("a.csv") == [{"a": "1", "b": None, "c": ""}]


def test_another_text_may_mean_null(folder):
    folder.put("a.csv", 'a,b,c\n\\N,,"\\N"\n')
    assert folder.rows("a.csv", null="\\N") == [{"a": None, "b": "", "c": "\\N"}]


def test_quoted_values_hold_separators_quotes_and_lines(folder):
    folder.put("a.csv", 'a,b\n"x,y","he said ""no""\nand left"\r\n5" pipe,ß表😀\n')
    assert folder.rows("a.csv") == [{"a": "x,y", "b": 'he said "no"\nand left'}, {"a": '5" pipe', "b": "ß表😀"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_lines_may_end_in_any_way(folder, end, last):
    folder.put("a.csv", end.join(["a,b", "1,2", "3,4"]) + (end if last else ""))
    assert folder.rows("a.csv") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_empty_lines_are_no_rows_but_where_there_is_one_column(folder):
    folder.put("a.csv", "\n\na,b\n\n1,2\n\n\n3,4\n\n")
    assert folder.rows("a.csv") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    folder.put("b.csv", "a\n1\n\n2\n")
    assert folder.rows("b.csv") == [{"a": "1"}, {"a": None}, {"a": "2"}]


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        ("a;b\n'x;y';\n", {"delimiter": ";", "quote": "'"}),
        ('a\tb\n"x;y"\t\n', {"delimiter": "\t"}),
        ("a\tb\nx;y\t\n", {"type": "tsv"}),
        ('a,b\n"x;y",\n', {"escape": "\\"}),
        ('made by hand, twice\n"\na,b\nx;y,\n', {"skip_rows": 2}),
        ("x;y,\n", {"header": False, "columns": ["a", "b"]}),
        ("these,those\nx;y,\n", {"columns": ["a", "b"]}),
        ("\ufeffa,b\nx;y,\n", {}),
    ],
)
def test_understands_other_kinds_when_told(folder, content, format_):
    folder.put("a.csv", content)
    assert folder.rows("a.csv", **format_) == [{"a": "x;y", "b": None}]


def test_escapes_stand_for_what_follows(folder):
    folder.put("a.csv", 'a,b\n"x\\"y",\\,\n')
    assert folder.rows("a.csv", escape="\\") == [{"a": 'x"y', "b": ","}]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-8-sig"])
def test_reads_other_encodings(folder, encoding):
    folder.put("a.csv", "näme,b\nÄpfel,1\n".encode(encoding))
    assert folder.rows("a.csv", encoding=encoding) == [{"näme": "Äpfel", "b": "1"}]


def test_columns_without_a_name_get_one(folder):
    folder.put("a.csv", "a,,c\n1,2,3\n")
    assert folder.rows("a.csv") == [{"a": "1", "column_2": "2", "c": "3"}]
    folder.put("b.csv", "1,2\n")
    assert folder.rows("b.csv", header=False) == [{"column_1": "1", "column_2": "2"}]


def test_a_header_alone_has_columns_and_no_rows(folder):
    folder.put("a.csv", "a,b")
    assert folder.columns("a.csv") == tuple(columns("a", "b"))
    assert folder.rows("a.csv") == []


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_refused(folder, content):
    folder.put("a.csv", content)
    assert folder.failure("a.csv").code == "no_columns"


# Rows that are none


def test_a_row_with_other_fields_is_told_of_in_its_place(folder):
    folder.put("a.csv", "a,b\n1,2\n3\n4,5,6,7\n\n8,9\n")
    assert folder.rows("a.csv") == [{"a": "1", "b": "2"}, {"a": "8", "b": "9"}]
    assert folder.unreadable("a.csv") == [
        ("malformed_row", {"a": "3"}),
        ("malformed_row", {"a": "4", "b": "5", "_further": ["6", "7"]}),
    ]


def test_malformed_rows_keep_their_places_in_a_large_file(folder):
    lines = [f"{number},x" if number % 1_000 else f"{number}" for number in range(200_000)]
    folder.put("a.csv", "a,b\n" + "\n".join(lines))
    pages = folder.pages("a.csv")
    found = [int(row["a"]) for page in pages for row in page.rows]
    missed = [int(one.record["a"]) for page in pages for one in page.unreadable]
    assert found == [number for number in range(200_000) if number % 1_000]
    assert missed == list(range(0, 200_000, 1_000))
    assert pages[-1].after is not None
    assert pages[-1].after[3] == 200_000
    for page in pages[::7]:
        before = len([None for one in pages[: pages.index(page) + 1] for _ in one.rows])
        assert [int(row["a"]) for row in folder.rows_behind("a.csv", page.after)] == found[before:]


def test_a_row_that_is_no_csv_at_all_is_shown_as_it_is(folder):
    folder.put("a.csv", "a,b\n" + "x" * 200_000 + "\n1,2\n")
    assert folder.rows("a.csv") == [{"a": "1", "b": "2"}]
    assert folder.unreadable("a.csv") == [("malformed_row", {"line": "x" * 1_000})]


@pytest.mark.parametrize(
    ("content", "format_", "code"),
    [
        ('"a,b\n1,2\n', {}, "invalid_header"),
        ("\n" * 3_000_000 + "a,b\n", {}, "invalid_header"),
        ("xxx\n" * 1_000_000 + "a,b\n", {"skip_rows": 1_000_000}, "invalid_header"),
        ("a,a\n1,2\n", {}, "duplicate_column"),
        ("a,b\n1,2\n", {"columns": ["a"]}, "schema_drift"),
        ("\n" + "a," * 10_001 + "\n", {}, "too_many_columns"),
    ],
)
def test_a_header_that_is_none_is_refused(folder, content, format_, code):
    folder.put("a.csv", content)
    assert folder.failure("a.csv", **format_).code == code


# Types from a sample


@pytest.mark.parametrize(
    ("texts", "type_", "values"),
    [
        (["1", "-5", ""], Type(Kind.INTEGER, size=64), [1, -5, None]),
        (["1", "007"], TEXT, ["1", "007"]),
        (["1", "9999999999999999999"], Type(Kind.DECIMAL), ["1", "9999999999999999999"]),
        (["1", "2.50"], Type(Kind.DECIMAL), ["1", "2.50"]),
        (["00.5"], TEXT, ["00.5"]),
        (["true", "False"], Type(Kind.BOOLEAN), [True, False]),
        (["2024-02-29"], Type(Kind.DATE), ["2024-02-29"]),
        (["2024-02-29T10:00:00.5"], Type(Kind.TIMESTAMP, precision=6), ["2024-02-29 10:00:00.5"]),
        (["2024-02-29T10:00:00Z"], Type(Kind.TIMESTAMPTZ, precision=6), ["2024-02-29 10:00:00+00:00"]),
        (["2024-02-29 10:00:00+02:00"], Type(Kind.TIMESTAMPTZ, precision=6), ["2024-02-29 10:00:00+02:00"]),
        (["1", "one"], TEXT, ["1", "one"]),
        (["", ""], TEXT, [None, None]),
        (["+49 30 123"], TEXT, ["+49 30 123"]),
    ],
)
def test_finds_types_where_that_is_asked_for(folder, texts, type_, values):
    folder.put("a.csv", "n,x\n" + "".join(f"a,{text}\n" for text in texts))
    assert folder.columns("a.csv", types="infer")[1] == Column("x", type_)
    assert [row["x"] for row in folder.rows("a.csv", types="infer")] == values


def test_a_value_behind_the_sample_that_is_of_another_type_is_told_of(folder):
    folder.put("a.csv", "a,b\n" + "1,x\n" * 2_000 + "one,y\n,z\n3\n4,w\n")
    assert folder.rows("a.csv", types="infer")[2_000:] == [{"a": None, "b": "z"}, {"a": 4, "b": "w"}]
    assert folder.unreadable("a.csv", types="infer") == [
        ("invalid_value", {"a": "one", "b": "y"}),
        ("malformed_row", {"a": "3"}),
    ]


# There and back

VALUES = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.text(st.sampled_from("\",;\t\r\n\\' =x\0\ufeff"), max_size=6),
)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8),
    format_=st.sampled_from(
        [
            {},
            {"delimiter": ";", "quote": "'"},
            {"null": "\\N"},
            {"escape": "\\"},
            {"newline": "\r\n"},
            {"header": True, "encoding": "utf-16"},
        ]
    ),
)
def test_any_text_comes_back(shared, rows, format_):
    folder = shared
    written = [{"a": one, "b,\n": other} for one, other in rows]
    assert folder.write("x.csv", columns("a", "b,\n"), written, **format_) == []
    assert folder.rows("x.csv", **format_) == written


@settings(max_examples=40, deadline=None)
@given(values=st.lists(VALUES, min_size=1, max_size=8))
def test_any_text_of_a_single_column_comes_back(shared, values):
    folder = shared
    folder.write("x.csv", columns("a"), [{"a": value} for value in values])
    assert folder.rows("x.csv") == [{"a": value} for value in values]


def test_others_read_what_we_write(folder):
    values = ["plain", 'quo"te', "com,ma", "li\nne", "", "ß表"]
    folder.write("x.csv", columns("a", "b"), [{"a": value, "b": "1"} for value in values])
    found = list(csv.reader(io.StringIO((folder.path / "x.csv").read_text(encoding="utf-8"), newline="")))
    assert found == [["a", "b"], *([value, "1"] for value in values)]


# For spreadsheets


@pytest.mark.parametrize("value", ["=1+1", "+a", "-a", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("x";"y")'])
def test_formulas_are_made_harmless_for_spreadsheets_alone(folder, value):
    folder.write("x.csv", columns("a", "b"), [{"a": value, "b": "-1.50"}], spreadsheet=True)
    assert folder.rows("x.csv") == [{"a": f"'{value}", "b": "-1.50"}]
    folder.write("x.csv", columns("a", "b"), [{"a": value, "b": "-1.50"}])
    assert folder.rows("x.csv") == [{"a": value, "b": "-1.50"}]


@pytest.mark.parametrize(
    ("format_", "value"), [({"encoding": "latin-1"}, "表"), ({"quote": ""}, "a,b"), ({"quote": ""}, "")]
)
def test_a_value_that_cannot_be_written_is_refused_alone(folder, format_, value):
    rows = [{"a": "x"}, {"a": value}, {"a": "ä"}]
    assert folder.write("x.csv", columns("a"), rows, **format_) == ["invalid_value"]
    assert folder.rows("x.csv", **format_) == [{"a": "x"}, {"a": "ä"}]


@pytest.mark.parametrize(
    "format_",
    [
        {"delimitter": ";"}, {"delimiter": ";;"}, {"delimiter": "\n"}, {"delimiter": '"'}, {"delimiter": "a"},
        {"encoding": "klingon"}, {"encoding": "hex"}, {"header": "yes"}, {"skip_rows": -1}, {"columns": "a"},
        {"type": "exe"}, {"compression": "rar"}, {"types": "guess"}, {"null": 5},
        {"type": "parquet", "compression": "gzip"},
    ],
)  # fmt: skip
def test_refuses_an_option_that_is_none(folder, format_: dict[str, Any]):
    folder.put("a.csv", "a\n1\n")
    assert folder.failure("a.csv", **format_).code == "invalid_format"
