"""Writes a file beside its final name, and gives it that name when it is whole."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

from engine.bulk import Batch
from engine.contract import Delivery, Lineage, Mode, OnRejected, Position, Rejected, Standing, Target
from engine.drivers.files import errors, formats, options, packing
from engine.drivers.files.blocks import Encoder
from engine.drivers.files.destination import Destination
from engine.drivers.files.listing import Listing
from engine.errors import ConfigError, EngineError, FenceLost, RecordError
from engine.schema import Column, Row
from engine.toolkit import arrow
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")

PART_ROWS = 10_000


class FilesWriter:
    """`listing`: of the store that is written to. Raises ConfigError `unsupported_mode`, `invalid_format`,
    `path_not_allowed`."""

    delivery = Delivery.EFFECTIVELY_ONCE
    keeps_pages = False

    def __init__(self, listing: Listing, target: Target, columns: Sequence[Column], lineage: Lineage) -> None:
        if target.mode is Mode.UPSERT:
            raise ConfigError("Rows of a file cannot be updated: append or replace.", code="unsupported_mode")
        if not columns:
            raise ConfigError("There is no column to write.", code="no_columns")
        self.columns = tuple(columns)
        self._listing = listing
        self._target = target
        self._destination = Destination(target, lineage)
        self._options = options.parse(target.format, self._destination.name)
        if self._options.compression not in packing.PACKERS:
            raise options.invalid(f"Files are not written as {self._options.compression}.")
        self._interrupted = threading.Event()
        self._file: IO[bytes] | None = None
        self._packed: IO[bytes] | None = None
        self._encoder: Encoder | None = None
        self._rows = 0

    def take_over(self) -> Standing:
        """Removes what earlier attempts, and dead runs of this step, left unfinished. Raises FenceLost."""
        with errors.translated(self._destination.path):
            if self._destination.folder:
                self._listing.filesystem.makedirs(self._destination.folder, exist_ok=True)
            for path in self._leftovers():
                with suppress(FileNotFoundError):
                    self._listing.filesystem.rm_file(path)
        return Standing(None, done=False)

    def begin(self, position: Position) -> None:  # noqa: ARG002  (nothing is kept before the end)
        self._start()

    def write(self, rows: Sequence[Row], position: Position | None, on_rejected: OnRejected) -> int:  # noqa: ARG002
        prepared, rejected = self._prepared(rows)
        if rejected:
            on_rejected(rejected)
        self._put(prepared)
        taken = len(rows) - len(rejected)
        self._rows += taken
        return taken

    def arrow_refusal(self, columns: Sequence[Column]) -> str:  # noqa: ARG002
        return ""

    def write_arrow(self, batches: Iterable[Batch], position: Callable[[int], Position]) -> int:
        count = self._first_range(batches) if not self._rows else self._further_range(batches)
        position(count)
        self._rows += count
        return count

    def _first_range(self, batches: Iterable[Batch]) -> int:
        """As it comes, since a stream that cannot be continued has no other range. What is refused is undone by a new
        file."""
        count = 0
        try:
            for part in _parts(batches):
                self._put([self._open.prepared(part)])
                count += part.num_rows
        except RecordError:
            self._start()
            raise
        return count

    def _further_range(self, batches: Iterable[Batch]) -> int:
        """All of it, once none of it is refused: ranges that others follow are short."""
        prepared, count = [], 0
        for part in _parts(batches):
            prepared.append(self._open.prepared(part))
            count += part.num_rows
        self._put(prepared)
        return count

    def finish(self, position: Position) -> None:  # noqa: ARG002
        """Raises ConfigError `empty_source` where nothing would replace a file, FenceLost."""
        if self._rows or self._target.allow_empty:
            with errors.translated(self._destination.path):
                self._finish()
            return
        self._drop()
        if self._target.mode is Mode.REPLACE:
            text = f"{self._destination.path!r} is not replaced by nothing: no row came."
            raise ConfigError(text, code="empty_source")

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        self._drop()

    @property
    def _open(self) -> Encoder:
        if self._encoder is None:
            raise FenceLost("The file is not open any more.")
        return self._encoder

    def _start(self) -> None:
        self._drop()
        with errors.translated(self._destination.path):
            self._file = self._listing.filesystem.open(self._destination.part, "wb")
            self._packed = packing.PACKERS[self._options.compression](self._file)
            self._encoder = formats.encoder_of(self._options, self._packed, self.columns)
        self._rows = 0

    def _prepared(self, rows: Sequence[Row]) -> tuple[list[Any], list[Rejected]]:
        """All rows at once, or where one is refused each by itself."""
        if not rows:
            return [], []
        try:
            return [self._open.prepared(arrow.batch(rows, self.columns))], []
        except RecordError:
            prepared, rejected = [], []
            for index, row in enumerate(rows):
                try:
                    prepared.append(self._open.prepared(arrow.batch([row], self.columns)))
                except RecordError as error:
                    rejected.append(Rejected(index, error.code, error.message))
            return prepared, rejected

    def _put(self, prepared: Iterable[Any]) -> None:
        with errors.translated(self._destination.path):
            for one in prepared:
                if self._interrupted.is_set():
                    raise errors.interrupted()
                self._open.write(one)

    def _finish(self) -> None:
        self._open.close()
        self._encoder = None
        assert self._packed is not None
        assert self._file is not None
        self._packed.close()
        self._file.close()
        self._leftovers()
        try:
            self._listing.filesystem.mv(self._destination.part, self._destination.path)
        except FileNotFoundError as error:
            raise FenceLost("A later attempt has removed what was written.") from error
        self._file = None

    def _leftovers(self) -> list[str]:
        return self._destination.leftovers(self._listing.unfinished(self._destination.folder))

    def _drop(self) -> None:
        """Closes and removes what is not whole."""
        if self._file is None:
            return
        closing = [one.close for one in (self._encoder, self._packed, self._file) if one is not None]
        for close in closing:
            with suppress(OSError, EngineError, ValueError, pa.ArrowException):
                close()
        with suppress(OSError, EngineError):
            self._listing.filesystem.rm_file(self._destination.part)
        self._file = self._encoder = None


def _parts(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The same rows in batches that are short enough to be taken apart."""
    for batch in batches:
        for start in range(0, batch.num_rows, PART_ROWS):
            yield batch.slice(start, PART_ROWS)
