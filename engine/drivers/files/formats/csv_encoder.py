"""CSV as `CsvFormat` reads it back to the very same values: NULL is nothing, an empty text has quotes."""

import re
from collections.abc import Sequence
from typing import IO, Any

from engine.bulk import Batch
from engine.drivers.files.options import UTF_8, Options
from engine.errors import RecordError
from engine.schema import Column, Kind
from engine.toolkit import arrow
from engine.toolkit.arrow_types import Array
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")
pc: Any = Deferred("pyarrow.compute")

NEVER_QUOTED = frozenset({Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT})
FORMULA = "^[=+\\-@\t\r\x00]"
NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
"""No formula, though it begins like one."""


class CsvEncoder:
    def __init__(self, sink: IO[bytes], columns: Sequence[Column], options: Options) -> None:
        self._sink = sink
        self._columns = columns
        self._options = options
        special = re.escape("".join({options.separator, options.quote, options.escape, "\r", "\n"}))
        self._special = f"[{special}\ufeff]"
        if options.header:
            names = [pa.array([column.name]) for column in columns]
            self.write(self._lines([self._quoted(name) for name in names]))

    def prepared(self, batch: Batch) -> Any:
        batch = arrow.texts(batch, self._columns)
        return self._lines(list(map(self._field, batch.columns, self._columns)))

    def write(self, prepared: Any) -> None:
        self._sink.write(prepared)

    def close(self) -> None:
        """A table of text has no end of its own."""

    def _field(self, array: Array, column: Column) -> Array:
        kind = column.type.kind
        if kind is Kind.BINARY:
            array = pa.array([None if value is None else value.hex() for value in array.to_pylist()], pa.string())
        array = array.cast(pa.string())
        if self._options.spreadsheet and kind not in NEVER_QUOTED:
            array = _harmless(array)
        return array if kind in NEVER_QUOTED and not self._options.null else self._quoted(array)

    def _quoted(self, array: Array) -> Array:
        """The texts as they are written, those in quotes that would be read as something else without."""
        options = self._options
        needs_quotes = pc.or_(pc.match_substring_regex(array, self._special), pc.equal(array, options.null))
        if options.escape:
            array = pc.replace_substring(array, options.escape, options.escape * 2)
        if not pc.any(needs_quotes).as_py():
            return array
        quote = options.quote
        if not quote:
            raise RecordError("A value cannot be written without quotes, which are switched off.", code="invalid_value")
        inner = pc.replace_substring(array, quote, quote * 2)
        return pc.if_else(needs_quotes, pc.binary_join_element_wise(quote, inner, quote, ""), array)

    def _lines(self, fields: Sequence[Array]) -> Any:
        options = self._options
        told = [pc.fill_null(field, options.null) for field in fields]
        lines = pc.binary_join_element_wise(*told, options.separator)
        return self._encoded(pc.binary_join_element_wise(lines, "", options.newline))

    def _encoded(self, lines: Array) -> Any:
        """All the lines' bytes, which lie behind each other."""
        data = b"" if not len(lines) else _content(lines)
        if self._options.encoding == UTF_8:
            return data
        try:
            return bytes(data).decode().encode(self._options.encoding)
        except UnicodeEncodeError as error:
            message = f"A value has a character that {self._options.encoding} does not have."
            raise RecordError(message, code="invalid_value") from error


def _content(lines: Array) -> memoryview:
    _, offsets, data = lines.buffers()
    first = pa.Array.from_buffers(pa.int32(), len(lines) + 1, [None, offsets], offset=lines.offset)
    return memoryview(data)[first[0].as_py() : first[len(lines)].as_py()]


def _harmless(array: Array) -> Array:
    """With a quote before what a spreadsheet would take for a formula."""
    is_formula = pc.and_(pc.match_substring_regex(array, FORMULA), pc.invert(pc.match_substring_regex(array, NUMBER)))
    return pc.if_else(is_formula, pc.binary_join_element_wise("'", array, ""), array)
