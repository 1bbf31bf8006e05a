"""Files on web servers, to read only: each is a path below one address."""

import base64
import errno
import io
import os
import re
from collections.abc import Iterable
from typing import Any

from engine.contract import Field, Spec
from engine.drivers.files import errors, store_fields
from engine.drivers.files.over_http import HttpClientDriver, HttpClientFileSystem
from engine.drivers.files.remote import Info
from engine.drivers.files.window import Chunks
from engine.errors import ConfigError, CredentialsError, TransientError
from engine.toolkit import fields, http_headers, urls
from engine.toolkit.http import Download, HttpClient, Request

URL = Field("url", "Address", required=True, bound=True, help="Where all files begin, as https://files.example/in.")
USER = Field("user", "User", bound=True, help="For basic authentication.")
TOKEN = Field("token", "Token", type="password", secret=True, help="For bearer authentication.")
HEADER = Field("header", "Header", bound=True, help="A header of the server's own for a secret, as X-API-Key.")
HEADER_VALUE = Field("header_value", "Value of the header", type="password", secret=True)
CHECKED = Field("check_path", "File to check with", help="Below the address; empty: the address itself.")
FIELDS = (URL, USER, store_fields.PASSWORD, TOKEN, HEADER, HEADER_VALUE, fields.AUTHORITY, CHECKED)

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
PACKED = (".gz", ".tgz")
AGAIN = {408, 425, 429, 500, 502, 503, 504}
WITHOUT_HEAD = {400, 405, 501}


class HttpFileSystem(HttpClientFileSystem):
    def __init__(self, client: HttpClient, url: str, secret_headers: dict[str, str]) -> None:
        super().__init__(client)
        self._url = url
        self._secret_headers = secret_headers

    def entries(self, place: str) -> Iterable[Info]:
        raise NotImplementedError(place)

    def attributes(self, place: str) -> Info:
        with self._client.stream(self._request("HEAD", place)) as download:
            if download.status not in WITHOUT_HEAD:
                return _info(download, place)
        with self._client.stream(self._request("GET", place)) as download:
            return _info(download, place)

    def check(self, place: str) -> None:
        """Whether the server lets us in; without a path it may well have nothing to show there."""
        try:
            self.attributes(place)
        except (FileNotFoundError, PermissionError, ConfigError) as error:
            if place or (isinstance(error, ConfigError) and error.code != "not_a_file"):
                raise

    def fetch(self, place: str, info: Info, start: int, end: int | None) -> Chunks:
        headers = {}
        if info["windows"]:
            headers["range"] = f"bytes={start}-{'' if end is None else end - 1}"
            if info["ETag"].startswith('"'):
                headers["if-range"] = info["ETag"]
        with self._client.stream(self._request("GET", place, headers)) as download:
            if download.status == 416:
                return
            if download.status not in (200, 206):
                raise _failure(download)
            _judge(download, info)
            # A server that sends no parts sends what is known already as well.
            known = 0 if download.begins_at(start) else start
            if known and (download.status == 206 or info["windows"]):
                raise _changed()
            yield from _after(download.raw() if _is_meant_packed(place) else download.chunks(), known)

    def upload(self, place: str) -> io.RawIOBase:
        raise _read_only(place)

    def mv(self, path1: str, path2: str, **_: Any) -> None:  # noqa: ARG002
        raise _read_only(path2)

    def rm_file(self, path: str) -> None:
        raise _read_only(path)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:  # noqa: ARG002
        raise _read_only(path)

    def _request(self, method: str, place: str, headers: dict[str, str] | None = None) -> Request:
        url = urls.below(self._url, place) if place else self._url
        return Request(method, url, headers or {}, self._secret_headers)


class HttpFilesDriver(HttpClientDriver):
    spec = Spec("http_files", "Files over HTTP", "file store", FIELDS)
    writer = None  # type: ignore[assignment]  # so that nobody takes it for a destination

    def open_filesystem(self) -> HttpFileSystem:
        """Raises ConfigError `invalid_url`, `invalid_setting`."""
        url = fields.text(self.settings, URL)
        urls.checked(url)
        return HttpFileSystem(self.client(), url, self._secret_headers())

    def check(self) -> None:
        path = fields.text(self.settings, CHECKED)
        with errors.translated(path):
            self.filesystem.check(self.filesystem.place(path))

    def _secret_headers(self) -> dict[str, str]:
        found = {}
        user, password = fields.text(self.settings, USER), fields.text(self.secrets, store_fields.PASSWORD)
        if user or password:
            found["Authorization"] = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
        if token := fields.text(self.secrets, TOKEN):
            found["Authorization"] = f"Bearer {token}"
        if header := fields.text(self.settings, HEADER):
            if not HEADER_NAME.fullmatch(header):
                raise fields.invalid(HEADER)
            found[header] = fields.text(self.secrets, HEADER_VALUE)
        return found


def _info(download: Download, place: str) -> Info:
    if download.status not in (200, 206):
        raise _failure(download)
    headers = download.headers
    if headers.get("content-type", "").lower().startswith("text/html") and not place.lower().endswith(
        (".html", ".htm")
    ):
        raise ConfigError("The server answered with a page, where a file should be.", code="not_a_file")
    is_plain = _is_meant_packed(place) or headers.get("content-encoding", "identity").lower() == "identity"
    return {
        "type": "file",
        "size": download.length if is_plain else None,
        "mtime": http_headers.moment(headers, "last-modified"),
        "ETag": headers.get("etag", ""),
        "windows": is_plain and headers.get("accept-ranges", "").lower() == "bytes",
    }


def _is_meant_packed(place: str) -> bool:
    """Whether the file is what servers mark as packed on the way, and we unpack later."""
    return place.lower().endswith(PACKED)


def _judge(download: Download, info: Info) -> None:
    etag = download.headers.get("etag", "")
    if etag and info["ETag"] and etag != info["ETag"]:
        raise _changed()


def _after(chunks: Iterable[bytes], known: int) -> Chunks:
    for chunk in chunks:
        if known < len(chunk):
            yield chunk[known:] if known else chunk
        known = max(0, known - len(chunk))


def _failure(download: Download) -> Exception:
    if download.status == 401:
        return CredentialsError("The server refused who we are.")
    if download.status == 403:
        return PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if download.status in (404, 410):
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if download.status in AGAIN:
        code = "rate_limited" if download.status == 429 else "unavailable"
        return TransientError(
            "The server cannot answer now.", code=code, retry_after=http_headers.retry_after(download.headers)
        )
    return ConfigError(f"The server answered with status {download.status}.", code="store_error")


def _changed() -> TransientError:
    return TransientError("The file was changed while it was read.", code="file_changed")


def _read_only(path: str) -> ConfigError:
    return ConfigError(f"{path!r} cannot be written: files over HTTP are for reading.", code="read_only")
