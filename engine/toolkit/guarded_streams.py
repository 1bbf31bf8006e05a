"""Streams for the HTTP client: opened through the guard, ended by a deadline or from another thread."""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

import httpcore2

from engine.errors import TransientError
from engine.toolkit.egress import Egress, unreachable

PIECE = 256 * 1024

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Whatever is waited for within, every wait together ends after so many seconds."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


class Streams(httpcore2.NetworkBackend):
    """Opens connections to judged addresses alone, whatever the name says a moment later."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._backend = httpcore2.SyncBackend()
        self._open: WeakSet[Stream] = WeakSet()
        self._interrupted = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        for address in self._egress.addresses(host, port):
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                opened = self._backend.connect_tcp(address, port, _left(timeout), local_address, socket_options)
                return self.watched(opened)
        raise unreachable(host, port)

    def watched(self, stream: httpcore2.NetworkStream) -> "Stream":
        if self._interrupted:
            stream.close()
            raise TransientError("The request was broken off.", code="interrupted")
        found = Stream(stream, self)
        self._open.add(found)
        return found

    def interrupt(self) -> None:
        """Ends every wait, now and later; may be called from another thread."""
        self._interrupted = True
        for stream in list(self._open):
            stream.shut()


class Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, streams: Streams) -> None:
        self._stream = stream
        self._streams = streams

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In pieces, so that a reader of one byte a second meets the deadline.
        view = memoryview(buffer)
        for start in range(0, len(view), PIECE):
            self._stream.write(view[start : start + PIECE], _left(timeout))  # type: ignore[arg-type]

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return self._streams.watched(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()

    def shut(self) -> None:
        # The plain socket's way: one under TLS would forget its keys while another thread reads.
        with suppress(OSError):
            socket.socket.shutdown(self._stream.get_extra_info("socket"), socket.SHUT_RDWR)


def _left(timeout: float | None) -> float | None:
    end = _deadline.get()
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("The deadline is over.")
    return left if timeout is None else min(left, timeout)
