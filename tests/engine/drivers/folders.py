"""A folder of this machine and the driver that reads and writes it."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.contract import Key, Lineage, Mode, Page, Request, Target
from engine.drivers.files.folder import FolderDriver
from engine.drivers.files.limits import Limits
from engine.drivers.files.writing import FilesWriter
from engine.errors import EngineError
from engine.schema import Column, Row, Table
from engine.toolkit.surroundings import Surroundings

BEGUN_AT = datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)


class Folder:
    """Files are put and looked at directly; all else goes through drivers of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def driver(self, limits: Mapping[str, int] | None = None, **settings: Any) -> FolderDriver:
        driver = FolderDriver(settings, {}, Surroundings(folders=(self.path,)))
        driver.limits = replace(Limits(), **(limits or {}))
        return driver

    def put(self, name: str, content: bytes | str) -> Table:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Table(name)

    def names(self) -> list[str]:
        return sorted(str(file.relative_to(self.path)) for file in self.path.rglob("*") if file.is_file())

    def columns(self, table: Table | str, **format_: Any) -> tuple[Column, ...]:
        return self.driver().read(Request(_table(table), format=format_)).stream.columns

    def pages(self, table: Table | str, limits: Mapping[str, int] | None = None, **format_: Any) -> list[Page]:
        with closing(self.driver(limits).read(Request(_table(table), format=format_))) as reading:
            return list(reading.pages())

    def rows(self, table: Table | str, limits: Mapping[str, int] | None = None, **format_: Any) -> list[Row]:
        return [row for page in self.pages(table, limits, **format_) for row in page.rows]

    def rows_behind(self, table: Table | str, after: Key, **format_: Any) -> list[Row]:
        reading = self.driver().read(Request(_table(table), after=after, format=format_))
        return [row for page in reading.pages() for row in page.rows]

    def unreadable(self, table: Table | str, **format_: Any) -> list[tuple[str, Row]]:
        return [(one.code, one.record) for page in self.pages(table, **format_) for one in page.unreadable]

    def failure(self, table: Table | str, limits: Mapping[str, int] | None = None, **format_: Any) -> EngineError:
        """What ends the reading."""
        try:
            with closing(self.driver(limits).read(Request(_table(table), format=format_))) as reading:
                for _ in reading.pages():
                    pass
        except EngineError as error:
            return error
        raise AssertionError("Nothing failed")

    def writer(
        self, name: str, columns: Sequence[Column], mode: Mode = Mode.REPLACE, of: Lineage | None = None, **format_: Any
    ) -> FilesWriter:
        allow_empty = bool(format_.pop("allow_empty", False))
        target = Target(Table(name), mode, allow_empty=allow_empty, format=format_)
        return self.driver().writer(target, columns, (), of or lineage())

    def write(
        self, name: str, columns: Sequence[Column], rows: Sequence[Row], mode: Mode = Mode.REPLACE, **format_: Any
    ) -> list[str]:
        """Writes one file and gives the codes of the rows that were refused."""
        refused: list[str] = []
        with closing(self.writer(name, columns, mode, **format_)) as writer:
            writer.take_over()
            writer.begin({})
            writer.write(rows, None, lambda rejected: refused.extend(one.code for one in rejected))
            writer.finish({})
        return refused


def lineage(job: str = "job1", fence: int = 1, step: str = "step", stream: str = "stream") -> Lineage:
    return Lineage(step, stream, job, fence, begun_at=BEGUN_AT)


def _table(table: Table | str) -> Table:
    return table if isinstance(table, Table) else Table(table)
