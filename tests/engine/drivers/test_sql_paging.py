"""How long a page is: what is read of one system is the same for all."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from engine.contract import Request
from engine.drivers.sql import reading
from tests.engine.drivers.systems import Sqlite, sqlite

PROBE, BYTES = 3, 1000


@pytest.fixture
def system(tmp_path, monkeypatch) -> Iterator[Sqlite]:
    monkeypatch.setattr(reading, "PROBE_ROWS", PROBE)
    monkeypatch.setattr(reading, "PAGE_BYTES", BYTES)
    with sqlite(tmp_path) as system:
        yield system
        system.close_drivers()


def lengths(system: Sqlite, request: Request) -> list[int]:
    with closing(system.driver().read(request)) as read:
        return [len(page.rows) for page in read.pages()]


@pytest.mark.parametrize("key", [["id"], []])
@pytest.mark.parametrize(
    ("width", "most", "expected"),
    [
        (10, 100, [20]),
        (10, 8, [8, 8, 4]),
        (10, 2, [2] * 10),
        (100, 100, [10, 10]),
        (250, 100, [4] * 5),
        (5000, 100, [PROBE] * 6 + [2]),
    ],
)
def test_wide_rows_make_short_pages(system, key, width, most, expected):
    table = system.make("t", [{"id": number, "name": "x" * width} for number in range(20)], key=key)
    assert lengths(system, Request(table, page_rows=most)) == expected


def test_the_same_rows_make_the_same_pages_in_every_attempt(system):
    table = system.make("t", [{"id": n, "name": "x" * (10 + 37 * n % 400)} for n in range(60)], key=["id"])
    with closing(system.driver().read(Request(table, page_rows=12))) as read:
        pages = list(read.pages())
    assert len({len(page.rows) for page in pages}) > 2
    for number, page in enumerate(pages, 1):
        assert lengths(system, Request(table, page_rows=12, after=page.after)) == [len(p.rows) for p in pages[number:]]


def test_bytes_and_hidden_columns_weigh_too(system):
    system.execute("CREATE TABLE t (id INTEGER, data BLOB NOT NULL PRIMARY KEY)")
    for number in range(10):
        system.execute("INSERT INTO t VALUES (?, ?)", [number, bytes([number]) * 500])
    assert lengths(system, Request(system.table("t"), columns=("id",))) == [3, 3, 3, 1]
