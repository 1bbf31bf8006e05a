"""Bodies that came compressed, unpacked in bounded pieces."""

import zlib
from collections.abc import Iterable, Iterator

from engine.errors import ConfigError, TransientError

PIECE = 1024 * 1024
GREATEST_RATIO = 100
RATIO_FROM = 10 * 1024 * 1024
"""Bytes that may come out at any ratio: a short text of one letter is no bomb."""

GZIP = zlib.MAX_WBITS | 16


def gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The content of gzip, one member or several, in pieces of at most 1 MiB.

    Raises ConfigError `compression_bomb`, `invalid_compression`; TransientError `truncated_response`.
    """
    member = zlib.decompressobj(GZIP)
    packed = unpacked = 0
    for chunk in chunks:
        packed += len(chunk)
        rest = chunk
        while rest:
            if member.eof:
                member = zlib.decompressobj(GZIP)
            piece = _next_piece(member, rest)
            rest = member.unconsumed_tail or member.unused_data
            unpacked += len(piece)
            if unpacked > RATIO_FROM and unpacked > packed * GREATEST_RATIO:
                raise ConfigError("The answer unpacks to far more than it says.", code="compression_bomb")
            if piece:
                yield piece
    if not member.eof and (rest := member.flush()):
        yield rest
    if packed and not member.eof:
        raise TransientError("The answer ended in the middle.", code="truncated_response")


def _next_piece(member: "zlib._Decompress", data: bytes) -> bytes:
    try:
        return member.decompress(data, PIECE)
    except zlib.error as error:
        raise ConfigError("The answer is not compressed as it says.", code="invalid_compression") from error
