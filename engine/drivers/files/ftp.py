"""Files on FTP servers, with TLS unless it is switched off."""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from engine.contract import Field, Spec
from engine.drivers.files import paths, store_fields
from engine.drivers.files.remote import Info, RemoteDriver, RemoteFileSystem
from engine.drivers.files.window import Chunks
from engine.toolkit import fields, ftp, tls
from engine.toolkit.ftp import Ftp
from engine.toolkit.ftp_sessions import Sessions

PORT = Field("port", "Port", type="integer", bound=True, help="Empty: 21, or 990 with implicit TLS.")
USER = Field("user", "User", default="anonymous", bound=True)
TLS = Field(
    "tls",
    "TLS",
    type="choice",
    default="explicit",
    choices=("explicit", "implicit", "off"),
    bound=True,
    help="explicit: on the usual port; off: the password and the files can be read on the way.",
)
FIELDS = (store_fields.HOST, PORT, USER, store_fields.PASSWORD, TLS, fields.AUTHORITY, store_fields.FOLDER)

KINDS = {"file": "file", "dir": "directory"}


class FtpFileSystem(RemoteFileSystem):
    windows = False

    def __init__(self, connect: Callable[[], Ftp], root: str = "") -> None:
        """`connect`: opens another session, since one can do a single thing at a time."""
        super().__init__(root)
        self._sessions = Sessions(connect)

    def entries(self, place: str) -> Iterator[Info]:
        try:
            with self._sessions.one() as client:
                lines = list(client.lines(f"MLSD {place}".rstrip()))
        except NotImplementedError:
            yield from self._by_names(place)
            return
        for line in lines:
            with suppress(UnicodeDecodeError):
                told, _, name = line.decode().partition(" ")
                if info := _info(told):
                    yield {**info, "name": name}

    def attributes(self, place: str) -> Info:
        try:
            return self._file(place)
        except FileNotFoundError:
            if not self._is_folder(place):
                raise
            return {"type": "directory", "size": None}

    def fetch(self, place: str, info: Info, start: int, end: int | None) -> Chunks:  # noqa: ARG002 (none has an end)
        with self._sessions.one() as client:
            yield from client.chunks(f"RETR {place}", start)

    def upload(self, place: str) -> io.RawIOBase:
        return Upload(self._sessions, place)

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        """Atomic where the server replaces a file by itself; elsewhere there is a moment without one."""
        source, target = self.place(path1), self.place(path2)
        try:
            with self._sessions.one() as client:
                client.rename(source, target)
        except OSError:
            self._file(source)  # nothing is removed for a file that is not there
            self._file(target)
            with self._sessions.one() as client:
                client.delete(target)
                client.rename(source, target)

    def rm_file(self, path: str) -> None:
        with self._sessions.one() as client:
            client.delete(self.place(path))

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        self.place(path)
        names = path.split("/")
        for count in range(1, len(names) + 1):
            place = self.place("/".join(names[:count]))
            try:
                with self._sessions.one() as client:
                    client.mkd(place)
            except OSError:
                if not self._is_folder(place) or (count == len(names) and not exist_ok):
                    raise

    def is_open(self) -> bool:
        return self._sessions.is_open

    def hang_up(self) -> None:
        self._sessions.hang_up()

    def close(self) -> None:
        self._sessions.close()

    def _by_names(self, place: str) -> Iterator[Info]:
        """For servers that list for people only: each name is asked about."""
        with self._sessions.one() as client:
            lines = list(client.lines(f"NLST {place}".rstrip()))
        for line in lines:
            with suppress(UnicodeDecodeError, FileNotFoundError):
                name = line.decode().removeprefix(f"{place}/")
                if paths.is_name(name):
                    yield {**self.attributes(f"{place}/{name}" if place else name), "name": name}

    def _file(self, place: str) -> Info:
        with self._sessions.one() as client:
            client.voidcmd("TYPE I")
            size = client.size(place)
        modified = None
        with suppress(OSError, NotImplementedError), self._sessions.one() as client:
            modified = _moment(client.sendcmd(f"MDTM {place}")[4:])
        return {"type": "file", "size": size, "mtime": modified}

    def _is_folder(self, place: str) -> bool:
        with self._sessions.one() as client:
            return client.is_folder(place)


class Upload(io.RawIOBase):
    """A file to be written from its beginning; only a `close` that raises nothing says that all of it arrived."""

    def __init__(self, sessions: Sessions, place: str) -> None:
        self._place = place
        self._at = 0
        self._session = sessions.one()
        self._client = self._session.__enter__()
        self._connection: Any = None
        with self._failing():
            self._connection = self._client.begin_upload(place)

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        with self._failing():
            self._connection.sendall(data)
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        with self._failing():
            self._client.end_upload(self._connection)
            size = self._client.told_size(self._place)
        self._session.__exit__(None, None, None)
        if size not in (None, self._at):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def __del__(self) -> None:
        """Left without being closed: nobody is told that it arrived."""

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if self._connection is not None:
                self._connection.close()
            self._session.__exit__(type(error), error, error.__traceback__)
            raise


class FtpDriver(RemoteDriver):
    spec = Spec("ftp", "FTP and FTPS", "file store", FIELDS)

    def open_filesystem(self) -> FtpFileSystem:
        """Raises ConfigError, CredentialsError or TransientError."""
        mode = fields.text(self.settings, TLS)
        host = fields.text(self.settings, store_fields.HOST)
        port = fields.number({"port": 990 if mode == "implicit" else 21, **_given(self.settings)}, PORT)
        root = store_fields.folder(self.settings)
        context = None if mode == "off" else tls.client_context(fields.text(self.settings, fields.AUTHORITY))
        user, password = fields.text(self.settings, USER), self._password()

        def connect() -> Ftp:
            client = Ftp(self.surroundings.egress, context, implicit=mode == "implicit")
            try:
                with ftp.connecting(host, port):
                    client.open(host, port, user, password)
            except BaseException:
                client.close()
                raise
            return client

        return FtpFileSystem(connect, root)

    def _password(self) -> str:
        password = fields.text(self.secrets, store_fields.PASSWORD)
        if paths.CONTROL.search(password) or paths.CONTROL.search(fields.text(self.settings, USER)):
            raise fields.invalid(store_fields.PASSWORD)
        return password


def _given(settings: Any) -> dict[str, Any]:
    return {} if settings.get("port") in (None, "") else {"port": settings["port"]}


def _info(told: str) -> Info | None:
    """Of the facts of a listing; None for what is neither a file nor a folder."""
    facts = dict(fact.lower().partition("=")[::2] for fact in told.split(";") if fact)
    kind = KINDS.get(facts.get("type", ""))
    size = facts.get("size", "")
    if kind is None:
        return None
    return {
        "type": kind,
        "size": int(size) if size.isdecimal() else None,
        "mtime": _moment(facts.get("modify", "")),
    }


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
