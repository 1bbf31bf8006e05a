"""Comma-separated values, and their kin with tabs or semicolons."""

import csv
import io
import secrets
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any

from engine.bulk import Batch
from engine.contract import Unreadable
from engine.drivers.files import decoding
from engine.drivers.files.blocks import Block, Unit, behind, present
from engine.drivers.files.formats import inference
from engine.drivers.files.limits import Limits
from engine.drivers.files.options import Options
from engine.drivers.files.packing import Chunks
from engine.errors import ConfigError
from engine.schema import Column, Kind, Type
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")
pyarrow_csv: Any = Deferred("pyarrow.csv")

TEXT = Type(Kind.TEXT)
SHOWN = 1_000
"""Characters of a row that nothing can be made of."""
FURTHER = "_further"
"""Where the values of a row that has too many are shown."""


class CsvFormat:
    def __init__(self, options: Options, limits: Limits) -> None:
        self._options = options
        self._limits = limits

    def columns(self, unit: Unit) -> tuple[Column, ...]:
        _, names = self._opened(unit)
        columns = tuple(Column(name, TEXT) for name in names)
        if self._options.types == "text" or not names:
            return columns
        sample = next(self.blocks(unit, columns, names, 0), None)
        return columns if sample is None else inference.columns(sample.batch.slice(0, self._limits.sample))

    def blocks(self, unit: Unit, wanted: Sequence[Column], known: Collection[str], skip: int) -> Iterator[Block]:
        text, names = self._opened(unit)
        if not names:
            return
        columns = present(unit, names, wanted, known)
        rows = _Rows(unit, text, names, [column.name for column in columns], self._options, self._limits)
        is_text = all(column.type == TEXT for column in columns)
        for block in behind(rows.blocks(), skip):
            yield block if is_text else inference.converted(block, columns)

    def _opened(self, unit: Unit) -> tuple["Text", list[str]]:
        """The rows behind the header, and the columns' names; none of an empty file."""
        text = Text(decoding.lines(unit, self._options.encoding, self._limits))
        beginning = text.peek(2 * self._limits.line)
        head = io.StringIO(beginning.decode(errors="ignore"), newline="")
        skipped = len([*islice(head, self._options.skip_rows)])
        parser = csv.reader(head, **_dialect(self._options), strict=True)
        try:
            first = next((fields for fields in parser if fields), [])
        except csv.Error as error:
            raise ConfigError(f"{unit.path!r} has no row of names: {error}.", code="invalid_header") from None
        if not first and len(beginning) == 2 * self._limits.line:
            raise ConfigError(f"{unit.path!r} has no row of names near its beginning.", code="invalid_header")
        if len(first) > self._limits.columns:
            told = f"{unit.path!r} has more than {self._limits.columns:,} columns."
            raise ConfigError(told, code="too_many_columns")
        text.skip_lines(skipped + (parser.line_num if self._options.header else 0))
        return text, self._names(first, unit)

    def _names(self, first: Sequence[str], unit: Unit) -> list[str]:
        if self._options.columns and len(self._options.columns) != len(first) and first:
            text = f"{unit.path!r} has {len(first)} columns, {len(self._options.columns)} are named."
            raise ConfigError(text, code="schema_drift")
        if self._options.columns:
            return list(self._options.columns)
        told = first if self._options.header else [""] * len(first)
        names = [name or f"column_{number}" for number, name in enumerate(told, 1)]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ConfigError(f"{unit.path!r} has two columns named {twice!r}.", code="duplicate_column")
        return names


class Text(Chunks):
    """UTF-8 whose beginning can be looked at before it is read, and whose end is marked by a row of `mark`."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__(chunks)
        self.mark = secrets.token_hex(16)
        self._last = b"\n"
        self._end = b""

    def peek(self, size: int) -> bytes:
        head = super().read(size)
        self._rest = memoryview(head + bytes(self._rest))
        return head

    def skip_lines(self, count: int) -> None:
        """Leaves out so many lines, which were looked at."""
        data = bytes(self._rest)
        place = 0
        for line in islice(io.StringIO(data.decode(errors="ignore"), newline=""), count):
            place += len(line.encode())
        self._rest = memoryview(data[place:])

    def end_with(self, row: str) -> None:
        self._end = row.encode()

    def read(self, size: int = -1) -> bytes:
        found = super().read(size)
        if found:
            self._last = found[-1:]
        elif self._end:
            # a last line without an end gets one, so that the mark is a row of its own
            found = (b"" if self._last in {b"\n", b"\r"} else b"\n") + self._end
            self._end = b""
        return found


class _Rows:
    """One unit's rows, as the parser gives them, with those that have too few or too many fields in their places."""

    def __init__(
        self,
        unit: Unit,
        text: Text,
        names: Sequence[str],
        wanted: Sequence[str],
        options: Options,
        limits: Limits,
    ) -> None:
        self._unit = unit
        self._text = text
        self._names = list(names)
        self._wanted = list(wanted)
        self._options = options
        self._limits = limits
        self._invalid: deque[Any] = deque()
        self._seen = 0

    def blocks(self) -> Iterator[Block]:
        # a quote that nobody closed swallows the mark too
        self._text.end_with(self._options.separator.join([self._text.mark] * len(self._names)) + "\n")
        held: Batch | None = None
        try:
            for batch in self._reader():
                if held is not None:
                    yield self._block(held)
                held = batch
        except pa.ArrowInvalid as error:
            raise self._error(str(error), held) from None
        yield self._block(self._without_mark(held))

    def _reader(self) -> Any:
        options = self._options
        return pyarrow_csv.open_csv(
            self._text,
            read_options=pyarrow_csv.ReadOptions(
                # the parser numbers rows in one thread alone
                use_threads=False,
                block_size=self._limits.line,
                column_names=self._names,
            ),
            parse_options=pyarrow_csv.ParseOptions(
                delimiter=options.separator,
                quote_char=options.quote or False,
                double_quote=True,
                escape_char=options.escape or False,
                newlines_in_values=True,
                ignore_empty_lines=len(self._names) > 1,
                invalid_row_handler=self._refuse,
            ),
            convert_options=pyarrow_csv.ConvertOptions(
                column_types=dict.fromkeys(self._names, pa.string()),
                include_columns=self._wanted,
                null_values=[options.null],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                check_utf8=False,
            ),
        )

    def _refuse(self, row: Any) -> str:
        self._invalid.append(row)
        return "skip"

    def _without_mark(self, batch: Batch | None) -> Batch:
        if self._invalid and self._text.mark in self._invalid[-1].text:
            raise self._unclosed(self._invalid[-1].number)
        if batch is None or not batch.num_rows or batch.column(0)[-1].as_py() != self._text.mark:
            raise self._unclosed(self._parsed(batch))
        return batch.slice(0, batch.num_rows - 1)

    def _parsed(self, held: Batch | None) -> int:
        """How many rows there were so far, with those of a batch that is not given yet."""
        return self._seen + (held.num_rows if held is not None else 0) + len(self._invalid)

    def _block(self, batch: Batch) -> Block:
        """The batch, and the invalid rows that stood between its own."""
        unreadable: dict[int, Unreadable] = {}
        start, stop = self._seen, self._seen + batch.num_rows
        while self._invalid and self._invalid[0].number - 1 <= stop:
            row = self._invalid.popleft()
            unreadable[row.number - 1 - start] = self._unreadable(row)
            stop += 1
        self._seen = stop
        return Block(batch, unreadable)

    def _unreadable(self, row: Any) -> Unreadable:
        message = f"The row has {row.actual_columns} fields instead of {row.expected_columns}."
        return Unreadable("malformed_row", message, self._record(row.text))

    def _record(self, text: str) -> dict[str, Any]:
        try:
            fields = next(csv.reader(io.StringIO(text, newline=""), **_dialect(self._options)), [])
        except csv.Error:
            return {"line": text[:SHOWN]}
        record: dict[str, Any] = dict(zip(self._names, fields, strict=False))
        return record if len(fields) <= len(self._names) else {**record, FURTHER: fields[len(self._names) :]}

    def _error(self, told: str, held: Batch | None) -> ConfigError:
        if "straddl" in told:
            # no line is too long, so it is a value of many
            return self._unclosed(self._parsed(held) + 1)
        return ConfigError(f"{self._unit.path!r} cannot be read as CSV.", code="invalid_csv")

    def _unclosed(self, row: int) -> ConfigError:
        text = f"A quote that opens in row {row:,} of {self._unit.path!r} is not closed."
        return ConfigError(text, code="unclosed_quote")


def _dialect(options: Options) -> dict[str, Any]:
    return {
        "delimiter": options.separator,
        "quotechar": options.quote or None,
        "quoting": csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE,
        "escapechar": options.escape or None,
    }
