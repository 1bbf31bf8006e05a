"""Files opened for reading, archives taken apart into their members."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from engine.drivers.files import errors, packing, paths
from engine.drivers.files.blocks import Unit
from engine.drivers.files.limits import MIB, Limits
from engine.drivers.files.listing import Entry
from engine.errors import ConfigError

BROKEN = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError)


class Opener:
    """`check` is called before every piece that is read, and may raise."""

    def __init__(self, filesystem: Any, limits: Limits, check: Callable[[], None]) -> None:
        self._filesystem = filesystem
        self._limits = limits
        self.check = check

    def units(self, entry: Entry, compression: str) -> Iterator[Unit]:
        """The file itself, or the members of the archive that it is, in the order of their names."""
        if compression != "zip":
            yield self._file(entry, compression)
            return
        with self._opened(entry.path) as file, self._archive(file, entry.path) as archive:
            for name in self._members(archive, entry.path):
                yield self._member(archive, name, f"{entry.path}/{name}")

    def _file(self, entry: Entry, compression: str) -> Unit:
        def chunks() -> Iterator[bytes]:
            with self._opened(entry.path) as file:
                size = packing.PIECE if compression == "none" else packing.PACKED_PIECE
                pieces = self._read(file, entry.path, size)
                yield from packing.unpacked(pieces, compression, self._limits, entry.path)

        return Unit(entry.path, lambda: self._opened(entry.path), chunks)

    def _member(self, archive: zipfile.ZipFile, name: str, path: str) -> Unit:
        packed = archive.getinfo(name).compress_size

        def chunks() -> Iterator[bytes]:
            meter = packing.Meter(self._limits, path, packed)
            with _sound(path), archive.open(name) as file:
                yield from meter.out_of(self._read(file, path))

        return Unit(path, lambda: self._whole(chunks(), path), chunks)

    def _whole(self, chunks: Iterator[bytes], path: str) -> IO[bytes]:
        """In memory: to go back within a member would be to unpack it again."""
        content = io.BytesIO()
        for chunk in chunks:
            content.write(chunk)
            if content.tell() > self._limits.whole:
                text = f"{path!r} holds more than {self._limits.whole // MIB} MiB, as a member of an archive."
                raise ConfigError(text, code="file_too_large")
        content.seek(0)
        return content

    def _read(self, file: IO[bytes], path: str, size: int = packing.PIECE) -> Iterator[bytes]:
        while True:
            self.check()
            with errors.translated(path):
                piece = file.read(size)
            if not piece:
                return
            yield piece

    @contextmanager
    def _opened(self, path: str) -> Iterator[IO[bytes]]:
        with errors.translated(path):
            file: IO[bytes] = self._filesystem.open(path, "rb")
        with file:
            yield file

    @contextmanager
    def _archive(self, file: IO[bytes], path: str) -> Iterator[zipfile.ZipFile]:
        with _sound(path), errors.translated(path):
            archive = zipfile.ZipFile(file)
        with archive:
            yield archive

    def _members(self, archive: zipfile.ZipFile, path: str) -> list[str]:
        infos = archive.infolist()
        if len(infos) > self._limits.members:
            text = f"{path!r} has more than {self._limits.members:,} members."
            raise ConfigError(text, code="too_many_files")
        names = [info.filename for info in infos if not info.is_dir()]
        if not all(paths.is_name(part) for name in names for part in name.split("/")) or len(set(names)) < len(names):
            raise ConfigError(f"{path!r} has a member with a name that is none.", code="invalid_archive")
        return sorted(names)


@contextmanager
def _sound(path: str) -> Iterator[None]:
    """Raises ConfigError `invalid_archive` for an archive that is cut short, encrypted or damaged."""
    try:
        yield
    except BROKEN as error:
        raise ConfigError(f"{path!r} is no archive that can be read.", code="invalid_archive") from error
