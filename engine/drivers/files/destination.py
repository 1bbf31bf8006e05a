"""What a file that is written is called: when it is whole, and before."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from engine.contract import Lineage, Mode, Target
from engine.drivers.files import paths
from engine.errors import ConfigError, FenceLost

LONGEST_NAME = 180
"""Bytes: as many again are left for what stands behind a name until its file is whole."""
JOB = "{job}"


class Destination:
    """`path` is the final one, `part` where the file grows. In names, `{date}` and `{time}` stand for those of the
    job's beginning in UTC, `{job}` for what tells its files from all others. What is appended has `{job}` in its name
    whether it is asked for or not, so that no run overwrites another's file. Raises ConfigError."""

    def __init__(self, target: Target, lineage: Lineage) -> None:
        if paths.is_pattern(paths.parts_of(target.table)):
            raise ConfigError("A file that is written has no *, ? or [ in its name.", code="path_not_allowed")
        *folders, name = paths.parts_of(target.table)
        if target.mode is Mode.APPEND and JOB not in name:
            name = _with_job(name)
        self._tag = hashlib.blake2b(f"{lineage.step} {lineage.stream}".encode(), digest_size=4).hexdigest()
        self._job, self._fence = lineage.job, lineage.fence
        moment = (lineage.begun_at or datetime.now(UTC)).astimezone(UTC)
        words = {JOB: f"{lineage.job}-{self._tag}", "{date}": f"{moment:%Y-%m-%d}", "{time}": f"{moment:%H%M%S}"}
        self.folder, self.name = "/".join(_filled(part, words) for part in folders), _filled(name, words)
        if len(self.name.encode()) > LONGEST_NAME:
            raise ConfigError(f"The name of the file has more than {LONGEST_NAME} bytes.", code="name_too_long")
        self.path = self.beside(self.name)
        self.part = self.beside(f"{self.name}.{self._tag}.{lineage.job}-{lineage.fence}.part")
        self._parts = re.compile(rf"\.{self._tag}\.([^.]+)-(\d+)\.part$")

    def beside(self, name: str) -> str:
        return f"{self.folder}/{name}" if self.folder else name

    def leftovers(self, names: Sequence[str]) -> list[str]:
        """Of the names in its folder, those of files that attempts before this one, or other runs of the step, left
        unfinished. Raises FenceLost where a later attempt has begun."""
        found = []
        for name in names:
            match = self._parts.search(name)
            if match is None or self.beside(name) == self.part:
                continue
            if match[1] == self._job and int(match[2]) > self._fence:
                raise FenceLost("A later attempt of the same job writes this file.")
            found.append(self.beside(name))
        return found


def _with_job(name: str) -> str:
    """Before the endings: orders.csv.gz becomes orders-{job}.csv.gz."""
    stem, dot, endings = name.partition(".") if not name.startswith(".") else (name, "", "")
    return f"{stem}-{JOB}{dot}{endings}"


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text
