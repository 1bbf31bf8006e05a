"""Names that somebody chose to break a statement are names like any other."""

from contextlib import closing

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.bulk import ReadsBytes
from engine.contract import Request
from engine.errors import ConfigError
from engine.schema import Table
from tests.engine.drivers.systems import System

SIGNS = tuple("\"`'\\;%?:.(){}[]$#-/* \n")
WORDS = (
    "--",
    "/*",
    "%s",
    "%(x)s",
    "{0}",
    ":x",
    "$1",
    "drop table x",
    "select",
    "information_schema",
    "a" * 20,
    "\u0430",
    "ß",
)
PIECES = st.sampled_from(SIGNS + WORDS)
# MariaDB's names have no characters beyond these.
CHARACTERS = st.characters(min_codepoint=1, max_codepoint=0xFFFF, exclude_categories=["Cs"])
MOST_BYTES = 63


def is_allowed(name: str) -> bool:
    """Whether all three systems take such a name, beside the tables and columns that the test makes."""
    is_taken = name.casefold() in ("x", "other") or name.lower().startswith("sqlite_")
    return len(name.encode()) <= MOST_BYTES and name == name.rstrip() and not is_taken


NAMES = st.lists(PIECES | CHARACTERS, min_size=1, max_size=8).map("".join).filter(is_allowed)


@pytest.fixture(scope="module", params=["postgresql_system", "mariadb_system", "sqlite_system"])
def system(request) -> System:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def bystander(system) -> Table:
    return system.make("x", [{"id": 1}], key=["id"])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(name=NAMES, column=NAMES)
@example(name='a"; drop table x;--', column='a"; drop table x;--')
@example(name="information_schema.x", column="a" * MOST_BYTES)
def test_a_table_of_any_name_is_read_exactly(system, bystander, name, column):
    table = system.make(name, [{column: number, "other": f"{number}"} for number in range(3)], key=[column])
    driver = system.driver()
    try:
        assert set(driver.streams()) == {table, bystander}
        with closing(driver.read(Request(table, columns=(column,), cursor=column, since=0, page_rows=2))) as reading:
            assert reading.stream.key == (column,)
            assert [row for page in reading.pages() for row in page.rows] == [{column: number} for number in range(3)]
        with closing(driver.read(Request(table))) as reading:
            if isinstance(reading, ReadsBytes):
                assert [stretch.after for stretch in reading.ranges() if list(stretch.chunks)] == [[2]]
    finally:
        system.close_drivers()
        system.drop(table)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(name=st.text(min_size=2, max_size=100) | PIECES)
@example(name="\U00010000")
def test_a_name_that_nobody_has_is_unknown(system, bystander, name):
    driver = system.driver()
    unknown = {"unknown_table": Request(Table(name)), "unknown_column": Request(bystander, columns=(name,))}
    try:
        for code, request in unknown.items():
            with pytest.raises(ConfigError) as caught:
                driver.read(request)
            assert caught.value.code == code
        assert list(driver.streams()) == [bystander]
    finally:
        system.close_drivers()
