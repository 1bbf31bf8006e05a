"""Rows into files of a store and back, through the whole driver: each store's tests inherit it."""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from engine.contract import Lineage, Mode, Request, Target
from engine.schema import Column, Kind, Row, Table, Type
from tests.engine.drivers.servers import Store

ROWS = 100_000
COLUMNS = (Column("id", Type(Kind.INTEGER, 64)), Column("name", Type(Kind.TEXT)))
POSITION = {"page": 1}


def rows(count: int) -> list[Row]:
    return [{"id": number, "name": f'é, "{number}"\n' if number % 7 else None} for number in range(count)]


def write(store: Store, name: str, pages: Sequence[list[Row]], *, fence: int = 1) -> None:
    writer = store.driver().writer(Target(Table(name, "out"), Mode.REPLACE), COLUMNS, (), Lineage("1", "s", "j", fence))
    writer.take_over()
    writer.begin(POSITION)
    for page in pages:
        writer.write(page, None, lambda rejected: pytest.fail(str(rejected)))
    writer.finish(POSITION)
    writer.close()


def read(store: Store, name: str) -> list[Row]:
    reading = store.driver().read(Request(Table(name, "out")))
    found = [row for page in reading.pages() for row in page.rows]
    reading.close()
    return found


def write_and_die(store: Store, name: str) -> None:
    """Killed before the end, as by the system."""

    def pages() -> Iterator[list[Row]]:
        for _ in range(6):
            yield rows(20_000)
        os.kill(os.getpid(), signal.SIGKILL)

    write(store, name, pages())  # type: ignore[arg-type]


class StoreRows:
    @pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
    def test_gives_back_the_rows_that_it_was_given(self, store: Store, name: str) -> None:
        wanted: list[dict[str, Any]] = rows(ROWS)
        write(store, name, [wanted[start : start + 30_000] for start in range(0, ROWS, 30_000)])
        assert [path.name for path in (store.folder / "out").iterdir()] == [name]
        if not name.endswith(".parquet"):
            wanted = [{**row, "id": str(row["id"])} for row in wanted]  # of texts, nothing is guessed
        assert read(store, name) == wanted

    def test_a_writer_that_is_killed_leaves_the_old_file(self, store: Store) -> None:
        write(store, "a.csv", [rows(3)])
        old = (store.folder / "out/a.csv").read_bytes()
        child = multiprocessing.get_context("spawn").Process(target=write_and_die, args=(store.apart(), "a.csv"))
        child.start()
        child.join(60)
        assert child.exitcode == -signal.SIGKILL
        assert (store.folder / "out/a.csv").read_bytes() == old
        write(store, "a.csv", [rows(4)], fence=2)
        assert [path.name for path in (store.folder / "out").iterdir()] == ["a.csv"]
        assert len(read(store, "a.csv")) == 4
