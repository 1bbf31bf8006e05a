"""Filters that a source applies by itself: which parts of them, for whom, and what is said of it."""

from dataclasses import replace
from typing import Any

import pytest

from engine.contract import Condition, Operator
from engine.schema import Column, Row, Stream, Table
from engine.sync import pushdown
from engine.sync.chain import Chain
from engine.sync.filters import compile_filter
from engine.sync.run import run
from tests.engine.sync.chains import generator, rows, step
from tests.engine.sync.memory import CHANGED, ID, NAME, BytesReading, MemoryReading, MemorySource, MemoryTarget
from tests.engine.sync.recorder import Recorder

STREAM = Stream(Table("things"), (ID, NAME, CHANGED))
ABOVE_ONE = ["greaterthan", ["extract", "id"], 1]
HERE = ["not", ["empty", ["extract", "name"]]]


class JudgingSource(MemorySource):
    """Applies conditions on all columns but the name."""

    def judges(self, condition: Condition, column: Column) -> bool:
        return column.name != "name"

    def read(self, request: Any) -> MemoryReading:
        left = replace(self, rows=[row for row in self.rows if all(_holds(one, row) for one in request.where)])
        return (BytesReading if self.speaks_bytes else MemoryReading)(left, request)


def _holds(condition: Condition, row: Row) -> bool:
    operands = [] if condition.operator in {Operator.EMPTY, Operator.NOT_EMPTY} else [condition.value]
    keep = compile_filter([str(condition.operator), ["extract", condition.column], *operands])
    return keep is not None and keep(row)


@pytest.mark.parametrize(
    ("rules", "conditions"),
    [
        (["greaterthan", ["extract", "id"], 1], [("id", "greaterthan", 1)]),
        (["greaterthan", ["extract", "$.id"], 1], [("id", "greaterthan", 1)]),
        (["greaterthan", 1, ["extract", "id"]], [("id", "lessthan", 1)]),
        (["equals", 1, ["extract", "id"]], [("id", "equals", 1)]),
        (["lessthan", ["number", ["extract", "id"]], 1.5], [("id", "lessthan", 1.5)]),
        (["equals", ["number", ["extract", "id"]], 1], [("id", "greaterthanequals", 1), ("id", "lessthanequals", 1)]),
        (["isempty", ["extract", "id"]], [("id", "empty", None)]),
        (["isnotempty", ["extract", "id"]], [("id", "notempty", None)]),
        (["anyof", ["extract", "id"], "1, 2"], [("id", "anyof", ["1", "2"])]),
        (["anyof", ["extract", "id"], [1, 2]], [("id", "anyof", [1, 2])]),
        (["and", ABOVE_ONE, ["and", ABOVE_ONE]], [("id", "greaterthan", 1)] * 2),
    ],
)
def test_a_part_becomes_conditions_that_are_the_same(rules: list[Any], conditions: list[Any]) -> None:
    pushed, rest = pushdown.split(rules, STREAM, JudgingSource([]))
    assert [(one.column, one.operator, one.value) for one in pushed] == conditions
    assert rest == []


@pytest.mark.parametrize(
    "rules",
    [
        ["or", ABOVE_ONE, ABOVE_ONE],
        ["not", ABOVE_ONE],
        ["extract", "id"],
        ["equals", ["extract", "name"], "a"],
        ["equals", ["extract", "unknown"], 1],
        ["equals", ["extract", "id.deeper"], 1],
        ["equals", ["extract", "id"], ["extract", "changed"]],
        ["notequals", ["number", ["extract", "id"]], 1],
        ["equals", ["number", ["extract", "id"]], "1"],
        ["equals", ["number", ["extract", "id"]], 2**53 + 1],
        ["anyof", ["extract", "id"], ["extract", "name"]],
        ["anyof", ["extract", "id"], []],
        ["startswith", "1", ["extract", "id"]],
        ["greaterthan", ["lowercase", ["extract", "id"]], 1],
    ],
)
def test_what_it_cannot_say_is_left_to_the_filter(rules: list[Any]) -> None:
    assert pushdown.split(rules, STREAM, JudgingSource([])) == ((), ["and", rules])


def test_a_source_that_judges_nothing_gets_no_conditions() -> None:
    assert pushdown.split(ABOVE_ONE, STREAM, MemorySource([])) == ((), ABOVE_ONE)


def test_the_rest_of_a_filter_is_applied_to_what_the_source_gives() -> None:
    target, control = MemoryTarget(), Recorder()
    source = JudgingSource([*rows(1, 2), {"id": 3, "name": "", "changed": 3}])
    figures = run(Chain((generator(source, filter=["and", ABOVE_ONE, HERE]),), (step(target),)), control)
    assert target.rows == rows(2)
    assert (figures.of("generator").records, figures.of("step").ignored) == (2, 1)
    told = "The source itself applies part of the filter; the rest is applied to what it gives: id greaterthan"
    assert control.notes.lines[0] == told


@pytest.mark.parametrize("of", ["generator", "step"])
def test_a_filter_that_the_source_applies_leaves_the_bytes_lane_open(of: str) -> None:
    target, control = MemoryTarget(takes_bytes=True), Recorder()
    values = {one: {"filter": ABOVE_ONE} if one == of else {} for one in ("generator", "step")}
    source = JudgingSource(rows(1, 2, 3), speaks_bytes=True, statistics=3)
    figures = run(Chain((generator(source, **values["generator"]),), (step(target, **values["step"]),)), control)
    assert target.rows == rows(2, 3)
    assert (figures.of("step").lane, figures.of("step").records, figures.expected) == ("bytes", 2, None)
    assert control.notes.lines[0] == "The source itself applies the filter: id greaterthan"


def test_a_step_in_company_applies_its_filter_here() -> None:
    left, right = MemoryTarget(), MemoryTarget()
    steps = (step(left, "left", filter=ABOVE_ONE), step(right, "right", filter=HERE))
    figures = run(Chain((generator(JudgingSource(rows(1, 2))),), steps), Recorder())
    assert (left.rows, right.rows) == (rows(2), rows(1, 2))
    assert figures.of("left").ignored == 1


def test_a_limit_counts_what_comes_before_any_filter() -> None:
    target = MemoryTarget()
    run(Chain((generator(JudgingSource(rows(1, 2, 3)), filter=ABOVE_ONE, limit=2),), (step(target),)), Recorder())
    assert target.rows == rows(2)
