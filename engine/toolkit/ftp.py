"""FTP over sockets that the guard connected, control and data alike; TLS with a certificate that is believed."""

import errno
import ftplib
import io
import os
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from socket import SHUT_RDWR, socket
from typing import Any

from engine.errors import ConfigError, CredentialsError, TransientError
from engine.toolkit.egress import Egress, unreachable

CONNECT_SECONDS = 10
READ_SECONDS = 30
ANSWER_SECONDS = 60
LONGEST_LISTING = 64 * 1024 * 1024
MOST_LINES = 1_000
"""Of one answer."""
PIECE = 256 * 1024
MISSING = re.compile("not found|no such|not exist", re.IGNORECASE)


class Answers(io.RawIOBase):
    """The control connection to read from, with an end to all the waiting for one answer."""

    def __init__(self, connection: socket) -> None:
        self._connection = connection
        self.end = time.monotonic() + ANSWER_SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(min(left, READ_SECONDS))
        return self._connection.recv_into(buffer)


class Ftp(ftplib.FTP):
    """`context`: of TLS, or None for none; `implicit`: TLS from the first byte.

    Raises the errors of ftplib and OSErrors; `translated` makes EngineErrors of them.
    """

    def __init__(self, egress: Egress, context: ssl.SSLContext | None, *, implicit: bool = False) -> None:
        super().__init__(encoding="utf-8")
        self._egress = egress
        self._context = context
        self._implicit = implicit
        self._data: socket | None = None
        self._lines = 0

    def open(self, host: str, port: int, user: str, password: str) -> None:
        self.host = host
        self.sock = self._egress.connect(host, port, CONNECT_SECONDS)
        self._address = self.sock.getpeername()[0]
        self.af = self.sock.family
        if self._context is not None and self._implicit:
            self._encrypt()
        self._listen()
        self.welcome = self.getresp()
        if self._context is not None and not self._implicit:
            self.voidcmd("AUTH TLS")
            self._encrypt()
            self._listen()
        self._sign_in(user, password)

    def lines(self, command: str) -> Iterator[bytes]:
        """A listing, line by line."""
        content = bytearray()
        for chunk in self.chunks(command):
            content += chunk
            if len(content) > LONGEST_LISTING:
                raise ConfigError("The server lists more than can be taken.", code="too_many_files")
        return iter(bytes(content).splitlines())

    def chunks(self, command: str, start: int = 0) -> Iterator[bytes]:
        """What a command sends, from a place on where it is not 0."""
        connection = self._begin(command, start)
        try:
            while chunk := connection.recv(PIECE):
                yield chunk
        except BaseException:
            # The rest would come, and be taken for an answer.
            self.hang_up()
            raise
        finally:
            self._end(connection)
        self.voidresp()

    def begin_upload(self, path: str) -> socket:
        return self._begin(f"STOR {path}", 0)

    def end_upload(self, connection: socket) -> None:
        if isinstance(connection, ssl.SSLSocket):
            with suppress(OSError):  # the answer tells whether all of it arrived
                connection.unwrap()
        self._end(connection)
        self.voidresp()

    def is_folder(self, path: str) -> bool:
        here = self.pwd()
        try:
            self.cwd(path or ".")
        except ftplib.error_perm:
            return False
        self.cwd(here)
        return True

    def told_size(self, path: str) -> int | None:
        """None where the server tells no sizes."""
        try:
            return self.size(path)
        except ftplib.error_perm:
            return None

    def is_open(self) -> bool:
        return self.sock is not None

    def hang_up(self) -> None:
        """Ends every wait; may be called from another thread."""
        for connection in (self.sock, self._data):
            if connection is not None:
                with suppress(OSError):
                    socket.shutdown(connection, SHUT_RDWR)

    def getline(self) -> str:
        self._lines += 1
        try:
            if self._lines > MOST_LINES:
                raise ftplib.error_proto  # noqa: S321, RUF100 (an error, no connection)
            return super().getline()
        except BaseException:
            self.close()  # whatever comes now is no answer to the next command
            raise

    def putline(self, line: str) -> None:
        if self.sock is None:
            raise EOFError
        self._answers.end = time.monotonic() + ANSWER_SECONDS
        self._lines = 0
        super().putline(line)

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket, int | None]:
        _, port = self.makepasv()
        # Whatever host the server names, its data comes from where it is itself.
        connection = self._egress.connect(self._address, port, CONNECT_SECONDS)
        try:
            connection.settimeout(READ_SECONDS)
            if rest:
                self.sendcmd(f"REST {rest}")
            answer = self.sendcmd(cmd)
            if answer[0] == "2":
                answer = self.getresp()
            if answer[0] != "1":
                raise ftplib.error_reply(answer)  # noqa: S321 (an error, no connection)
            return self._encrypted(connection), None
        except BaseException:
            connection.close()
            raise

    def _begin(self, command: str, start: int) -> socket:
        self.voidcmd("TYPE I")
        self._data, _ = self.ntransfercmd(command, start)
        return self._data

    def _end(self, connection: socket) -> None:
        self._data = None
        connection.close()

    def _encrypt(self) -> None:
        assert self._context is not None
        assert self.sock is not None
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)

    def _encrypted(self, connection: socket) -> socket:
        if self._context is None:
            return connection
        # Many servers ask that the data's session be the control's.
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        try:
            return self._context.wrap_socket(connection, server_hostname=self.host, session=session)
        except ssl.SSLError as error:
            raise ConfigError("The server gives its data without the TLS agreed on.", code="tls_failed") from error

    def _listen(self) -> None:
        assert self.sock is not None
        self._answers = Answers(self.sock)
        self.file = io.TextIOWrapper(
            io.BufferedReader(self._answers), "utf-8", errors="surrogateescape", newline="\r\n"
        )

    def _sign_in(self, user: str, password: str) -> None:
        try:
            answer = self.sendcmd(f"USER {user}")
            if answer[0] == "3":
                answer = self.sendcmd(f"PASS {password}")
        except ftplib.error_perm as error:
            raise CredentialsError("The server refused the user or the password.") from error
        if answer[0] != "2":
            raise CredentialsError("The server asks for more than a user and a password.")
        if self._context is not None:
            # With TLS from the first byte the data has it anyway, and some servers know no other words for it.
            with suppress(ftplib.error_perm) if self._implicit else nullcontext():
                self.voidcmd("PBSZ 0")
                self.voidcmd("PROT P")


@contextmanager
def connecting(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        raise ConfigError(f"{host}:{port} did not agree to the TLS settings.", code="tls_failed") from error
    except ftplib.error_perm as error:
        raise ConfigError(f"{host}:{port} does not offer TLS in this way.", code="tls_failed") from error
    except (ftplib.Error, UnicodeError, ValueError) as error:
        raise ConfigError(f"{host}:{port} does not speak FTP as it should.", code="wrong_protocol") from error
    except TimeoutError as error:
        raise _timed_out() from error
    except (OSError, EOFError) as error:
        raise unreachable(host, port) from error


@contextmanager
def translated() -> Iterator[None]:
    """What may happen once the connection stands. What the server says of a file stays `ftplib.error_perm`, or
    is FileNotFoundError."""
    try:
        yield
    except TimeoutError as error:
        raise _timed_out() from error
    except (ftplib.error_temp, ftplib.error_reply) as error:
        if MISSING.search(str(error)):  # some servers hope that it will come
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from error
        raise TransientError("The server cannot do this now.", code="unavailable") from error
    except ftplib.error_proto as error:
        raise ConfigError("The server does not speak FTP as it should.", code="wrong_protocol") from error
    except (OSError, EOFError) as error:
        raise TransientError("The connection to the server was lost.", code="connection_lost") from error


def _timed_out() -> TransientError:
    return TransientError("The server did not answer in time.", code="timed_out")
