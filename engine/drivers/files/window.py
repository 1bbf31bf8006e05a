"""A remote file to read and seek in, asked for in windows that grow while they are read to their end."""

import io
from collections.abc import Callable, Generator
from typing import Any

from engine.errors import TransientError

Chunks = Generator[bytes, None, None]
Fetch = Callable[[int, int | None], Chunks]
"""The bytes from a place up to another one, left out itself, or to the end."""

SMALLEST = 1024 * 1024
LARGEST = 64 * 1024 * 1024
LEAP = 256 * 1024
"""Bytes that are rather read than leapt over with a new request."""
ATTEMPTS = 3
AGAIN = frozenset({"connection_lost", "timed_out"})


class WindowedFile(io.RawIOBase):
    """A file read on end costs few requests, one read here and there few bytes too many.

    `attempts`: how often a request that brought nothing is made again. `whole`: the source cannot stop by itself, so
    each request goes to the end.
    """

    def __init__(self, fetch: Fetch, size: int | None, *, attempts: int = ATTEMPTS, whole: bool = False) -> None:
        self._fetch = fetch
        self._size = size
        self._attempts = attempts
        self._whole = whole
        self._at = 0
        self._window = SMALLEST
        self._chunks: Chunks | None = None
        self._rest = memoryview(b"")
        self._end: int | None = 0
        self._failures = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._size is not None

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if self._size is None:
            raise io.UnsupportedOperation("The size of the file is not known.")
        target = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        ahead = target - self._at
        if 0 < ahead <= LEAP:
            while ahead and (passed := len(self.read(ahead) or b"")):
                ahead -= passed
        elif ahead:
            self._drop()
            self._window = SMALLEST
        self._at = target
        return target

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(self._next_chunk())
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self._at += count
        return count

    def close(self) -> None:
        self._drop()
        super().close()

    def _next_chunk(self) -> bytes:
        while self._size is None or self._at < self._size:
            if self._chunks is None:
                self._chunks = self._next_window()
            try:
                chunk = next(self._chunks, b"")
            except TransientError as error:
                self._drop()
                self._failures += 1
                if self._failures >= self._attempts or error.code not in AGAIN:
                    raise
                continue
            self._failures = 0
            if chunk:
                return chunk
            if self._size is None:
                break
            if self._end is None or self._at < self._end:
                raise TransientError("The file ended before its size says so.", code="file_changed")
            self._drop()
        return b""

    def _next_window(self) -> Chunks:
        self._end = None if self._whole or self._size is None else min(self._at + self._window, self._size)
        self._window = min(self._window * 2, LARGEST)
        return self._fetch(self._at, self._end)

    def _drop(self) -> None:
        chunks, self._chunks, self._rest = self._chunks, None, memoryview(b"")
        if chunks is not None:
            chunks.close()
