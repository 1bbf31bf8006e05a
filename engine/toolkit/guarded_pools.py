"""The `urllib3` library, for clients that bring it: pools of connections that stay where they were sent."""

from ssl import SSLContext
from typing import Any

from urllib3 import BaseHTTPResponse, PoolManager


class StayingPool(PoolManager):
    """Follows no redirection, whatever its client asks for: the server would choose where to."""

    # Its parent takes `redirect` in that place, though its parent does not.
    def urlopen(  # type: ignore[override]
        self,
        method: str,
        url: str,
        redirect: bool = True,  # noqa: ARG002
        **options: Any,
    ) -> BaseHTTPResponse:
        return super().urlopen(method, url, redirect=False, **options)


def pool(host: str, context: SSLContext | None) -> StayingPool:
    """For addresses of this host, whose certificates are checked against its name; without a context, not encrypted."""
    if context is None:
        return StayingPool()
    return StayingPool(ssl_context=context, server_hostname=host, assert_hostname=host)
