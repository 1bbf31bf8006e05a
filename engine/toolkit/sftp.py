"""SFTP with many requests on their way at once, and answers taken in any order."""

import errno
import io
import os
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import paramiko
from paramiko import sftp as protocol
from paramiko.sftp_attr import SFTPAttributes

from engine.errors import ConfigError, EngineError
from engine.toolkit import ssh
from engine.toolkit.watchdog import ended_after

PIECE = 32 * 1024
"""Bytes of a request: more is refused by some servers."""
AT_ONCE = 64
WINDOW = 4 * 1024 * 1024
ASK_SECONDS = 60
MOST_NAMES = 10_000
"""That an answer may hold: a packet has no room for more."""

WRITE = protocol.SFTP_FLAG_WRITE | protocol.SFTP_FLAG_CREATE | protocol.SFTP_FLAG_TRUNC
ERRORS = {
    2: errno.ENOENT, 3: errno.EACCES, 8: errno.ENOTSUP, 10: errno.ENOENT, 11: errno.EEXIST, 12: errno.EROFS,
    14: errno.ENOSPC, 15: errno.EDQUOT, 19: errno.ENOTDIR, 24: errno.EISDIR,
}  # fmt: skip
"""What the numbers of the protocol's versions mean; where there is only "failure", some servers say it in words."""
WORDS = {"no space": errno.ENOSPC, "quota": errno.EDQUOT, "exist": errno.EEXIST, "not empty": errno.ENOTEMPTY}


class Answers:
    """Keeps what the server answers to some requests, by the number of each."""

    def __init__(self) -> None:
        self.arrived: dict[int, tuple[int, paramiko.Message]] = {}

    def _async_response(self, kind: int, message: paramiko.Message, number: int) -> None:
        self.arrived[number] = (kind, message)


def open_channel(transport: paramiko.Transport) -> "Sftp":
    """Raises EngineErrors: ConfigError `wrong_protocol` where the server offers no SFTP."""
    with ended_after(ASK_SECONDS, transport.close), ssh.translated():
        channel = transport.open_session(window_size=WINDOW)
        channel.settimeout(ssh.READ_SECONDS)
        try:
            channel.invoke_subsystem("sftp")
            return Sftp(channel)
        except paramiko.SSHException as error:
            if not transport.is_active():
                raise
            raise ConfigError("The server offers no SFTP to this user.", code="wrong_protocol") from error


class Sftp(paramiko.SFTPClient):  # type: ignore[misc]  # the library has no types
    """One channel of a session. Raises OSError for what the server says of a file, EngineErrors for all else."""

    def names(self, path: str) -> Iterator[tuple[bytes, SFTPAttributes]]:
        """What the server says lies in a folder, as it spells it: not to be trusted."""
        with self._asking():
            handle = self._opened(protocol.CMD_OPENDIR, path)
        try:
            while found := self._next_names(handle):
                yield from found
        finally:
            self.let_go(handle)

    def attributes(self, path: str) -> SFTPAttributes:
        with self._asking():
            return self.stat(path)

    def change(self, act: str, *paths: str) -> None:
        """`act`: the name of one of the client's own calls."""
        with self._asking():
            getattr(self, act)(*paths)

    def read_range(self, path: str, start: int, end: int) -> Generator[bytes, None, None]:
        """The file's bytes from `start` up to `end`, or to its own end where that is nearer."""
        with self._asking():
            handle = self._opened(protocol.CMD_OPEN, path, protocol.SFTP_FLAG_READ, SFTPAttributes())
        try:
            with ssh.translated():
                yield from self._pieces(handle, start, end)
        finally:
            self.let_go(handle)

    def upload(self, path: str) -> "Upload":
        with self._asking():
            return Upload(self, path, self._opened(protocol.CMD_OPEN, path, WRITE, SFTPAttributes()))

    def send(self, answers: Answers, handle: bytes, offset: int, data: bytes) -> int:
        """Begins to write; the number is to be acknowledged."""
        with ssh.translated():
            number: int = self._async_request(answers, protocol.CMD_WRITE, handle, protocol.int64(offset), data)
            return number

    def acknowledge(self, answers: Answers, number: int) -> None:
        with ssh.translated():
            kind, message = self._answer(answers, number)
            if kind != protocol.CMD_STATUS:
                raise paramiko.SFTPError("Expected a status")
            self._convert_status(message)

    def finish(self, handle: bytes, path: str, size: int) -> None:
        """Closes a file that was written. Raises OSError if the server has another size of it."""
        with self._asking():
            with suppress(OSError):  # not every server can
                self._request(protocol.CMD_EXTENDED, "fsync@openssh.com", handle)
            self._request(protocol.CMD_CLOSE, handle)
        if self.attributes(path).st_size not in (None, size):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def let_go(self, handle: bytes) -> None:
        """Closes what was only read, or failed anyway."""
        with suppress(OSError, EngineError), self._asking():
            self._request(protocol.CMD_CLOSE, handle)

    def is_active(self) -> bool:
        channel = self.get_channel()
        return bool(channel is not None and channel.get_transport().is_active() and not channel.closed)

    def hang_up(self) -> None:
        """Ends every wait; may be called from another thread."""
        channel = self.get_channel()
        if channel is not None:
            channel.get_transport().close()

    def _pieces(self, handle: bytes, start: int, end: int) -> Generator[bytes, None, None]:
        answers, asked = Answers(), deque[tuple[int, int, int]]()
        at = start
        while at < end or asked:
            while at < end and len(asked) < AT_ONCE:
                length = min(PIECE, end - at)
                asked.append((self._ask_for(answers, handle, at, length), at, length))
                at += length
            number, offset, length = asked.popleft()
            # A server may send less than was asked for, and only nothing means the end.
            while data := self._data(answers, number):
                yield data
                offset, length = offset + len(data), length - len(data)
                if length <= 0:
                    break
                number = self._ask_for(answers, handle, offset, length)
            else:
                return

    def _ask_for(self, answers: Answers, handle: bytes, offset: int, length: int) -> int:
        number: int = self._async_request(answers, protocol.CMD_READ, handle, protocol.int64(offset), length)
        return number

    def _data(self, answers: Answers, number: int) -> bytes:
        kind, message = self._answer(answers, number)
        if kind == protocol.CMD_STATUS:
            try:
                self._convert_status(message)
            except EOFError:
                return b""
        if kind != protocol.CMD_DATA:
            raise paramiko.SFTPError("Expected data")
        data: bytes = message.get_string()
        return data

    def _answer(self, answers: Answers, number: int) -> tuple[int, paramiko.Message]:
        while number not in answers.arrived:
            self._read_response()
        return answers.arrived.pop(number)

    def _next_names(self, handle: bytes) -> list[tuple[bytes, SFTPAttributes]]:
        with self._asking():
            try:
                kind, message = self._request(protocol.CMD_READDIR, handle)
            except EOFError:
                return []
            if kind != protocol.CMD_NAME:
                raise paramiko.SFTPError("Expected names")
            found = []
            for _ in range(min(message.get_int(), MOST_NAMES)):
                name, _ = message.get_string(), message.get_string()
                found.append((name, _attributes(message)))
            return found

    def _opened(self, kind: int, *arguments: Any) -> bytes:
        answer, message = self._request(kind, *arguments)
        if answer != protocol.CMD_HANDLE:
            raise paramiko.SFTPError("Expected a handle")
        handle: bytes = message.get_binary()
        return handle

    def _convert_status(self, message: paramiko.Message) -> None:
        code, words = message.get_int(), message.get_string().decode(errors="replace").lower()
        if code == protocol.SFTP_OK:
            return
        if code == protocol.SFTP_EOF:
            raise EOFError
        number = ERRORS.get(code) or next((found for word, found in WORDS.items() if word in words), errno.EIO)
        raise OSError(number, os.strerror(number))

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """For requests that are answered at once, or not at all."""
        with ended_after(ASK_SECONDS, self.hang_up), ssh.translated():
            yield


def _attributes(message: paramiko.Message) -> SFTPAttributes:
    return SFTPAttributes._from_msg(message)  # noqa: SLF001 (there is no other way to make one)


class Upload(io.RawIOBase):
    """A file to be written from its beginning; only a `close` that raises nothing says that all of it arrived."""

    def __init__(self, sftp: Sftp, path: str, handle: bytes) -> None:
        self._sftp = sftp
        self._path = path
        self._handle = handle
        self._at = 0
        self._answers = Answers()
        self._asked: deque[int] = deque()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        content = memoryview(data).cast("B")
        for start in range(0, len(content), PIECE):
            piece = bytes(content[start : start + PIECE])
            self._asked.append(self._sftp.send(self._answers, self._handle, self._at, piece))
            self._at += len(piece)
            self._settle(AT_ONCE)
        return len(content)

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        try:
            self._settle(0)
        except BaseException:
            self._sftp.let_go(self._handle)
            raise
        self._sftp.finish(self._handle, self._path, self._at)

    def __del__(self) -> None:
        """Left without being closed: nobody is told that it arrived, and nothing more is sent."""

    def _settle(self, left: int) -> None:
        while len(self._asked) > left:
            self._sftp.acknowledge(self._answers, self._asked.popleft())
