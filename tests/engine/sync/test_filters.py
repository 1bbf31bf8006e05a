from contextlib import nullcontext

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError, RecordError
from engine.schema import RawJson
from engine.sync.filters import BINARY, UNARY, compile_filter

RECORD = {
    "id": 7,
    "price": "12.50",
    "name": "Ada Lovelace",
    "code": "9",
    "tags": ["a", "b"],
    "empty": "",
    "none": None,
    "paid": True,
    "at": "2024-02-29 12:00:00",
    "doc": RawJson('{"country": "GB", "lines": [1, 2]}'),
    "pattern": "^Ada",
    "broken": "(",
}
NAME = ["extract", "name"]


def passes(rules: list) -> bool:
    predicate = compile_filter(rules)
    assert predicate is not None
    return predicate(RECORD)


@pytest.mark.parametrize(
    "rules",
    [
        ["equals", ["extract", "id"], 7],
        ["equals", ["number", ["extract", "price"]], 12.5],
        ["equals", ["extract", "doc.country"], "GB"],
        ["equals", ["extract", "$.doc.lines[1]"], 2],
        ["notequals", NAME, "Grace"],
        ["greaterthan", ["extract", "price"], 12],
        ["greaterthan", 13, ["extract", "price"]],
        ["greaterthanequals", ["extract", "id"], 7],
        ["lessthan", NAME, "Grace"],
        ["lessthanequals", ["extract", "id"], "7"],
        ["startswith", NAME, "Ada"],
        ["endswith", NAME, "lace"],
        ["contains", NAME, "Love"],
        ["contains", ["extract", "id"], 7],
        ["doesnotcontain", NAME, "x"],
        ["doesnotcontain", ["extract", "none"], "x"],
        ["empty", ["extract", "empty"]],
        ["isempty", ["extract", "none"]],
        ["notempty", ["extract", "tags"]],
        ["isnotempty", NAME],
        ["matches", NAME, "^A.a\\b"],
        ["matches", NAME, ["extract", "pattern"]],
        ["anyof", ["extract", "id"], "5, 7"],
        ["anyof", ["extract", "id"], [5, 7]],
        ["anyof", ["extract", "code"], ["8", "9"]],
        ["anyof", "b", ["extract", "tags"]],
        ["not", ["empty", NAME]],
        ["and", ["equals", ["extract", "id"], 7], ["extract", "paid"]],
        ["or", ["equals", ["extract", "id"], 8], ["extract", "paid"]],
        ["equals", ["string", ["extract", "paid"]], "true"],
        ["equals", ["boolean", "0"], False],
        ["equals", ["epochtime", ["extract", "at"]], 1709208000000],
        ["equals", ["lowercase", NAME], "ada lovelace"],
        ["equals", ["uppercase", ["extract", "doc.country"]], "GB"],
        ["equals", ["ceiling", ["extract", "price"]], 13],
        ["equals", ["floor", ["extract", "price"]], 12],
        ["equals", ["abs", -3], 3],
    ],
)
def test_a_record_passes(rules):
    assert passes(rules) is True


@pytest.mark.parametrize(
    "rules",
    [
        ["equals", ["extract", "id"], 8],
        ["greaterthan", ["extract", "none"], 0],
        ["lessthan", ["extract", "missing"], 5],
        ["greaterthan", ["extract", "tags"], 0],
        ["greaterthan", NAME, 5],
        ["contains", ["extract", "none"], "x"],
        ["matches", ["extract", "none"], "."],
        ["matches", NAME, ["extract", "none"]],
        ["anyof", ["extract", "none"], "a,b"],
        ["anyof", ["extract", "id"], []],
        ["equals", ["epochtime", NAME], 0],
        ["equals", ["ceiling", "Infinity"], 1],
        ["extract", "none"],
    ],
)
def test_a_record_does_not_pass(rules):
    assert passes(rules) is False


def test_no_rules_are_no_filter():
    assert compile_filter([]) is None


@pytest.mark.parametrize(
    "rules",
    [
        ["between", 1, 2],
        ["equals", 1],
        ["not", 1, 2],
        ["extract"],
        ["extract", 5],
        ["extract", "a["],
        [["extract", "id"]],
        ["settings", "flow.x"],
        ["matches", NAME, "("],
    ],
)
def test_a_rule_that_is_not_understood_is_refused_when_it_is_stored(rules):
    with pytest.raises(ConfigError):
        compile_filter(rules)


@pytest.mark.parametrize("pattern", [r"(a)\1", r"(?P<n>a)(?P=n)", "a(?=b)", "(?!a)b", "(?<=a)b", "(?<!a)b"])
def test_a_pattern_that_could_run_away_is_refused(pattern):
    with pytest.raises(ConfigError, match="back-references or look-around"):
        compile_filter(["matches", NAME, pattern])


@pytest.mark.parametrize("pattern", ["(a+)+$", "^(a|a)*$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_no_pattern_runs_away(pattern):
    predicate = compile_filter(["matches", ["extract", "text"], pattern])
    assert predicate is not None
    assert predicate({"text": "a" * 100_000 + "!"}) is False  # by backtracking, longer than the universe is old


def test_a_pattern_meets_text_that_is_not_whole():
    predicate = compile_filter(["matches", ["extract", "text"], "é."])
    assert predicate is not None
    assert predicate({"text": "é\udc80"}) is True


def test_a_record_that_cannot_be_judged_is_one_records_error():
    with pytest.raises(RecordError):
        passes(["matches", NAME, ["extract", "broken"]])


@given(
    operator=st.sampled_from([*UNARY, *BINARY]),
    left=st.one_of(st.just(""), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())),
    right=st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())),
)
def test_whatever_a_record_holds_it_passes_or_not(operator, left, right):
    operands = [["extract", "left"], ["extract", "right"]][: 1 if operator in UNARY else 2]
    predicate = compile_filter([operator, *operands])
    assert predicate is not None
    is_no_pattern = pytest.raises(RecordError, match="is not a pattern")
    with is_no_pattern if operator == "matches" and not _is_pattern(right) else nullcontext():
        assert predicate({"left": left, "right": right}) in {True, False}


def _is_pattern(value: object) -> bool:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(str(value), options)
    except re2.error:
        return False
    return True
