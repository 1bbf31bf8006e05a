"""What COPY puts out as CSV, as batches of columns. What is neither a number nor a flag stays the text that it is."""

from collections.abc import Sequence
from typing import Any

from engine.bulk import Batch
from engine.errors import ConfigError
from engine.schema import Column, Kind
from engine.toolkit import arrow
from engine.toolkit.arrow_types import loose_type
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")
pc: Any = Deferred("pyarrow.compute")
csv: Any = Deferred("pyarrow.csv")

BATCH_BYTES = 1024 * 1024


class CsvBatches:
    """PostgreSQL quotes an empty text and leaves NULL bare, which is how the two are told apart."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        places = [str(place) for place in range(len(columns))]
        types = [pa.string() if column.type.kind is Kind.BINARY else loose_type(column.type) for column in columns]
        self._read = csv.ReadOptions(column_names=places, use_threads=False)
        self._parse = csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)
        self._convert = csv.ConvertOptions(
            column_types=dict(zip(places, types, strict=True)),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        )

    def batch(self, rows: bytes) -> Batch:
        """Whole rows as a batch. Raises ConfigError for text that is not UTF-8."""
        self._read.block_size = len(rows) + 1
        try:
            table = csv.read_csv(pa.BufferReader(rows), self._read, self._parse, self._convert)
        except pa.ArrowInvalid as error:
            raise ConfigError("The database holds text that is not UTF-8.", code="invalid_text") from error
        [batch] = table.combine_chunks().to_batches()
        arrays = [_portable(one, column) for one, column in zip(batch.columns, self._columns, strict=True)]
        return arrow.batch_of(arrays, self._columns)


def _portable(array: Any, column: Column) -> Any:
    if column.type.kind is Kind.TIMESTAMPTZ:
        return pc.replace_substring(array, "+00", "+00:00")
    if column.type.kind is Kind.BINARY:
        spelled = array.to_pylist()
        return pa.array([None if text is None else bytes.fromhex(text[2:]) for text in spelled], pa.binary())
    return array
