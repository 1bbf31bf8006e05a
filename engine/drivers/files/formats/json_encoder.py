"""JSON lines, and a JSON list of the same records."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import IO, Any

import orjson

from engine.bulk import Batch
from engine.drivers.files.options import UTF_8, Options, invalid
from engine.errors import RecordError
from engine.schema import Column, Kind, Row
from engine.toolkit import arrow
from engine.toolkit.deferred import Deferred

pc: Any = Deferred("pyarrow.compute")


class JsonLinesEncoder:
    between = b"\n"

    def __init__(self, sink: IO[bytes], columns: Sequence[Column], options: Options) -> None:
        if options.encoding != UTF_8:
            raise invalid("JSON is written in UTF-8 alone.")
        self._sink = sink
        self._columns = columns
        self._forms = {column.name: FORMS[column.type.kind] for column in columns if column.type.kind in FORMS}

    def prepared(self, batch: Batch) -> bytes:
        for array, column in zip(batch.columns, self._columns, strict=True):
            if column.type.kind is Kind.FLOAT and pc.all(pc.is_finite(array)).as_py() is False:
                raise RecordError(f"JSON has no form for a value of {column.name!r}.", code="invalid_value")
        return self.between.join(self._record(row) for row in arrow.rows(batch, self._columns))

    def _record(self, row: Row) -> bytes:
        for name, form in self._forms.items():
            if row[name] is not None:
                row[name] = form(row[name])
        return orjson.dumps(row)

    def write(self, prepared: bytes) -> None:
        if prepared:
            self._sink.write(prepared + b"\n")

    def close(self) -> None:
        """The last line is the end."""


class JsonEncoder(JsonLinesEncoder):
    """One list, a record a line."""

    between = b",\n"

    def __init__(self, sink: IO[bytes], columns: Sequence[Column], options: Options) -> None:
        super().__init__(sink, columns, options)
        self._has_records = False

    def write(self, prepared: bytes) -> None:
        if prepared:
            self._sink.write((self.between if self._has_records else b"[\n") + prepared)
            self._has_records = True

    def close(self) -> None:
        self._sink.write(b"\n]\n" if self._has_records else b"[]\n")


def _number(text: str) -> Any:
    """All digits of a decimal; NaN and the infinities have no form but text."""
    return orjson.Fragment(text) if Decimal(text).is_finite() else text


def _as_it_is(text: str) -> Any:
    return orjson.Fragment(str(text))


FORMS: dict[Kind, Callable[[Any], Any]] = {
    Kind.DECIMAL: _number,
    Kind.BINARY: bytes.hex,
    Kind.JSON: _as_it_is,
    Kind.ARRAY: _as_it_is,
}
"""How values of these kinds are written; the others are JSON as they are."""
