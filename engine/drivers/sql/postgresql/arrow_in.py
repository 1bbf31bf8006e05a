"""Batches of columns as lines of PostgreSQL's COPY text format: what rows of the same values would be."""

from collections.abc import Sequence
from typing import Any

from engine.bulk import Batch
from engine.drivers.sql.postgresql.copy_text import NULL, converters
from engine.drivers.sql.write_values import UnwritableError, column_of
from engine.errors import RecordError
from engine.schema import Column, Kind
from engine.toolkit import arrow
from engine.toolkit.arrow_types import Array
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")
pc: Any = Deferred("pyarrow.compute")

ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
NUMBERS = frozenset({Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL})
OCTETS = frozenset({Kind.BINARY, Kind.ARRAY})
RAW_JSON = frozenset({Kind.JSON, Kind.ARRAY})


class CopyBatches:
    """`given`: what the batches hold; `filled`: the columns that take it."""

    def __init__(self, given: Sequence[Column], filled: Sequence[Column]) -> None:
        self._columns = list(zip(given, filled, strict=True))

    def lines(self, batch: Batch) -> bytes:
        """Raises RecordError when PostgreSQL has no way to write one of the values."""
        if not batch.num_rows:
            return b""
        fields = [_fields(array, *pair) for array, pair in zip(batch.columns, self._columns, strict=True)]
        fields[-1] = pc.binary_join_element_wise(fields[-1], "", "\n")
        return _bytes_of(pc.binary_join_element_wise(*fields, "\t"))


def _fields(array: Array, given: Column, filled: Column) -> Array:
    if not _is_plain(given.type.kind, filled.type.kind):
        return _converted(array, given, filled)
    text = arrow.text(array, given)
    text = _escaped(text if pa.types.is_string(text.type) else text.cast(pa.string()))
    return pc.fill_null(text, NULL) if text.null_count else text


def _is_plain(given: Kind, filled: Kind) -> bool:
    """Whether the value's text in Arrow is the field, but for what is escaped in it."""
    if given is Kind.BINARY or filled in OCTETS:
        return False
    if given is Kind.FLOAT:
        return filled in NUMBERS  # elsewhere "1.0" must not become "1"
    if given is Kind.BOOLEAN:
        return filled not in NUMBERS
    return filled is not Kind.JSON or given in RAW_JSON or given is Kind.INTEGER


def _converted(array: Array, given: Column, filled: Column) -> Array:
    try:
        texts = column_of(filled.name, arrow.values(array, given), converters(filled.type), NULL)
    except UnwritableError as error:
        raise RecordError(error.message, code="invalid_value") from None
    return pa.array(texts, pa.string())


def _escaped(text: Array) -> Array:
    # A few scans of the whole column are far cheaper than one look at every value.
    everything = _bytes_of(text)
    for character, escape in ESCAPES:
        if character.encode() in everything:
            text = pc.replace_substring(text, character, escape)
    return text


def _bytes_of(text: Array) -> bytes:
    """All of the texts, one behind the other."""
    _, offsets, data = text.buffers()
    if data is None:
        return b""
    start, end = memoryview(offsets).cast("i")[text.offset], memoryview(offsets).cast("i")[text.offset + len(text)]
    return bytes(memoryview(data)[start:end])
