"""A bucket of S3 or of what is compatible with it, through the guarded HTTP client."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import unquote_plus
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from engine.errors import ConfigError, TransientError
from engine.toolkit import aws_signature, http_headers, s3_errors, urls
from engine.toolkit.aws_signature import Keys
from engine.toolkit.http import Answer, Download, HttpClient, Request

Found = TypeVar("Found")

ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.2
COPY_SECONDS = 900
LARGEST_ANSWER = 16 * 1024 * 1024
AGAIN = frozenset({"connection_lost", "unavailable", "rate_limited"})


@dataclass(frozen=True, slots=True)
class Object:
    """`key` ends with "/" for a common beginning of keys, which is what a folder is here."""

    key: str
    size: int = 0
    modified: datetime | None = None
    etag: str = ""


class Bucket:
    """`endpoint`: where the store is, as a URL. `keys`: None for who comes without. `virtual`: the bucket is a part of
    the host's name, not of the path.

    Raises OSError for what is wrong with an object, EngineErrors for all else.
    """

    def __init__(
        self, client: HttpClient, endpoint: str, name: str, *, region: str, keys: Keys | None, virtual: bool = False
    ) -> None:
        url = urls.checked(endpoint)
        if virtual:
            url = url.copy_with(host=f"{name}.{url.host}")
        self._client = client
        self._origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        self._host = url.netloc.decode("ascii")
        self._base = "/" if virtual else f"/{aws_signature.encoded(name)}/"
        self._name = name
        self._region = region
        self._keys = keys

    def list(self, prefix: str, most: int = 1_000) -> Iterator[Object]:
        """What lies directly below a beginning of keys, asked for in pages of `most`."""
        query = {"list-type": "2", "prefix": prefix, "delimiter": "/", "max-keys": str(most), "encoding-type": "url"}
        while True:
            root = s3_errors.parsed(self._sent("GET", "", query).body)
            yield from _listed(root)
            token = root.findtext("NextContinuationToken")
            if root.findtext("IsTruncated") != "true" or not token or token == query.get("continuation-token"):
                return
            query["continuation-token"] = token

    def head(self, key: str) -> Object:
        headers = self._sent("HEAD", key).headers
        size = int(headers.get("content-length", "0"))
        return Object(key, size, http_headers.moment(headers, "last-modified"), headers.get("etag", ""))

    def get(self, found: Object, start: int, end: int | None) -> AbstractContextManager[Download]:
        """The content of what `head` found, if it is still the same; a status is the caller's to judge."""
        headers = {"range": f"bytes={start}-{'' if end is None else end - 1}"}
        if found.etag:
            headers["if-match"] = found.etag
        return self._client.stream(self._request("GET", found.key, {}, headers, b""))

    def failure(self, status: int, download: Download) -> Exception:
        """The error of an answer that `get` gave."""
        body = b"".join(download.chunks()) if (download.length or LARGEST_ANSWER) < 100_000 else b""
        answer = Answer(status, download.headers, download.url, body)
        return self._error(answer, s3_errors.code_of(answer))

    def put(self, key: str, content: bytes) -> None:
        self._sent("PUT", key, body=content)

    def delete(self, key: str) -> None:
        self._sent("DELETE", key)

    def copy(self, key: str, to: str) -> None:
        """In one piece: up to 5 GB."""
        headers = {"x-amz-copy-source": self._source(key)}
        self._sent("PUT", to, headers=headers, deadline=COPY_SECONDS)

    def begin_parts(self, key: str) -> str:
        """An upload's id."""
        root = s3_errors.parsed(self._sent("POST", key, {"uploads": ""}).body)
        return root.findtext("UploadId") or ""

    def put_part(self, key: str, upload: str, number: int, content: bytes) -> str:
        """The part's etag; so below."""
        query = {"partNumber": str(number), "uploadId": upload}
        return self._sent("PUT", key, query, body=content).headers.get("etag", "")

    def copy_part(self, key: str, upload: str, number: int, source: str, start: int, end: int) -> str:
        headers = {"x-amz-copy-source": self._source(source), "x-amz-copy-source-range": f"bytes={start}-{end - 1}"}
        query = {"partNumber": str(number), "uploadId": upload}
        answer = self._sent("PUT", key, query, headers=headers, deadline=COPY_SECONDS)
        return s3_errors.parsed(answer.body).findtext("ETag") or ""

    def end_parts(self, key: str, upload: str, etags: Mapping[int, str]) -> None:
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag></Part>"
            for number, etag in sorted(etags.items())
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        self._sent("POST", key, {"uploadId": upload}, body=body, deadline=COPY_SECONDS)

    def drop_parts(self, key: str, upload: str) -> None:
        self._sent("DELETE", key, {"uploadId": upload})

    def _source(self, key: str) -> str:
        return aws_signature.encoded(f"/{self._name}/{key}", "/")

    def _sent(
        self,
        method: str,
        key: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        deadline: float = 120,
    ) -> Answer:
        def send() -> Answer:
            request = self._request(method, key, query or {}, headers or {}, body)
            answer = self._client.send(replace(request, deadline=deadline), most_bytes=LARGEST_ANSWER)
            code = s3_errors.code_of(answer) if method != "HEAD" else ""
            # A long act says that it goes on before it knows whether it will succeed.
            if not 200 <= answer.status < 300 or code:
                raise self._error(answer, code)
            return answer

        return _retried(send)

    def _error(self, answer: Answer, code: str) -> Exception:
        if code == "InternalError" or (code == "SlowDown" and answer.status == 200):
            return TransientError("The store cannot answer now.", code="unavailable")
        return s3_errors.of_answer(answer, code, is_signed=self._keys is not None)

    def _request(
        self, method: str, key: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Request:
        path = self._base + aws_signature.encoded(key, "/")
        asked = aws_signature.query_string(query)
        if self._keys is not None:
            headers = aws_signature.signed_headers(
                method, self._host, path, asked, headers, body,
                keys=self._keys, region=self._region, service="s3", at=datetime.now(UTC),
            )  # fmt: skip
        url = f"{self._origin}{path}{'?' if asked else ''}{asked}"
        return Request(method, url, secret_headers=headers, body=body, redirects=0)


def _retried(act: Callable[[], Found]) -> Found:
    """Every request here may be made twice."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return act()
        except TransientError as error:
            if error.code not in AGAIN or attempt == ATTEMPTS:
                raise
            time.sleep(random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311 (spreads load, hides nothing)
    raise AssertionError("unreachable")


def _listed(root: Element) -> Iterator[Object]:
    decode = unquote_plus if root.findtext("EncodingType") == "url" else str
    try:
        for folder in root.iter("CommonPrefixes"):
            yield Object(decode(folder.findtext("Prefix") or ""))
        for entry in root.iter("Contents"):
            modified = datetime.fromisoformat(entry.findtext("LastModified") or "")
            etag = entry.findtext("ETag") or ""
            yield Object(decode(entry.findtext("Key") or ""), int(entry.findtext("Size") or 0), modified, etag)
    except ValueError as error:
        raise ConfigError("The server does not answer as S3 does.", code="wrong_protocol") from error
