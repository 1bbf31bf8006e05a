"""Files on SFTP servers, whose key must be known."""

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import paramiko

from engine.contract import Field, Spec
from engine.drivers.files import paths, store_fields
from engine.drivers.files.remote import Info, RemoteDriver, RemoteFileSystem
from engine.drivers.files.window import Chunks
from engine.toolkit import fields, ssh
from engine.toolkit.sftp import Sftp, open_channel

PORT = fields.port(22)
HOST_KEY = Field(
    "host_key",
    "Host key",
    type="text",
    bound=True,
    help="The server's public keys as in known_hosts, or their SHA256 fingerprints, one a line. Without any, a check "
    "shows the fingerprint that the server presents.",
)
PRIVATE_KEY = Field("private_key", "Private key", type="text", secret=True, help="In OpenSSH's format or PEM.")
PASSPHRASE = Field("passphrase", "Passphrase of the private key", type="password", secret=True)
FIELDS = (
    store_fields.HOST,
    PORT,
    store_fields.USER,
    store_fields.PASSWORD,
    PRIVATE_KEY,
    PASSPHRASE,
    HOST_KEY,
    store_fields.FOLDER,
)

KINDS = {stat.S_IFDIR: "directory", stat.S_IFREG: "file"}
UNSURE = frozenset({errno.ENOTSUP, errno.EIO, errno.EEXIST})
"""What servers say that cannot rename over a file."""


class SftpFileSystem(RemoteFileSystem):
    def __init__(self, client: Sftp, root: str = "") -> None:
        super().__init__(root)
        self._client = client

    def entries(self, place: str) -> Iterator[Info]:
        folder = place or "."
        for spelt, attributes in self._client.names(folder):
            # Names in no known letters, and links that lead nowhere, cannot be opened either.
            with suppress(UnicodeDecodeError, FileNotFoundError, PermissionError):
                name = spelt.decode()
                is_link = paths.is_name(name) and stat.S_ISLNK(attributes.st_mode or 0)
                yield {**_info(self._client.attributes(f"{folder}/{name}") if is_link else attributes), "name": name}

    def attributes(self, place: str) -> Info:
        return _info(self._client.attributes(place or "."))

    def fetch(self, place: str, info: Info, start: int, end: int | None) -> Chunks:
        return self._client.read_range(place, start, info["size"] if end is None else end)

    def upload(self, place: str) -> io.RawIOBase:
        return self._client.upload(place)

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        """Atomic where the server knows how to replace a file; elsewhere there is a moment without one."""
        source, target = self.place(path1), self.place(path2)
        try:
            self._client.change("posix_rename", source, target)
        except OSError as error:
            if error.errno not in UNSURE:
                raise
            self.info(path1)  # nothing is removed for a file that is not there
            with suppress(FileNotFoundError):
                self._client.change("remove", target)
            self._client.change("rename", source, target)

    def rm_file(self, path: str) -> None:
        self._client.change("remove", self.place(path))

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        self.place(path)
        names = path.split("/")
        for count in range(1, len(names) + 1):
            folder = "/".join(names[:count])
            try:
                self._client.change("mkdir", self.place(folder))
            except OSError:
                if not self.isdir(folder) or (count == len(names) and not exist_ok):
                    raise

    def is_open(self) -> bool:
        return self._client.is_active()

    def hang_up(self) -> None:
        self._client.hang_up()


class SftpDriver(RemoteDriver):
    spec = Spec("sftp", "SFTP", "file store", FIELDS)

    def open_filesystem(self) -> SftpFileSystem:
        """Raises ConfigError, CredentialsError or TransientError, as `ssh.open_session` does."""
        host, port = fields.text(self.settings, store_fields.HOST), fields.number(self.settings, PORT)
        root = store_fields.folder(self.settings)
        login = ssh.Login(
            user=fields.text(self.settings, store_fields.USER),
            password=fields.text(self.secrets, store_fields.PASSWORD),
            private_key=fields.text(self.secrets, PRIVATE_KEY),
            passphrase=fields.text(self.secrets, PASSPHRASE),
        )
        host_keys = ssh.HostKeys.of(fields.text(self.settings, HOST_KEY))
        session = ssh.open_session(self.surroundings.egress, host, port, host_keys, login)
        try:
            return SftpFileSystem(open_channel(session), root)
        except BaseException:
            session.close()
            raise


def _info(attributes: paramiko.SFTPAttributes) -> Info:
    """Raises FileNotFoundError for what is neither a file nor a folder."""
    # A server that does not tell of a kind has files alone.
    kind = KINDS.get(stat.S_IFMT(attributes.st_mode or stat.S_IFREG))
    if kind is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return {"type": kind, "size": attributes.st_size, "mtime": attributes.st_mtime}
