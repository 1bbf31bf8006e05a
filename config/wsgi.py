"""The web's way in."""

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

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


def checked(application: Application) -> Application:
    """Raises ImproperlyConfigured when a setting is unsafe: granian asks no system check."""
    import_module("config.checks").refuse()
    return application


application = with_lengths(checked(get_wsgi_application()), limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
