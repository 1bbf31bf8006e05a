"""One set of embedded servers and where its things lie."""

import hashlib
import os
import secrets
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from config import home
from config.embedded import account
from config.embedded.errors import EmbeddedError

ClusterName = Literal["control", "demo"]
LONGEST_SOCKET = 100
"""Bytes; systems refuse longer paths of sockets somewhere above 103."""


@dataclass(frozen=True)
class Cluster:
    """`control`: PostgreSQL and Valkey for Crossdock itself; `demo`: a PostgreSQL that plays other people's systems."""

    name: ClusterName
    folder: Path
    """Ours alone: locks, logs, and the servers' files unless root's servers need them elsewhere."""
    is_throwaway: bool
    """For tests: speed before durability."""

    @property
    def key(self) -> str:
        return hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]

    @property
    def served(self) -> Path:
        """The servers' folder. For root's servers a pointer remembers it, so that it stays when the checkout moves."""
        if account.servers() is None:
            return self.folder
        return Path(self._pointer.read_text()) if self._pointer.exists() else account.STATE / self.key

    @property
    def sockets(self) -> Path:
        folder = self.served / "run"
        if len(os.fsencode(folder / ".s.PGSQL.5432")) < LONGEST_SOCKET:
            return folder
        return Path("/tmp", f"cd-{self.key}")  # noqa: S108 (TMPDIR may differ between processes that are to meet here)

    def lock(self, name: str) -> Path:
        return self.folder / f"{name}.lock"

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def password(self, of: str) -> str:
        """Made when it is first asked for. Hexadecimal: nothing to escape in SQL, URLs and configuration files."""
        return home.kept(f"{self.name}_{of}_password".upper(), secrets.token_hex)

    @property
    def _pointer(self) -> Path:
        return self.folder / "served-from"

    def make_folders(self) -> None:
        if self.served != self.folder:
            self._claim()
        account.make_folder(self.sockets)
        found = self.sockets.lstat()
        expected, _ = account.servers() or (os.geteuid(), None)
        if found.st_uid != expected or found.st_mode & 0o077:
            raise EmbeddedError(f"{self.sockets} is open to others; the servers' sockets belong there, so remove it.")

    def _claim(self) -> None:
        """Makes the servers' folder outside of ours; what a removed `.crossdock` left behind there is put aside."""
        served, owner = self.served, self.served / "belongs-to"
        account.STATE.mkdir(exist_ok=True)
        account.STATE.chmod(0o711)
        if served.exists() and not self._pointer.exists():
            served.rename(served.with_name(f"{served.name}.left-behind-{int(time.time())}"))
        account.make_folder(served)
        if owner.exists() and owner.read_text() != str(self.folder) and Path(owner.read_text()).exists():
            raise EmbeddedError(
                f"{self.folder} is a copy of {owner.read_text()} and would use the same data in {served}. "
                f"Delete {self._pointer} to start with empty databases."
            )
        owner.write_text(str(self.folder))
        self._pointer.write_text(str(served))


@cache
def here(name: ClusterName) -> Cluster:
    """This checkout's."""
    folder = (home.folder() / name).resolve()
    folder.mkdir(mode=0o700, exist_ok=True)
    return Cluster(name, folder, is_throwaway=os.environ.get("CROSSDOCK_EMBEDDED") == "test")
