"""Parquet, one group of rows after the other."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.drivers.files.blocks import Block, Unit, behind, present
from engine.drivers.files.limits import MIB, Limits
from engine.drivers.files.packing import truncated
from engine.errors import ConfigError
from engine.schema import Column
from engine.toolkit.arrow_types import portable, type_of
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")
parquet: Any = Deferred("pyarrow.parquet")

CUT_SHORT = ("magic bytes", "smaller than the minimum", "nd of stream")
"""What the library says of files that lack their end."""
BLOCK_ROWS = 20_000
BLOCK_BYTES = 8 * MIB


class ParquetFormat:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def columns(self, unit: Unit) -> tuple[Column, ...]:
        with self._opened(unit) as file:
            return _columns(file)

    def blocks(self, unit: Unit, wanted: Sequence[Column], known: Collection[str], skip: int) -> Iterator[Block]:
        with self._opened(unit) as file:
            own = {column.name: column for column in _columns(file)}
            columns = present(unit, list(own), wanted, known)
            for column in columns:
                if own[column.name].type.kind is not column.type.kind:
                    text = f"The column {column.name!r} of {unit.path!r} is of another type than in the first file."
                    raise ConfigError(text, code="schema_drift")
            yield from self._rows(file, [column.name for column in columns], skip)

    def _rows(self, file: Any, names: list[str], skip: int) -> Iterator[Block]:
        first = 0
        while first < file.num_row_groups and skip >= file.metadata.row_group(first).num_rows:
            skip -= file.metadata.row_group(first).num_rows
            first += 1
        batches = file.iter_batches(
            batch_size=_block_rows(file),
            row_groups=list(range(first, file.num_row_groups)),
            columns=_leaves(file, names),
            use_threads=False,  # each would hold memory of its own, and the processes are many already
        )
        yield from behind((_block(batch, names) for batch in batches), skip)

    @contextmanager
    def _opened(self, unit: Unit) -> Iterator[Any]:
        """Raises ConfigError `truncated_file`, `invalid_parquet`, `decode_error`, and as `_check` does."""
        try:
            with unit.open() as opened, parquet.ParquetFile(pa.PythonFile(opened, "r"), pre_buffer=False) as file:
                self._check(file, unit)
                yield file
        except (pa.ArrowException, OSError) as error:
            if any(sign in str(error) for sign in CUT_SHORT):
                raise truncated(unit.path) from None
            raise ConfigError(f"{unit.path!r} cannot be read as Parquet.", code="invalid_parquet") from error
        except UnicodeDecodeError:
            raise ConfigError(f"{unit.path!r} has a text that is not UTF-8.", code="decode_error") from None

    def _check(self, file: Any, unit: Unit) -> None:
        """Raises ConfigError `too_many_columns`, `duplicate_column`, `file_too_large`."""
        names = file.schema_arrow.names
        if len(names) > self._limits.columns:
            text = f"{unit.path!r} has more than {self._limits.columns:,} columns."
            raise ConfigError(text, code="too_many_columns")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ConfigError(f"{unit.path!r} has two columns named {twice!r}.", code="duplicate_column")
        groups = [file.metadata.row_group(number).total_byte_size for number in range(file.num_row_groups)]
        if sum(groups) > self._limits.unpacked:
            text = f"{unit.path!r} holds more than {self._limits.unpacked // MIB:,} MiB."
            raise ConfigError(text, code="file_too_large")


def _columns(file: Any) -> tuple[Column, ...]:
    return tuple(Column(field.name, type_of(field.type), field.nullable) for field in file.schema_arrow)


def _leaves(file: Any, names: list[str]) -> list[str] | None:
    """What to read; None for all, where a name looks like a path into a nested column."""
    return None if any("." in name for name in file.schema_arrow.names) else names


def _block(batch: Any, names: list[str]) -> Block:
    batch = batch.select(names)
    batch.validate(full=True)
    return Block(pa.RecordBatch.from_arrays([portable(array) for array in batch.columns], names))


def _block_rows(file: Any) -> int:
    """Fewer where rows are wide."""
    size = sum(file.metadata.row_group(number).total_byte_size for number in range(file.num_row_groups))
    width = max(1, int(size) // max(1, int(file.metadata.num_rows)))
    return max(1, min(BLOCK_ROWS, BLOCK_BYTES // width))
