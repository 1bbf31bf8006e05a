"""Compressed content, unpacked and packed in bounded pieces."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any, Protocol

from engine.drivers.files.limits import MIB, Limits
from engine.errors import ConfigError
from engine.toolkit.deferred import Deferred

pa: Any = Deferred("pyarrow")

PIECE = MIB
PACKED_PIECE = 64 * 1024
"""Of what is compressed: a bomb is known by what came out of the pieces that were read."""
DICTIONARY = 256 * MIB
"""Memory that an xz stream may ask for."""
COMPRESSIONS = ("none", "gzip", "bzip2", "xz", "zstd", "zip")
ENDINGS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zstd": "zstd", ".zip": "zip"}


class Member(Protocol):
    """A part of a compressed stream that was packed in one go; several may follow each other."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class GzipMember:
    """Gzip by the protocol that the standard library has for the others."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._waiting = b""
        self._is_full = False

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def needs_input(self) -> bool:
        return not self._waiting and not self._is_full

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        found = self._stream.decompress(self._waiting + data, max_length)
        self._waiting = self._stream.unconsumed_tail
        self._is_full = len(found) >= max_length
        return found


MEMBERS: dict[str, Callable[[], Member]] = {
    "gzip": GzipMember,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=DICTIONARY),
}


class Meter:
    """Counts what went in and came out. Raises ConfigError `compression_bomb`, `file_too_large`."""

    def __init__(self, limits: Limits, path: str, packed: int = 0) -> None:
        self._limits = limits
        self._path = path
        self._packed = packed
        self._unpacked = 0

    def into(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._packed += len(chunk)
            yield chunk

    def out_of(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        limits = self._limits
        for piece in pieces:
            self._unpacked += len(piece)
            if self._unpacked > limits.unpacked:
                text = f"{self._path!r} holds more than {limits.unpacked // MIB:,} MiB."
                raise ConfigError(text, code="file_too_large")
            if self._unpacked > limits.ratio_from and self._unpacked > self._packed * limits.ratio:
                text = f"{self._path!r} unpacks to more than {limits.ratio} times its size."
                raise ConfigError(text, code="compression_bomb")
            yield piece


def unpacked(chunks: Iterator[bytes], compression: str, limits: Limits, path: str) -> Iterator[bytes]:
    """The content in pieces of at most 1 MiB, if the chunks are no larger.

    Raises ConfigError `truncated_file`, `invalid_compression`, and as Meter does.
    """
    meter = Meter(limits, path)
    chunks = meter.into(chunks)
    try:
        if compression == "none":
            yield from meter.out_of(chunks)
        elif compression == "zstd":
            yield from meter.out_of(_zstd(chunks, path))
        else:
            yield from meter.out_of(_members(chunks, MEMBERS[compression], path))
    except (zlib.error, lzma.LZMAError) as error:
        raise _misnamed(path) from error


def _members(chunks: Iterator[bytes], new: Callable[[], Member], path: str) -> Iterator[bytes]:
    member = new()
    for chunk in chunks:
        data = chunk
        while True:
            if member.eof:
                if not data.strip(b"\0"):  # tapes and some tools fill up with zeros
                    break
                member = new()
            if piece := _piece(member, data, path):
                yield piece
            data = member.unused_data if member.eof else b""
            if not data and (member.eof or member.needs_input):
                break
    if not member.eof:
        raise truncated(path)


def _piece(member: Member, data: bytes, path: str) -> bytes:
    try:
        return member.decompress(data, PIECE)
    except OSError as error:  # of bzip2
        raise _misnamed(path) from error


def _zstd(chunks: Iterator[bytes], path: str) -> Iterator[bytes]:
    try:
        with pa.CompressedInputStream(pa.PythonFile(Chunks(chunks), "r"), "zstd") as stream:
            while piece := stream.read(PIECE):
                yield piece
    except (pa.ArrowException, OSError) as error:
        if "runcated" in str(error):
            raise truncated(path) from error
        raise _misnamed(path) from error


def _misnamed(path: str) -> ConfigError:
    return ConfigError(f"{path!r} is not compressed as it says.", code="invalid_compression")


def truncated(path: str) -> ConfigError:
    return ConfigError(f"{path!r} ends in its middle.", code="truncated_file")


class Chunks(io.RawIOBase):
    """An iterator of bytes as a file to be read once, from its beginning."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """As many bytes as asked for, fewer at the end alone: so blocks are the same in every attempt."""
        found = bytearray()
        while size < 0 or len(found) < size:
            if not self._rest:
                chunk = next(self._chunks, None)
                if chunk is None:
                    break
                self._rest = memoryview(chunk)
            wanted = len(self._rest) if size < 0 else size - len(found)
            found += self._rest[:wanted]
            self._rest = self._rest[wanted:]
        return bytes(found)


class Lent(io.BufferedIOBase):
    """A file for somebody who would close it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._file.write(data)


PACKERS: dict[str, Callable[[IO[bytes]], Any]] = {
    "none": Lent,
    "gzip": lambda sink: gzip.GzipFile(fileobj=sink, mode="wb", compresslevel=6, mtime=0),
    "bzip2": partial(bz2.BZ2File, mode="wb"),
    "xz": partial(lzma.LZMAFile, mode="wb"),
    "zstd": lambda sink: pa.CompressedOutputStream(pa.PythonFile(Lent(sink), "w"), "zstd"),
}
"""By compression, a file whose content arrives in the sink packed; closing it does not close the sink."""
