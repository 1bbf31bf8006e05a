"""What the drivers of remote stores share: names below a root, nothing remembered, waits that can be ended."""

import io
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from threading import Timer
from typing import IO, Any

from fsspec.spec import AbstractFileSystem

from engine.contract import Lineage, Target
from engine.drivers.files import errors, paths
from engine.drivers.files.driver import FilesDriver
from engine.drivers.files.window import Chunks, WindowedFile
from engine.drivers.files.writing import FilesWriter
from engine.errors import ConfigError
from engine.schema import Column

Info = dict[str, Any]
MOST_ENTRIES = 100_000
"""Of one folder."""
BUFFER = 1024 * 1024
GRACE_SECONDS = 3


class RemoteFileSystem(AbstractFileSystem):  # type: ignore[misc]  # the library has no types
    """Paths are relative to the root, with "/" between names; none leads out of it.

    Raises OSErrors for what is wrong with a file, EngineErrors for all else.
    """

    cachable = False
    root_marker = ""
    attempts = 1
    """How often a request is made that brings nothing."""
    windows = True
    """Whether the store can be asked for a part of a file that has an end."""

    def __init__(self, root: str = "") -> None:
        super().__init__(use_listings_cache=False)
        self._root = root

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path  # a name may well hold "://"

    @abstractmethod
    def entries(self, place: str) -> Iterable[Info]:
        """What a folder holds, by plain names. `place` is the whole path, root included; so below."""

    @abstractmethod
    def attributes(self, place: str) -> Info: ...

    @abstractmethod
    def fetch(self, place: str, info: Info, start: int, end: int | None) -> Chunks:
        """The bytes from `start` up to `end`, or to the file's own where that is nearer or `end` is None."""

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        found = []
        for info in self.entries(self.place(path)):
            # A listing may lie: only what is a plain name lies in this very folder.
            if paths.is_name(info["name"]):
                found.append({**info, "name": f"{path}/{info['name']}" if path else info["name"]})
                if len(found) > MOST_ENTRIES:
                    text = f"The folder {path!r} holds more than {MOST_ENTRIES:,} entries."
                    raise ConfigError(text, code="too_many_files")
        return found if detail else [info["name"] for info in found]

    def info(self, path: str, **_: Any) -> Info:
        return {**self.attributes(self.place(path)), "name": path}

    def rm(self, path: str, recursive: bool = False, maxdepth: int | None = None) -> None:  # noqa: ARG002
        """One file, whatever its name looks like."""
        self.rm_file(path)

    def place(self, path: str) -> str:
        """Where a path lies in the store. Raises ConfigError `path_not_allowed`."""
        if not path:
            return self._root
        if len(path) > paths.LONGEST_PATH or not all(map(paths.is_name, path.split("/"))):
            raise errors.not_allowed(path)
        return f"{self._root.rstrip('/')}/{path}" if self._root else path

    def _open(self, path: str, mode: str = "rb", **_: Any) -> IO[bytes]:
        place = self.place(path)
        if mode != "rb":
            return Buffered(self.upload(place), BUFFER)
        info = self.attributes(place)
        if info["type"] != "file":
            raise IsADirectoryError(path)

        def fetch(start: int, end: int | None) -> Chunks:
            return self.fetch(place, info, start, end)

        file = WindowedFile(fetch, info["size"], attempts=self.attempts, whole=not info.get("windows", self.windows))
        return io.BufferedReader(file, BUFFER)

    @abstractmethod
    def upload(self, place: str) -> io.RawIOBase:
        """A file to be written from its beginning, complete once `close` raised nothing."""

    @abstractmethod
    def is_open(self) -> bool:
        """Whether it may still be used."""

    @abstractmethod
    def hang_up(self) -> None:
        """Ends every wait; may be called from another thread. Raises nothing."""

    def close(self) -> None:
        self.hang_up()


class Buffered(io.BufferedWriter):
    def __del__(self) -> None:
        """Left without being closed: what was not written to its end must not look as if it was."""


class RemoteWriter(FilesWriter):
    def interrupt(self) -> None:
        """Leaves it a moment to remove what is not whole, if it is not waiting."""
        super().interrupt()
        timer = Timer(GRACE_SECONDS, self._listing.filesystem.hang_up)
        timer.daemon = True
        timer.start()


class RemoteDriver(FilesDriver):
    @property
    def filesystem(self) -> Any:
        if self._filesystem is not None and not self._filesystem.is_open():
            self.close()
        return super().filesystem

    def writer(self, target: Target, columns: Sequence[Column], key: Sequence[str], lineage: Lineage) -> FilesWriter:  # noqa: ARG002
        return RemoteWriter(self._listing(), target, columns, lineage)

    def interrupt(self) -> None:
        super().interrupt()
        filesystem = self._filesystem
        if filesystem is not None:
            filesystem.hang_up()

    def close(self) -> None:
        if self._filesystem is not None:
            self._filesystem.close()
        super().close()
