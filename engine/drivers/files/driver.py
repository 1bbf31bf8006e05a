"""What the drivers of file stores share. Each gives its `spec`, and a filesystem that is confined to its root."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from engine.contract import Condition, Lineage, Request, Spec, Target
from engine.drivers.files import conditions, errors, options, paths, plan
from engine.drivers.files.limits import Limits
from engine.drivers.files.listing import FEW, Listing
from engine.drivers.files.reading import FilesReading
from engine.drivers.files.units import Opener
from engine.drivers.files.writing import FilesWriter
from engine.errors import ConfigError
from engine.schema import Column, Stream, Table
from engine.toolkit.surroundings import Surroundings


class FilesDriver(ABC):
    """A table's schema is a folder, "" for the root, and its name a file's or a pattern; both may have slashes."""

    spec: ClassVar[Spec]
    limits: ClassVar[Limits] = Limits()

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, Any], surroundings: Surroundings) -> None:
        self.settings = settings
        self.secrets = secrets
        self.surroundings = surroundings
        self._filesystem: Any = None
        self._interrupted = threading.Event()

    @classmethod
    def check_format(cls, table: Table, format_: Mapping[str, Any], *, is_written: bool) -> None:
        """Raises ConfigError `path_not_allowed`, `invalid_format` for what no file could be, whatever there is."""
        *_, name = paths.parts_of(table)
        chosen = options.parse(format_, name)
        if is_written and chosen.compression == "zip":
            raise options.invalid("Archives can be read and not written.")

    @abstractmethod
    def open_filesystem(self) -> Any:
        """An `fsspec.AbstractFileSystem` that takes paths below the root, without a slash before them, and lets nobody
        out of it. Asked of it: `info`, `ls`, `open` for reading (with `seek`) and for writing, `mv` over what is there,
        `rm_file`, `makedirs`. It raises OSError or the engine's errors."""

    @property
    def filesystem(self) -> Any:
        if self._filesystem is None:
            self._filesystem = self.open_filesystem()
        return self._filesystem

    def check(self) -> None:
        self._listing().folder("")

    def streams(self) -> Iterator[Table]:
        for folder in self.schemas(""):
            yield from self.tables("", folder)

    def catalogs(self) -> list[str]:
        return [""]

    def schemas(self, catalog: str) -> list[str]:
        """The first 1,000 folders, "" for the root."""
        if catalog:
            raise ConfigError(f"There is no catalog {catalog!r}.", code="unknown_catalog")
        return self._listing().folders()

    def tables(self, catalog: str, schema: str) -> list[Table]:
        """The first 1,000 files of a folder."""
        if catalog:
            raise ConfigError(f"There is no catalog {catalog!r}.", code="unknown_catalog")
        entries = self._listing().folder("/".join(paths.folder_parts(schema)))
        return [Table(entry.name, schema) for entry in entries if not entry.is_folder][:FEW]

    def describe(self, table: Table) -> Stream:
        return self.read(Request(table)).stream

    def read(self, request: Request) -> FilesReading:
        self._interrupted.clear()
        opener = Opener(self.filesystem, self.limits, self._raise_if_interrupted)
        return FilesReading(plan.make(request, self._listing(), opener, self.limits), request)

    def judges(self, condition: Condition, column: Column) -> bool:
        return conditions.judges(condition, column)

    def writer(self, target: Target, columns: Sequence[Column], key: Sequence[str], lineage: Lineage) -> FilesWriter:  # noqa: ARG002
        return FilesWriter(self._listing(), target, columns, lineage)

    def interrupt(self) -> None:
        """Ends its readings at their next piece; may be called from another thread."""
        self._interrupted.set()

    def close(self) -> None:
        self._filesystem = None

    def _listing(self) -> Listing:
        return Listing(self.filesystem, self.limits)

    def _raise_if_interrupted(self) -> None:
        if self._interrupted.is_set():
            raise errors.interrupted()
