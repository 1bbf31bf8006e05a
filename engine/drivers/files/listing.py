"""What there is in a file store, looked at within bounds and with no trust in what a listing says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.drivers.files import errors, paths
from engine.drivers.files.limits import Limits
from engine.errors import ConfigError

MODIFIED = ("mtime", "modified", "LastModified", "last_modified")
VERSION = ("ETag", "etag", "version_id")
FEW = 1_000
"""Folders, and files of one, that are shown to people."""
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder below the root. `identity` changes when the file's content does, as far as the store tells."""

    path: str
    is_folder: bool
    size: int | None
    modified: datetime | None
    identity: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Listing:
    """`filesystem`: an `fsspec.AbstractFileSystem` that is confined to the root and takes paths below it."""

    def __init__(self, filesystem: Any, limits: Limits) -> None:
        self.filesystem = filesystem
        self._limits = limits

    def file(self, path: str) -> Entry:
        """Raises ConfigError `unknown_file`."""
        with errors.translated(path):
            entry = _entry(path, self.filesystem.info(path))
        if entry.is_folder:
            raise errors.unknown_file(path)
        return entry

    def files(self, parts: Sequence[str]) -> list[Entry]:
        """The file meant, or all that match the pattern, in the order of their paths; at least one.

        Raises ConfigError `unknown_file`, `too_many_files`.
        """
        path = "/".join(parts)
        if not paths.is_pattern(parts):
            return [self.file(path)]
        found = sorted(self._matching(parts), key=lambda entry: entry.path)
        if not found:
            raise errors.unknown_file(path)
        return found

    def _matching(self, parts: Sequence[str]) -> Iterator[Entry]:
        first = next(number for number, part in enumerate(parts) if paths.is_pattern([part]))
        pattern = paths.Pattern(parts[first:])
        for found, entry in enumerate(self._walk("/".join(parts[:first]), pattern), 1):
            if found > self._limits.files:
                text = f"The pattern matches more than {self._limits.files:,} files."
                raise ConfigError(text, code="too_many_files")
            yield entry

    def _walk(self, top: str, pattern: paths.Pattern) -> Iterator[Entry]:
        folders: list[tuple[str, ...]] = [()]
        seen = 0
        while folders:
            below = folders.pop()
            for entry in self.folder("/".join([*([top] if top else []), *below])):
                seen += 1
                if seen > self._limits.entries:
                    text = f"There are more than {self._limits.entries:,} files to look at."
                    raise ConfigError(text, code="too_many_files")
                names = (*below, entry.name)
                if entry.is_folder:
                    if pattern.may_lie_below(names):
                        folders.append(names)
                elif pattern.matches(names):
                    yield entry

    def folder(self, path: str) -> list[Entry]:
        """What lies in a folder, in order; names that are none are left out, and so are files that are being written.

        Raises ConfigError `unknown_folder`.
        """
        return [entry for entry in self._everything(path) if not paths.is_unfinished(entry.name)]

    def unfinished(self, path: str) -> list[str]:
        """The names of the files in a folder that are being written, or were."""
        return [entry.name for entry in self._everything(path) if paths.is_unfinished(entry.name)]

    def _everything(self, path: str) -> list[Entry]:
        with errors.translated(path):
            try:
                told = self.filesystem.ls(path, detail=True)
            except (FileNotFoundError, NotADirectoryError) as error:
                raise ConfigError(f"There is no folder {path!r}.", code="unknown_folder") from error
            except NotImplementedError as error:
                raise ConfigError("This store cannot list its files: name one.", code="unsupported") from error
        found = {}
        for info in told:
            name = str(info["name"]).rstrip("/").removeprefix(f"{path}/" if path else "").removeprefix("/")
            # a listing may lie: only what is a plain name in this very folder is one of its files
            if paths.is_name(name):
                entry = _entry(f"{path}/{name}" if path else name, info)
                found[entry.path] = entry
        return sorted(found.values(), key=lambda entry: entry.path)

    def folders(self) -> list[str]:
        """The folders that a person may choose from, "" for the root itself."""
        found, level = [""], [""]
        for _ in range(DEEPEST):
            level = [entry.path for path in level for entry in self._subfolders(path, FEW - len(found))]
            found += level[: max(0, FEW - len(found))]
            if not level or len(found) >= FEW:
                break
        return sorted(found)

    def _subfolders(self, path: str, most: int) -> list[Entry]:
        try:
            return [entry for entry in self.folder(path) if entry.is_folder][: max(0, most)]
        except ConfigError:
            if not path:
                raise
            return []  # one that may not be looked into


def _entry(path: str, info: dict[str, Any]) -> Entry:
    modified = next((found for name in MODIFIED if (found := _moment(info.get(name))) is not None), None)
    size = info.get("size")
    version = next((str(info[name]) for name in VERSION if info.get(name)), "")
    at = "" if modified is None else modified.isoformat()
    return Entry(path, info.get("type") == "directory", size, modified, version or f"{size} {at}")


def _moment(value: Any) -> datetime | None:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return None
