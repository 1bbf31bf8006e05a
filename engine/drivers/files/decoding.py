"""Text of any encoding as UTF-8, and nothing in it longer than a line may be."""

import codecs
from collections.abc import Iterator

from engine.drivers.files.blocks import Unit
from engine.drivers.files.limits import Limits
from engine.drivers.files.options import UTF_8
from engine.errors import ConfigError

BOM = codecs.BOM_UTF8


def lines(unit: Unit, encoding: str, limits: Limits) -> Iterator[bytes]:
    """A unit's text as UTF-8, in pieces. Raises as `utf8` and `short_lines` do."""
    return short_lines(utf8(unit.chunks(), encoding, unit.path), limits, unit.path)


def utf8(chunks: Iterator[bytes], encoding: str, path: str) -> Iterator[bytes]:
    """The same text in UTF-8, without a mark of its byte order. Raises ConfigError `decode_error`, naming the line."""
    is_utf8 = encoding == UTF_8
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    is_first = True
    for chunk in chunks:
        if is_utf8 and is_first:
            chunk = chunk.removeprefix(BOM)  # noqa: PLW2901
        text = _decoded(decoder, chunk, lines, path)
        is_first = False
        lines += text.count("\n")
        if chunk:
            yield chunk if is_utf8 else text.encode()
    _decoded(decoder, b"", lines, path)


def _decoded(decoder: codecs.IncrementalDecoder, chunk: bytes, lines: int, path: str) -> str:
    try:
        return decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError as error:
        line = lines + error.object[: error.start].count(b"\n")
        text = f"Line {line:,} of {path!r} is no text in {error.encoding}."
        raise ConfigError(text, code="decode_error") from None


def short_lines(chunks: Iterator[bytes], limits: Limits, path: str) -> Iterator[bytes]:
    """The chunks as they are. Raises ConfigError `line_too_long` before more than a line may have is held anywhere."""
    lines, open_bytes = 1, 0
    for chunk in chunks:
        end = b"\n" if b"\n" in chunk else b"\r"  # as the oldest Macs ended lines
        first = chunk.find(end)
        longest = open_bytes + (len(chunk) if first < 0 else first)
        if longest > limits.line:
            text = f"Line {lines:,} of {path!r} has more than {limits.line:,} bytes."
            raise ConfigError(text, code="line_too_long")
        open_bytes = longest if first < 0 else len(chunk) - chunk.rfind(end) - 1
        lines += chunk.count(end)
        yield chunk
