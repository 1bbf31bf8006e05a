"""Files below one folder of this machine. Every part of a path is opened from the part before it, links refused."""

import errno
import io
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# a FIFO must not keep us waiting for its other end
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
WRITE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
MOST = 200_000
"""Names of a folder that are looked at: more than any pattern may be judged against."""
KINDS = {stat.S_IFDIR: "directory", stat.S_IFREG: "file"}


class FolderFiles(AbstractFileSystem):  # type: ignore[misc]
    """Sees regular files and folders alone; whoever swaps a part of a path for a link meets an error."""

    cachable = False

    def __init__(self, top: Path, parts: Sequence[str] = ()) -> None:
        """`top`: a folder that the operator opened, itself perhaps behind a link; `parts`: those below it."""
        super().__init__()
        self._top = top
        self._parts = tuple(parts)

    def is_there(self) -> bool:
        try:
            with self._folder(""):
                return True
        except (FileNotFoundError, NotADirectoryError):
            return False

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        with self._folder(path) as folder:
            names = [entry.name for entry in islice(os.scandir(folder), MOST)]
            found = [info for name in names if (info := _info(folder, name, path)) is not None]
        return found if detail else [info["name"] for info in found]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        folder, name = _split(path)
        with self._folder(folder) as opened:
            found = _info(opened, name, folder)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return found

    def _open(self, path: str, mode: str = "rb", **_: Any) -> io.BufferedIOBase:
        folder, name = _split(path)
        with self._folder(folder) as opened:
            descriptor = os.open(name, READ if mode == "rb" else WRITE, 0o600, dir_fd=opened)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
            if mode == "rb":
                return io.BufferedReader(io.FileIO(descriptor, "rb"))
            os.ftruncate(descriptor, 0)
            return DurableFile(io.FileIO(descriptor, "wb"))
        except BaseException:
            os.close(descriptor)
            raise

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        """Atomic, and still so after a power cut."""
        (folder1, name1), (folder2, name2) = _split(path1), _split(path2)
        with self._folder(folder1) as source, self._folder(folder2) as target:
            os.replace(name1, name2, src_dir_fd=source, dst_dir_fd=target)
            os.fsync(target)

    def rm_file(self, path: str) -> None:
        folder, name = _split(path)
        with self._folder(folder) as opened:
            os.unlink(name, dir_fd=opened)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        made = ""
        for part in filter(None, path.split("/")):
            with self._folder(made) as folder:
                try:
                    os.mkdir(part, 0o700, dir_fd=folder)
                except FileExistsError:
                    if not exist_ok:
                        raise
            made = f"{made}/{part}" if made else part

    @contextmanager
    def _folder(self, path: str) -> Iterator[int]:
        descriptor = os.open(self._top, FOLDER & ~os.O_NOFOLLOW)
        try:
            for part in (*self._parts, *filter(None, path.split("/"))):
                below = os.open(part, FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)


class DurableFile(io.BufferedWriter):
    """A file whose content is on the disk once it is closed."""

    def close(self) -> None:
        try:
            if not self.closed:
                self.flush()
                os.fsync(self.fileno())
        finally:
            super().close()


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name


def _info(folder: int, name: str, path: str) -> dict[str, Any] | None:
    """None for what is neither a file nor a folder, links included."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    kind = KINDS.get(stat.S_IFMT(found.st_mode))
    if kind is None:
        return None
    full = f"{path}/{name}" if path else name
    return {"name": full, "type": kind, "size": found.st_size, "mtime": found.st_mtime, "ETag": _version(found)}


def _version(found: os.stat_result) -> str:
    return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"
