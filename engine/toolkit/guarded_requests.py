"""The `requests` library, for clients that bring it, bound to one address that was judged."""

from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from engine.errors import ConfigError

PORTS = {"http": 80, "https": 443}


class OneAddress(HTTPAdapter):
    """Speaks to one host, at one address of it. A server may tell its client where to go on: nowhere else."""

    def __init__(self, host: str, port: int, address: str, context: SSLContext | None) -> None:
        self._host = host.lower()
        self._port = port
        self._address = f"[{address}]" if ":" in address else address
        self._context = context
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        if self._context is not None:
            options |= {"ssl_context": self._context, "server_hostname": self._host}
        super().init_poolmanager(*arguments, **options)

    def cert_verify(self, *arguments: Any, **options: Any) -> None:
        """The context says whom to trust; the library would trust its own list besides."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Raises ConfigError `destination_not_allowed` for another host or port."""
        asked = urlsplit(request.url or "")
        port = asked.port or PORTS.get(asked.scheme)
        if (asked.hostname, port) != (self._host, self._port) or (asked.scheme == "https") != bool(self._context):
            raise ConfigError("The server refers to another destination.", code="destination_not_allowed")
        request.url = asked._replace(netloc=f"{self._address}:{self._port}").geturl()
        request.headers["Host"] = asked.netloc.rpartition("@")[2]
        return super().send(request, *arguments, **options)


def session(host: str, port: int, address: str, context: SSLContext | None) -> requests.Session:
    """A session for this host alone; without a context, not encrypted. Takes nothing from the environment."""
    opened = requests.Session()
    opened.trust_env = False
    for scheme in PORTS:
        opened.mount(f"{scheme}://", OneAddress(host, port, address, context))
    return opened
