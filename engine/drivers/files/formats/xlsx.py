"""Excel workbooks: one sheet, which lies in memory as a whole."""

import io
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from engine.drivers.files.blocks import Block, Unit, behind, present
from engine.drivers.files.limits import MIB, Limits
from engine.drivers.files.options import Options, invalid
from engine.errors import ConfigError
from engine.schema import Column, Kind, Type
from engine.toolkit import arrow

BLOCK_ROWS = 2_000
EXACT = 2**53


class XlsxFormat:
    def __init__(self, options: Options, limits: Limits) -> None:
        self._options = options
        self._limits = limits

    def columns(self, unit: Unit) -> tuple[Column, ...]:
        names, rows = self._rows(unit)
        found: list[set[Kind]] = [set() for _ in names]
        for row in rows:
            for kinds, value in zip(found, row, strict=False):
                if value != "":
                    kinds.add(_kind(value))
        return tuple(Column(name, _type(kinds)) for name, kinds in zip(names, found, strict=True))

    def blocks(self, unit: Unit, wanted: Sequence[Column], known: Collection[str], skip: int) -> Iterator[Block]:
        names, rows = self._rows(unit)
        columns = present(unit, names, wanted, known)
        places = [names.index(column.name) for column in columns]
        return behind((_block(some, columns, places) for some in _groups(rows)), skip)

    def _rows(self, unit: Unit) -> tuple[list[str], Iterator[list[Any]]]:
        """The columns' names, and the rows behind them that are not empty."""
        every = islice(self._sheet(unit).iter_rows(), self._options.skip_rows, None)
        rows: Iterator[list[Any]] = (row for row in every if any(value != "" for value in row))
        if not self._options.header:
            first = next(rows, [])
            names = [f"column_{number}" for number in range(1, len(first) + 1)]
            rows = _with_first(first, rows)
        else:
            told = [_word(value) for value in next(rows, [])]
            names = [name or f"column_{number}" for number, name in enumerate(told, 1)]
        if self._options.columns:
            names = _named(names, self._options.columns, unit)
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ConfigError(f"{unit.path!r} has two columns named {twice!r}.", code="duplicate_column")
        return names, rows

    def _sheet(self, unit: Unit) -> CalamineSheet:
        with unit.open() as file:
            content = file.read(self._limits.whole + 1)
        self._check(content, unit)
        try:
            book = CalamineWorkbook.from_filelike(io.BytesIO(content))
            names = book.sheet_names
            if self._options.sheet and self._options.sheet not in names:
                raise invalid(f"{unit.path!r} has no sheet {self._options.sheet!r}.")
            return book.get_sheet_by_name(self._options.sheet or names[0])
        except (CalamineError, IndexError) as error:
            raise _unreadable(unit) from error

    def _check(self, content: bytes, unit: Unit) -> None:
        """Unpacks all of it once: what the archive says of its sizes need not be so, and the reader asks nobody.

        Raises ConfigError `file_too_large`, `compression_bomb`, `invalid_xlsx`.
        """
        size = 0
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for info in islice(archive.infolist(), self._limits.members):
                    info.file_size = self._limits.whole + 1
                    with archive.open(info) as member:
                        while piece := member.read(MIB):
                            size += len(piece)
                            self._check_size(size, len(content), unit)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
            raise _unreadable(unit) from error

    def _check_size(self, size: int, packed: int, unit: Unit) -> None:
        limits = self._limits
        if size > limits.ratio_from and size > packed * limits.ratio:
            text = f"{unit.path!r} unpacks to more than {limits.ratio} times its size."
            raise ConfigError(text, code="compression_bomb")
        if max(size, packed) > limits.whole:
            text = f"{unit.path!r} holds more than {limits.whole // MIB} MiB: CSV may be larger."
            raise ConfigError(text, code="file_too_large")


def _unreadable(unit: Unit) -> ConfigError:
    return ConfigError(f"{unit.path!r} cannot be read as a workbook.", code="invalid_xlsx")


def _named(found: Sequence[str], names: Sequence[str], unit: Unit) -> list[str]:
    if len(found) != len(names):
        text = f"{unit.path!r} has {len(found)} columns, {len(names)} are named."
        raise ConfigError(text, code="schema_drift")
    return list(names)


def _with_first(first: list[Any], rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    if first:
        yield first
    yield from rows


def _groups(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    while group := list(islice(rows, BLOCK_ROWS)):
        yield group


def _kind(value: Any) -> Kind:
    if isinstance(value, bool):
        return Kind.BOOLEAN
    if isinstance(value, int | float):
        return Kind.INTEGER if float(value).is_integer() and abs(value) <= EXACT else Kind.FLOAT
    if isinstance(value, datetime):
        return Kind.TIMESTAMP
    if isinstance(value, date):
        return Kind.DATE
    return Kind.TIME if isinstance(value, time) else Kind.TEXT


def _type(kinds: set[Kind]) -> Type:
    """One that holds values of all the kinds."""
    if len(kinds) == 1:
        [kind] = kinds
        return Type(kind, size=64) if kind in {Kind.INTEGER, Kind.FLOAT} else Type(kind)
    if kinds == {Kind.INTEGER, Kind.FLOAT}:
        return Type(Kind.FLOAT, size=64)
    return Type(Kind.TIMESTAMP if kinds == {Kind.DATE, Kind.TIMESTAMP} else Kind.TEXT)


def _block(rows: Sequence[Sequence[Any]], columns: Sequence[Column], places: Sequence[int]) -> Block:
    converters: list[Callable[[Any], Any]] = [VALUES.get(column.type.kind, _word) for column in columns]
    records = [
        {
            column.name: None if row[place] == "" else convert(row[place])
            for column, place, convert in zip(columns, places, converters, strict=True)
        }
        for row in rows
    ]
    return Block(arrow.batch(records, columns))


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return _moment(value)
    return str(int(value) if _kind(value) is Kind.INTEGER else value)


def _moment(value: date | time) -> str:
    text = value.isoformat().replace("T", " ")
    return text.rstrip("0") if "." in text else text


def _timestamp(value: date) -> str:
    return _moment(value if isinstance(value, datetime) else datetime.combine(value, time()))


VALUES: dict[Kind, Callable[[Any], Any]] = {
    Kind.BOOLEAN: bool,
    Kind.INTEGER: int,
    Kind.FLOAT: float,
    Kind.TIMESTAMP: _timestamp,
    Kind.DATE: _moment,
    Kind.TIME: _moment,
}
"""What cells are in the value model; those that are not here become text."""
