"""A web application that tells how long a body it was given, behind the same door as the real one."""

from collections.abc import Callable
from typing import Any

from config.bodies import with_lengths

LIMIT = 100_000


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{length} {len(body)}".encode()]


application = with_lengths(echo, limit=LIMIT)
