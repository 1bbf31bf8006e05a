"""The guarded HTTP client: judged addresses alone, every wait bounded, redirects followed with suspicion."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

import httpcore2
import httpx2

from engine.errors import ConfigError, EngineError, TransientError
from engine.toolkit import guarded_streams, tls, urls
from engine.toolkit.decompression import gunzipped
from engine.toolkit.egress import Egress

Found = TypeVar("Found")

CONNECT_SECONDS = 5
READ_SECONDS = 30
DEADLINE_SECONDS = 120
LONGEST_ANSWER = 50 * 1024 * 1024
MOST_REDIRECTS = 5
MOST_CONNECTIONS = 10
IDLE_SECONDS = 30

TIMEOUTS = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS, "pool": READ_SECONDS}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
HARMLESS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Request:
    """`secret_headers` are left behind when a redirect leads to another server; `redirects`: how many are followed (0:
    none); `deadline`: seconds for everything up to the answer's head, and of `send` also its body."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    redirects: int = MOST_REDIRECTS
    deadline: float = DEADLINE_SECONDS


@dataclass(frozen=True, slots=True)
class Answer:
    """`url` is where it came from, behind every redirect."""

    status: int
    headers: httpx2.Headers
    url: str
    body: bytes


class Download:
    """An answer whose body is still to come. It may take as long as it moves: READ_SECONDS without a byte end it."""

    def __init__(self, response: httpcore2.Response, url: httpx2.URL) -> None:
        self._response = response
        self.status = response.status
        self.headers = httpx2.Headers(response.headers)
        self.url = str(url)

    @property
    def length(self) -> int | None:
        """Bytes of the body as it is sent, where the server says so."""
        value = self.headers.get("content-length", "")
        return int(value) if value.isdecimal() else None

    def begins_at(self, start: int) -> bool:
        """Whether this is the part of a file that was asked for. Some stores say so, but not by the status."""
        told = self.headers.get("content-range", "")
        if self.status not in (200, 206):
            return False
        return told.startswith(f"bytes {start}-") if told else self.status == 200 and start == 0

    def raw(self) -> Iterator[bytes]:
        """The body as it is sent."""
        with _translated():
            yield from self._response.iter_stream()

    def chunks(self) -> Iterator[bytes]:
        """The body, unpacked. Raises ConfigError `unexpected_encoding` for what nobody asked for."""
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("gzip", "x-gzip"):
            return gunzipped(self.raw())
        if encoding not in ("", "identity"):
            raise ConfigError("The answer is encoded in a way that was not asked for.", code="unexpected_encoding")
        return self.raw()


class HttpClient:
    """Keeps connections, no cookies. Every call raises EngineErrors only; a status is the caller's to judge.

    `authority`: PEM text to check certificates against, instead of what this system trusts.
    """

    def __init__(self, egress: Egress, *, authority: str = "", name: str = "crossdock") -> None:
        self._name = name
        self._streams = guarded_streams.Streams(egress)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls.client_context(authority),
            max_connections=MOST_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=self._streams,
        )

    def send(self, request: Request, *, most_bytes: int = LONGEST_ANSWER) -> Answer:
        """The whole answer. Raises ConfigError `response_too_large` for more than `most_bytes`, packed or unpacked."""
        with guarded_streams.deadline(request.deadline), self._download(request, "gzip") as download:
            if (download.length or 0) > most_bytes and request.method != "HEAD":
                raise _too_large()
            body = bytearray()
            for chunk in download.chunks():
                body += chunk
                if len(body) > most_bytes:
                    raise _too_large()
            return Answer(download.status, download.headers, download.url, bytes(body))

    @contextmanager
    def stream(self, request: Request) -> Iterator[Download]:
        """The answer's head now, its body as it is asked for. Only within the `with` it can be read."""
        with self._download(request, "identity") as download:
            yield download

    def interrupt(self) -> None:
        """Ends every wait, now and later; may be called from another thread."""
        self._streams.interrupt()

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def _download(self, request: Request, encoding: str) -> Iterator[Download]:
        with guarded_streams.deadline(request.deadline):
            response, url = self._followed(request, encoding)
        try:
            yield Download(response, url)
        finally:
            with suppress(*_BROKEN):
                response.close()

    def _followed(self, request: Request, encoding: str) -> tuple[httpcore2.Response, httpx2.URL]:
        url = urls.checked(request.url)
        response = self._exchanged(request, url, encoding)
        hops = 0
        while (target := _target(response)) is not None:
            response.close()
            hops += 1
            follower = _redirected(request, url, target, hops)
            url, request = httpx2.URL(follower.url), follower
            response = _without_address(lambda: self._exchanged(follower, url, encoding))  # noqa: B023 (called at once)
        return response, url

    def _exchanged(self, request: Request, url: httpx2.URL, encoding: str) -> httpcore2.Response:
        headers = {"User-Agent": self._name, "Accept": "*/*", "Accept-Encoding": encoding}
        with _translated(), _is_http():
            message = httpx2.Request(
                request.method,
                url,
                headers={**headers, **request.headers, **request.secret_headers},
                content=request.body or None,
            )
            return self._pool.handle_request(
                httpcore2.Request(
                    method=message.method,
                    url=httpcore2.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path or b"/"
                    ),
                    headers=message.headers.raw,
                    content=request.body or None,
                    extensions={"timeout": TIMEOUTS},
                )
            )


def _target(response: httpcore2.Response) -> str | None:
    if response.status not in REDIRECTS:
        return None
    return httpx2.Headers(response.headers).get("location")


def _redirected(request: Request, url: httpx2.URL, location: str, hops: int) -> Request:
    if request.redirects < 1 or request.method not in HARMLESS:
        raise ConfigError("The server answered with a redirect, which is not followed.", code="redirect_refused")
    if hops > request.redirects:
        raise ConfigError("The server redirects too often.", code="too_many_redirects")
    try:
        target = urls.checked(str(url.join(location)))
    except (ConfigError, httpx2.InvalidURL, UnicodeError, ValueError) as error:
        raise ConfigError("The server redirects to what is no address.", code="redirect_refused") from error
    if url.scheme == "https" and target.scheme == "http":
        raise ConfigError("The server redirects from https to http.", code="redirect_refused")
    is_same = urls.origin(target) == urls.origin(url)
    return replace(request, url=str(target), secret_headers=request.secret_headers if is_same else {})


def _without_address(act: Callable[[], Found]) -> Found:
    """Errors of a redirect's target must not name it: the caller never typed its address."""
    try:
        return act()
    except ConfigError as error:
        raise ConfigError("A redirect led to where no connection is possible.", code=error.code) from error
    except TransientError as error:
        raise TransientError("A redirect led to where no connection was possible.", code=error.code) from error


def _too_large() -> ConfigError:
    return ConfigError("The answer is larger than allowed.", code="response_too_large")


_BROKEN = (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, OSError)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except httpcore2.TimeoutException as error:
        raise TransientError("The server did not answer in time.", code="timed_out") from error
    except httpcore2.LocalProtocolError as error:
        raise ConfigError("A header or the address holds what HTTP does not allow.", code="invalid_request") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
        raise _lost(error) from error
    except UnicodeEncodeError as error:
        raise ConfigError("A header or the address holds what HTTP does not allow.", code="invalid_request") from error


@contextmanager
def _is_http() -> Iterator[None]:
    try:
        yield
    except httpcore2.RemoteProtocolError as error:
        # What came and could not be understood is named by an error; a connection that was only closed by words.
        if isinstance(_cause(error), Exception):
            raise ConfigError("The server does not speak HTTP here.", code="wrong_protocol") from error
        raise


def _lost(error: Exception) -> EngineError:
    if isinstance(_cause(error), ssl.SSLError):
        return ConfigError("The server did not agree to the TLS settings.", code="tls_failed")
    return TransientError("The connection to the server was lost.", code="connection_lost")


def _cause(error: Exception) -> object:
    return error.args[0] if error.args else None
