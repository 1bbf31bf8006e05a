"""Request bodies as granian hands them over."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
CHUNK_BYTES = 64 * 1024
DRAINED_BODIES = 10
"""So many times the permitted size is read of a body that is too large, so that its sender hears the answer."""


def with_lengths(application: Application, *, limit: int) -> Application:
    """Gives chunked bodies a length, without which Django reads nothing of them.

    One that is larger than `limit` is read and thrown away; its length makes the middleware answer 413.
    """

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "chunked" in environ.pop("HTTP_TRANSFER_ENCODING", "").lower():
            body, length = _read(environ["wsgi.input"], limit)
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(length)
        return application(environ, start_response)

    return respond


def _read(stream: Any, limit: int) -> tuple[bytes, int]:
    """What the stream holds, b"" if it is more than `limit`, and how much was read of it."""
    kept, length = bytearray(), 0
    while length <= limit * DRAINED_BODIES and (chunk := stream.read(CHUNK_BYTES)):
        length += len(chunk)
        if length <= limit:
            kept += chunk
    return (bytes(kept), length) if length <= limit else (b"", length)
