"""Names of files and folders, as callers write them and as listings tell them: always below the root."""

import fnmatch
import re
from collections.abc import Iterator, Sequence

from engine.drivers.files import errors
from engine.schema import Table

LONGEST_NAME = 255
LONGEST_PATH = 4_096
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
PATTERN = re.compile(r"[*?\[]")
ANY_FOLDERS = "**"
UNFINISHED = re.compile(r"\.[0-9a-f]{8}\.[^.]+-\d+\.part$")
"""What a writer puts behind the name of a file that is not whole yet; nobody reads those."""


def parts_of(table: Table) -> tuple[str, ...]:
    """The folders and the name, or the pattern, that a caller means. Raises ConfigError `path_not_allowed`."""
    folder = table.schema.rstrip("/")
    path = f"{folder}/{table.name}" if folder else table.name
    if table.catalog or table.schema.startswith("/"):
        raise errors.not_allowed(path)
    return _judged(path)


def folder_parts(folder: str) -> tuple[str, ...]:
    """The same for a folder; () for the root itself."""
    return _judged(folder.rstrip("/")) if folder else ()


def _judged(path: str) -> tuple[str, ...]:
    parts = tuple(path.split("/"))
    if len(path) > LONGEST_PATH or not all(map(is_name, parts)):
        raise errors.not_allowed(path)
    return parts


def is_name(name: str) -> bool:
    """Whether it can be the name of one file or folder, and of nothing else."""
    if name in {"", ".", ".."} or "/" in name or "\\" in name or CONTROL.search(name):
        return False
    try:
        return len(name.encode()) <= LONGEST_NAME
    except UnicodeEncodeError:
        return False


def is_pattern(parts: Sequence[str]) -> bool:
    return any(PATTERN.search(part) for part in parts)


def is_unfinished(name: str) -> bool:
    return UNFINISHED.search(name) is not None


class Pattern:
    """The rest of a path with `*`, `?`, `[…]` in its parts and `**` for any folders, none included."""

    def __init__(self, parts: Sequence[str]) -> None:
        self._parts = tuple(parts)
        self._matchers = [re.compile(fnmatch.translate(part)) for part in parts]

    def matches(self, names: Sequence[str]) -> bool:
        return len(self._parts) in self._reached(names)

    def may_lie_below(self, names: Sequence[str]) -> bool:
        """Whether files under a folder can match."""
        return any(place < len(self._parts) for place in self._reached(names))

    def _reached(self, names: Sequence[str]) -> set[int]:
        """How many of the parts the names may have used up."""
        places = set(self._skipping({0}))
        for name in names:
            ahead = set()
            for place in places:
                if place < len(self._parts):
                    if self._parts[place] == ANY_FOLDERS:
                        ahead.add(place)
                    elif self._matchers[place].match(name):
                        ahead.add(place + 1)
            places = set(self._skipping(ahead))
        return places

    def _skipping(self, places: set[int]) -> Iterator[int]:
        """The places, and those behind any number of `**` that stand there."""
        for place in places:
            yield place
            for further in range(place, len(self._parts)):
                if self._parts[further] != ANY_FOLDERS:
                    break
                yield further + 1
