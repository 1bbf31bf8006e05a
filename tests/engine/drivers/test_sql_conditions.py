"""What databases leave out by themselves is exactly what the engine's filters would have."""

import random
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from typing import Any

import pytest

from engine.contract import Condition, Operator, Request
from engine.schema import Row
from engine.sync import pushdown
from engine.sync.filters import compile_filter
from tests.engine.drivers.systems import System, mariadb, postgresql, sqlite

SAMPLE = 300
"""Of some thousands of filters: the same ones every time."""

INTEGERS = [0, 1, -1, 5, 42, 2**31 - 1, -(2**31)]
LONG = [0, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 5]
FLOATS = [0.0, -0.0, 1.5, -2.5, 1e300, 5e-324, 0.1, 3.0]
DECIMALS = ["0.00", "12.50", "-12.50", "9999999999.99", "0.01", "-0.01", "100.00"]
TEXTS = [
    "",
    " ",
    "a",
    "A",
    "a ",
    "aa",
    "b",
    "ä",
    "ß",
    "ss",
    "zażółć",
    "😀",
    "\uffff",
    "100%",
    "a_b",
    "a\\b",
    "é",
    "é",
    "5",
]
DAYS = ["2024-02-29", "2024-03-01", "1970-01-01", "0001-01-01", "9999-12-31", "1000-01-01"]
MOMENTS = [
    "2024-02-29 23:59:59.5",
    "2024-02-29 23:59:59.45",
    "2024-02-29 23:59:59",
    "2024-03-01 00:00:00",
    "2024-03-01 00:00:00.000001",
    "1970-01-02 00:00:00",
    "2024-02-29 00:00:00",
]
UUIDS = [
    "0b5a1c6e-0000-4000-8000-000000000001",
    "fb5a1c6e-0000-4000-8000-000000000000",
    "0b5a1c6e-0001-1000-8000-00000000000a",
]
ZONED = [f"{moment}+00:00" for moment in MOMENTS]
LITERALS: dict[str, list[Any]] = {
    "small": [*INTEGERS, 2**40, 2.5, True, "5", None, [1, "5", 42], ["5"], [], "1, 5", float(5)],
    "big": [*LONG, 2**53 - 1, "9007199254740993", [2**53 + 1, "5"], None],
    "ratio": [*FLOATS, 1, 0, 2**53, None, [0.1, 3], "1.5", [1.5, "1.5"]],
    "single": [0.1, 1.5, None],
    "amount": [
        12.5,
        0,
        0.01,
        -12.5,
        "12.50",
        12.499999999999999,
        10**16,
        None,
        ["12.50"],
        ["12.5", "0.01"],
        ["NaN"],
        [12.5],
    ],
    "name": [*TEXTS, None, 5, ["a", "ä", ""], "a, b", ["5", 5], "x\0y", "\ud800"],
    "yes": [True, False, 1, 0, "true", None, [True], [False, True], ["true"]],
    "day": [
        *DAYS,
        "2024-02-29 00:00:00",
        "2024-2-9",
        "20240229",
        20240229,
        None,
        "2024-02-30",
        DAYS[:2],
        ["infinity", DAYS[3]],
        DAYS[4:],
    ],
    "at": [
        *MOMENTS,
        *ZONED[:2],
        "2024-02-29",
        "2024-02-29T23:59:59",
        "2024-02-29 23:59:59.50",
        "2024-02-29 23:59",
        None,
        [*MOMENTS[:5], "infinity"],
        ["2024-02-29"],
    ],
    "zoned": [
        *ZONED,
        *MOMENTS,
        "2024-02-29",
        "2024-02-29 23:59:59+01:00",
        "2024-02-29 23:59:59.500000+00:00",
        None,
        ZONED[:3],
        MOMENTS[:2],
    ],
    "fine": [*MOMENTS, "2024-02-29 23:59:59.500000", "2024-02-29", "2024-02-29 23:59:59.500", None],
    "uid": [*UUIDS, UUIDS[0].upper(), "0b5a", UUIDS[:2], None],
}
VALUES: dict[str, list[Any]] = {
    "small": INTEGERS,
    "big": LONG,
    "ratio": FLOATS,
    "single": [0.1, 1.5, -0.1],
    "amount": DECIMALS,
    "name": TEXTS,
    "yes": [True, False],
    "day": DAYS,
    "at": MOMENTS,
    "zoned": MOMENTS,
    "fine": MOMENTS,
    "uid": UUIDS,
}
SHAPES = {
    "postgresql": """id bigint PRIMARY KEY, small integer, big bigint, ratio double precision, single real,
        amount numeric(12,2), name text, yes boolean, day date, at timestamp, zoned timestamptz, fine timestamp(6),
        uid uuid""",
    "mysql": """id bigint PRIMARY KEY, small integer, big bigint, ratio double, single float, amount decimal(12,2),
        name varchar(100) COLLATE utf8mb4_unicode_ci, yes boolean, day date, at datetime(6), zoned timestamp(6) NULL,
        fine datetime(3), uid varchar(36) CHARACTER SET latin1""",
    "sqlite": """id integer PRIMARY KEY, small integer, big bigint, ratio double, single real, amount decimal(12,2),
        name text COLLATE NOCASE, yes boolean, day date, at timestamp, zoned timestamptz, fine timestamp, uid uuid""",
}
ODD = {
    "postgresql": [
        {"ratio": "NaN", "amount": "NaN", "day": "infinity", "at": "infinity", "zoned": "-infinity"},
        {"ratio": "Infinity", "day": "-infinity", "at": "-infinity", "zoned": "infinity"},
        {
            "ratio": "-Infinity",
            "day": "0044-03-15 BC",
            "at": "2024-03-15 12:00:00 BC",
            "zoned": "2024-03-15 12:00+00 BC",
        },
        {"day": "20240-01-01", "at": "10000-01-01 00:00:00", "zoned": "20240-01-01 00:00:00+00"},
    ],
    "mysql": [{"yes": 2}, {"name": "A "}, {"name": "SS"}],
    "sqlite": [{"small": "abc", "ratio": "abc", "yes": 2}, {"small": 2.5, "name": b"a", "big": ""}, {"ratio": b"\xff"}],
}


@pytest.fixture(scope="module", params=["postgresql", "mysql", "sqlite"])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    makers = {"postgresql": postgresql, "mysql": mariadb, "sqlite": lambda: sqlite(tmp_path_factory.mktemp("sqlite"))}
    with makers[request.param]() as system:
        system.execute(f"CREATE TABLE things ({SHAPES[system.name]})")
        if system.name == "mysql":
            system.execute("SET time_zone = '+00:00'")
        longest = max(map(len, VALUES.values()))
        plain = [{name: values[n % len(values)] for name, values in VALUES.items()} for n in range(longest)]
        rows = [*plain, {}, *ODD[system.name]]
        system.add("things", [{"id": number, **row} for number, row in enumerate(rows)])
        yield system
        system.close_drivers()


@pytest.fixture(scope="module")
def everything(system: System) -> list[Row]:
    return read(system, ())


def read(system: System, where: tuple[Condition, ...], **values: Any) -> list[Row]:
    request = Request(system.table("things"), where=where, **values)
    with closing(system.driver()) as driver, closing(driver.read(request)) as reading:
        return [row for page in reading.pages() for row in page.rows]


def filters() -> list[list[Any]]:
    made = []
    for name, literals in LITERALS.items():
        column = ["extract", name]
        for operator, literal in product(Operator, literals):
            if operator in {Operator.EMPTY, Operator.NOT_EMPTY}:
                made.append([str(operator), column])
                continue
            made.append([str(operator), column, literal])
            made.append([str(operator), ["number", column], literal])
            if operator != Operator.ANY_OF and not isinstance(literal, list):
                made.append([str(operator), literal, column])
    unique = {repr(one): one for one in made}
    return list(unique.values())


def pushed(system: System) -> list[tuple[list[Any], tuple[Condition, ...]]]:
    """The filters that the database applies alone, as the conditions that they become."""
    driver = system.driver()
    with closing(driver.read(Request(system.table("things")))) as reading:
        stream = reading.stream
    # A driver knows its database once it has read from it.
    judged = [(rule, *pushdown.split(rule, stream, driver)) for rule in filters()]
    return [(rule, conditions) for rule, conditions, rest in judged if not rest]


def assert_same(system: System, everything: list[Row], rule: list[Any], conditions: tuple[Condition, ...]) -> None:
    keep = compile_filter(rule)
    assert keep is not None
    wanted = [row["id"] for row in everything if keep(row)]
    assert [row["id"] for row in read(system, conditions)] == wanted, rule


def test_leaves_out_what_the_filter_does(system: System, everything: list[Row]) -> None:
    found = pushed(system)
    assert len(found) > 200
    for rule, conditions in random.Random(system.name).sample(found, min(SAMPLE, len(found))):
        assert_same(system, everything, rule, conditions)


def test_finds_any_of_several_values_as_the_filter_does(system: System, everything: list[Row]) -> None:
    lists = [(rule, conditions) for rule, conditions in pushed(system) if rule[0] == "anyof"]
    assert len(lists) == {"postgresql": 69, "mysql": 33, "sqlite": 27}[system.name]
    for rule, conditions in lists:
        assert_same(system, everything, rule, conditions)


def test_takes_several_conditions_and_pages_on(system: System, everything: list[Row]) -> None:
    where = (Condition("small", Operator.GREATER_OR_EQUAL, 0), Condition("big", Operator.NOT_EQUALS, 5))
    ids = [row["id"] for row in read(system, where, page_rows=3)]
    keep = compile_filter(["and", ["greaterthanequals", ["extract", "small"], 0], ["notequals", ["extract", "big"], 5]])
    assert keep is not None
    assert ids == [row["id"] for row in everything if keep(row)]


def test_conditions_hold_for_columns_that_are_not_read(system: System) -> None:
    rows = read(system, (Condition("name", Operator.EQUALS, "a"),), columns=("small",))
    assert [list(row) for row in rows] == [["small"]]
