"""A line to a server that a test can slow down, freeze or lose at any moment."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from urllib.parse import urlsplit


class Manner(StrEnum):
    """`HANG` keeps what is said for later, `LOSE` loses it as a line to a machine that is gone does, `DRIP` gives one
    byte of the answers a second, `REFUSE` closes new connections at once."""

    CARRY = "carry"
    HANG = "hang"
    LOSE = "lose"
    DRIP = "drip"
    REFUSE = "refuse"


class Proxy:
    """Carries connections to a server at (host, port), or at the path of a socket; listens at `port`."""

    def __init__(self, server: tuple[str, int] | str) -> None:
        self.server = server
        self.manner = Manner.CARRY
        self.connections = 0
        self.answered = 0
        """Bytes that came back from the server."""
        self._change: tuple[int, Manner] | None = None
        self._words = b""
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def change_after(self, answered: int, manner: Manner) -> None:
        """Changes the manner when so many bytes more have been answered."""
        self._change = (self.answered + answered, manner)

    def hang_at(self, words: bytes) -> None:
        """Hangs when the server answers with these words, which nobody hears any more."""
        self._words = words

    def cut(self) -> None:
        """Ends every connection that there is."""
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.manner = Manner.CARRY
        self._listener.close()
        self.cut()

    def _listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                if self.manner is Manner.REFUSE:
                    client.close()
                    continue
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with suppress(OSError), client, self._dial() as server:
            self._open += [client, server]
            answers = threading.Thread(target=self._carry_one_way, args=(server, client), daemon=True)
            answers.start()
            self._carry_one_way(client, server, is_answer=False)
            answers.join()

    def _dial(self) -> socket.socket:
        if isinstance(self.server, tuple):
            return socket.create_connection(self.server)
        line = socket.socket(socket.AF_UNIX)
        line.connect(self.server)
        return line

    def _carry_one_way(self, source: socket.socket, target: socket.socket, *, is_answer: bool = True) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_answer:
                    self._look_at(data)
                while self.manner is Manner.HANG:
                    time.sleep(0.02)
                if self.manner is Manner.DRIP and is_answer:
                    self._drip(data, target)
                elif self.manner is not Manner.LOSE:
                    target.sendall(data)
        while self.manner in {Manner.HANG, Manner.LOSE}:  # nor does anybody hear that a side has gone
            time.sleep(0.02)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _drip(self, data: bytes, target: socket.socket) -> None:
        for place in range(len(data)):
            if self.manner is not Manner.DRIP:
                target.sendall(data[place:])
                return
            target.sendall(data[place : place + 1])
            time.sleep(1)

    def _look_at(self, data: bytes) -> None:
        self.answered += len(data)
        if self._change is not None and self.answered >= self._change[0]:
            self.manner, self._change = self._change[1], None
        if self._words and self._words in data:
            self.manner, self._words = Manner.HANG, b""


@contextmanager
def proxy_to(server: tuple[str, int] | str) -> Iterator[Proxy]:
    proxy = Proxy(server)
    try:
        yield proxy
    finally:
        proxy.close()


def place_of(url: str) -> tuple[str, int]:
    """Where the PostgreSQL of an address listens."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 5432


def server_of(settings: Mapping[str, str]) -> tuple[str, int] | str:
    """Where the database of Django's settings listens."""
    host, port = settings["HOST"], int(settings["PORT"] or 5432)
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
