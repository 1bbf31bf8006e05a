"""Excel workbooks of one sheet, written row by row."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter

from engine.bulk import Batch
from engine.drivers.files.options import Options
from engine.errors import ConfigError, RecordError
from engine.schema import Column, Kind, Row
from engine.toolkit import arrow

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
LONGEST_TEXT = 32_767
EXACT = 2**53
DIGITS = 15
"""Digits of a number that Excel keeps."""
FIRST_YEAR = "1900-03-01"
"""Before it Excel counts a day that there was none."""
DATE_FORMAT, MOMENT_FORMAT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss.000"


class XlsxEncoder:
    def __init__(self, sink: IO[bytes], columns: Sequence[Column], options: Options) -> None:
        if len(columns) > MOST_COLUMNS:
            raise ConfigError(f"A sheet has at most {MOST_COLUMNS:,} columns.", code="too_many_columns")
        self._columns = columns
        self._book = xlsxwriter.Workbook(sink, {"constant_memory": True, "nan_inf_to_errors": False})
        self._sheet = self._book.add_worksheet(options.sheet or None)
        self._formats = {
            date: self._book.add_format({"num_format": DATE_FORMAT}),
            datetime: self._book.add_format({"num_format": MOMENT_FORMAT}),
        }
        self._row = 0
        if options.header:
            self.write([[column.name for column in columns]])

    def prepared(self, batch: Batch) -> list[list[Any]]:
        return [self._cells(row) for row in arrow.rows(batch, self._columns)]

    def _cells(self, row: Row) -> list[Any]:
        cells = [
            CELLS.get(column.type.kind, str)(row[column.name]) if row[column.name] is not None else None
            for column in self._columns
        ]
        if any(isinstance(cell, str) and len(cell) > LONGEST_TEXT for cell in cells):
            raise RecordError(f"A cell holds at most {LONGEST_TEXT:,} characters.", code="value_too_long")
        return cells

    def write(self, prepared: list[list[Any]]) -> None:
        if self._row + len(prepared) > MOST_ROWS:
            raise ConfigError(f"A sheet has at most {MOST_ROWS:,} rows.", code="too_many_rows")
        for cells in prepared:
            for column, cell in enumerate(cells):
                self._put(column, cell)
            self._row += 1

    def _put(self, column: int, cell: Any) -> None:
        if isinstance(cell, str):
            self._sheet.write_string(self._row, column, cell)  # a text that begins with = is still no formula
        elif isinstance(cell, bool):
            self._sheet.write_boolean(self._row, column, cell)
        elif isinstance(cell, date):
            self._sheet.write_datetime(self._row, column, cell, self._formats[type(cell)])
        elif cell is not None:
            self._sheet.write_number(self._row, column, cell)

    def close(self) -> None:
        self._book.close()


def _integer(value: int) -> Any:
    return value if abs(value) <= EXACT else str(value)


def _float(value: float) -> Any:
    return value if abs(value) < float("inf") else str(value)


def _decimal(value: str) -> Any:
    number = Decimal(value)
    return float(number) if number.is_finite() and len(number.as_tuple().digits) <= DIGITS else value


def _moment(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def cell(value: str) -> Any:
        try:
            return parse(value) if value >= FIRST_YEAR else value
        except ValueError:
            return value

    return cell


CELLS: dict[Kind, Callable[[Any], Any]] = {
    Kind.BOOLEAN: bool,
    Kind.INTEGER: _integer,
    Kind.FLOAT: _float,
    Kind.DECIMAL: _decimal,
    Kind.BINARY: bytes.hex,
    Kind.DATE: _moment(date.fromisoformat),
    Kind.TIMESTAMP: _moment(datetime.fromisoformat),
}
"""What a value is in a cell; Excel knows no more kinds, so what is not here is text."""
