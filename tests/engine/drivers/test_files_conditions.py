"""Rows that the driver leaves out are those that the engine's own filters would."""

import random

import pytest

from engine.contract import Condition, Operator, Request
from engine.schema import Column, Kind, Table, Type
from engine.sync.filters import compile_filter
from tests.engine.drivers.conformance import as_json
from tests.engine.drivers.folders import Folder

TEXT, INTEGER = Type(Kind.TEXT), Type(Kind.INTEGER, size=64)
COLUMNS = [Column("text", TEXT), Column("number", INTEGER)]
TEXTS = [
    None, "", "a", "A", "aa", "ab", "ba", "ä", "表", "😀", "\uffff", "true", "5", "5.0", " 5 ", "-3", "1_0",
    "1e3", "nan", "inf",
    "٣", "0x1", "10", "9", "9007199254740993", "1." + "0" * 400, "%", "_", "\\", ".*",
]  # fmt: skip
NUMBERS = [None, 0, 1, -1, 5, 2**53, 2**53 + 1, -(2**63), 2**63 - 1]
VALUES = [*TEXTS[1:], *NUMBERS[1:], 2.5, 5.0, 1e300, True, 2**70]


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path)


def ruled(condition: Condition) -> list:
    operand = ["extract", condition.column]
    if condition.operator in {Operator.EMPTY, Operator.NOT_EMPTY}:
        return [condition.operator.value, operand]
    return [condition.operator.value, operand, condition.value]


def test_leaves_out_what_the_filters_would(folder):
    chance = random.Random(1)
    rows = [{"text": chance.choice(TEXTS), "number": chance.choice(NUMBERS)} for _ in range(300)]
    folder.write("a.parquet", COLUMNS, rows)
    driver = folder.driver()
    tried = {Operator.EMPTY: 0}
    for _ in range(600):
        column = chance.choice(COLUMNS)
        operator = chance.choice(list(Operator))
        value = chance.sample(VALUES, 3) if operator is Operator.ANY_OF else chance.choice(VALUES)
        condition = Condition(column.name, operator, value)
        if driver.judges(condition, column):
            keeps = compile_filter(ruled(condition))
            assert keeps is not None
            request = Request(Table("a.parquet"), where=(condition,), page_rows=50)
            found = [row for page in driver.read(request).pages() for row in page.rows]
            assert found == [row for row in rows if keeps(row)], condition
            tried[operator] = tried.get(operator, 0) + 1
    assert set(tried) == set(Operator)
    assert min(tried.values()) > 3


def test_judges_by_columns_that_are_not_asked_for(folder):
    for number in range(3):
        folder.put(f"{number}.csv", f"a,b\nx,{number}\ny,{number}\n")
    where = (Condition("a", Operator.EQUALS, "y"), Condition("_file", Operator.NOT_EQUALS, "1.csv"))
    request = Request(Table("*.csv"), columns=("b",), where=where, format={"provenance": True})
    reading = folder.driver().read(request)
    assert [row for page in reading.pages() for row in page.rows] == [{"b": "0"}, {"b": "2"}]
    [batches] = [list(one.batches) for one in folder.driver().read(request).arrow_ranges()]
    assert [row for batch in batches for row in batch.to_pylist()] == [{"b": "0"}, {"b": "2"}]


def test_places_count_what_was_left_out(folder):
    folder.put("a.csv", "id\n" + "".join(f"{number}\n" for number in range(100)))
    where = (Condition("id", Operator.ENDS_WITH, "7"),)
    request = Request(Table("a.csv"), where=where, page_rows=10)
    pages = list(folder.driver().read(request).pages())
    found = [row["id"] for page in pages for row in page.rows]
    assert found == [f"{number}" for number in range(7, 100, 10)]
    for number, page in enumerate(pages, 1):
        rest = folder.driver().read(Request(Table("a.csv"), where=where, after=as_json(page.after))).pages()
        assert [row["id"] for one in rest for row in one.rows] == found[number:]
