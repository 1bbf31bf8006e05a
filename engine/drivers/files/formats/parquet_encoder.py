"""Parquet with typed columns: decimals and moments are none of text."""

from collections.abc import Sequence
from typing import IO, Any

from engine.bulk import Batch
from engine.schema import Column
from engine.toolkit import arrow
from engine.toolkit.arrow_types import strict_type
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")
parquet: Any = Deferred("pyarrow.parquet")

GROUP_ROWS = 100_000
GROUP_BYTES = 64 * 1024 * 1024


class ParquetEncoder:
    def __init__(self, sink: IO[bytes], columns: Sequence[Column]) -> None:
        self._columns = columns
        fields = [pa.field(column.name, strict_type(column.type)) for column in columns]
        self._schema = pa.schema(fields)
        self._writer = parquet.ParquetWriter(sink, self._schema, compression="zstd")
        self._waiting: list[Batch] = []

    def prepared(self, batch: Batch) -> Batch:
        return arrow.typed(batch, self._columns)

    def write(self, prepared: Batch) -> None:
        self._waiting.append(prepared)
        rows = sum(batch.num_rows for batch in self._waiting)
        if rows >= GROUP_ROWS or sum(batch.nbytes for batch in self._waiting) >= GROUP_BYTES:
            self._write_group()

    def close(self) -> None:
        if self._waiting:
            self._write_group()
        self._writer.close()

    def _write_group(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema))
        self._waiting = []
