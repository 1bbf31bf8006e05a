"""Files in a bucket of Amazon's S3 or of what is compatible with it."""

import errno
import io
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from engine.contract import Field, Spec
from engine.drivers.files import store_fields
from engine.drivers.files.over_http import HttpClientDriver, HttpClientFileSystem
from engine.drivers.files.remote import Info
from engine.drivers.files.window import Chunks
from engine.errors import CredentialsError, EngineError
from engine.toolkit import fields
from engine.toolkit.aws_signature import Keys
from engine.toolkit.http import HttpClient
from engine.toolkit.s3 import Bucket, Object

BUCKET = Field("bucket", "Bucket", required=True, bound=True)
PREFIX = Field("path", "Folder", help="What the keys in use begin with; empty: the whole bucket.")
REGION = Field("region", "Region", default="us-east-1", bound=True)
ENDPOINT = Field(
    "endpoint", "Endpoint", bound=True, help="The URL of a store that is compatible with S3; empty: Amazon's own."
)
ADDRESSING = Field(
    "addressing",
    "Addressing",
    type="choice",
    default="path",
    choices=("path", "virtual"),
    help="Where the bucket stands in an address: in its path, or in the name of the host.",
)
ACCESS_KEY = Field("access_key", "Access key", bound=True, help="Empty together with the secret key: anonymous.")
SECRET_KEY = Field("secret_key", "Secret key", type="password", secret=True)
SESSION_TOKEN = Field("session_token", "Session token", type="password", secret=True, help="Of temporary keys.")
FIELDS = (
    BUCKET, PREFIX, REGION, ENDPOINT, ADDRESSING, ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, fields.AUTHORITY,
)  # fmt: skip

PART = 8 * 1024 * 1024
PARTS_OF_A_SIZE = 1_000
"""Parts double their size as often, so that 10,000 of them make more than the 5 TB that an object may have."""
LARGEST_COPY = 4 * 1024**3
COPIED_PART = 1024**3


class S3FileSystem(HttpClientFileSystem):
    def __init__(self, client: HttpClient, bucket: Bucket, root: str = "") -> None:
        super().__init__(client, root)
        self._bucket = bucket

    def entries(self, place: str) -> Iterator[Info]:
        """Nothing for a folder without a file: there is no other kind of folder."""
        prefix = f"{place}/" if place else ""
        for found in self._bucket.list(prefix):
            name = found.key.removeprefix(prefix)
            if name.endswith("/"):
                yield {"name": name[:-1], "type": "directory", "size": None}
            elif found.key.startswith(prefix):
                yield {**_info(found), "name": name}

    def attributes(self, place: str) -> Info:
        if place != self._root:
            with suppress(FileNotFoundError):
                return _info(self._bucket.head(place))
            if next(iter(self._bucket.list(f"{place}/", 1)), None) is None:
                raise _missing()
        return {"type": "directory", "size": None}

    def fetch(self, place: str, info: Info, start: int, end: int | None) -> Chunks:
        with self._bucket.get(Object(place, etag=info["ETag"]), start, end) as download:
            if download.status == 416:
                return
            if not download.begins_at(start):
                raise self._bucket.failure(download.status, download)
            yield from download.raw()

    def upload(self, place: str) -> io.RawIOBase:
        return Upload(self._bucket, place)

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        """The target is there whole or as it was; only then the source is removed."""
        source, target = self.place(path1), self.place(path2)
        size = self._bucket.head(source).size
        if size <= LARGEST_COPY:
            self._bucket.copy(source, target)
        else:
            self._copy_in_parts(source, target, size)
        self._bucket.delete(source)

    def rm_file(self, path: str) -> None:
        self._bucket.delete(self.place(path))

    def makedirs(self, path: str, exist_ok: bool = False) -> None:  # noqa: ARG002
        """There are no folders but in the names of files."""
        self.place(path)

    def _copy_in_parts(self, source: str, target: str, size: int) -> None:
        upload = self._bucket.begin_parts(target)
        with dropping(self._bucket, target, upload):
            etags = {
                number: self._bucket.copy_part(target, upload, number, source, start, min(start + COPIED_PART, size))
                for number, start in enumerate(range(0, size, COPIED_PART), 1)
            }
            self._bucket.end_parts(target, upload, etags)


@contextmanager
def dropping(bucket: Bucket, key: str, upload: str) -> Iterator[None]:
    """Leaves no parts behind where they do not become an object."""
    try:
        yield
    except BaseException:
        with suppress(OSError, EngineError):
            bucket.drop_parts(key, upload)
        raise


class Upload(io.RawIOBase):
    """An object that is there once `close` raised nothing, and whole."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._waiting: deque[bytes] = deque()
        self._waits = 0
        self._at = 0
        self._upload = ""
        self._etags: dict[int, str] = {}

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        content = bytes(data)
        self._waiting.append(content)
        self._waits += len(content)
        self._at += len(content)
        if self._waits >= PART << len(self._etags) // PARTS_OF_A_SIZE:
            self._send_part()
        return len(content)

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        if not self._upload:
            self._bucket.put(self._key, self._content())
            return
        if self._waits:
            self._send_part()
        with dropping(self._bucket, self._key, self._upload):
            self._bucket.end_parts(self._key, self._upload, self._etags)

    def __del__(self) -> None:
        """Left without being closed: nothing was made."""

    def _send_part(self) -> None:
        if not self._upload:
            self._upload = self._bucket.begin_parts(self._key)
        number = len(self._etags) + 1
        with dropping(self._bucket, self._key, self._upload):
            self._etags[number] = self._bucket.put_part(self._key, self._upload, number, self._content())

    def _content(self) -> bytes:
        content = b"".join(self._waiting)
        self._waiting.clear()
        self._waits = 0
        return content


class S3Driver(HttpClientDriver):
    spec = Spec("s3", "S3", "file store", FIELDS)

    def open_filesystem(self) -> S3FileSystem:
        """Raises ConfigError `invalid_setting`, `invalid_url`, CredentialsError: of what is entered."""
        region = fields.text(self.settings, REGION)
        endpoint = fields.text(self.settings, ENDPOINT) or f"https://s3.{region}.amazonaws.com"
        client = self.client()
        bucket = Bucket(
            client,
            endpoint,
            fields.text(self.settings, BUCKET),
            region=region,
            keys=self._keys(),
            virtual=fields.text(self.settings, ADDRESSING) == "virtual",
        )
        return S3FileSystem(client, bucket, store_fields.folder(self.settings).strip("/"))

    def _keys(self) -> Keys | None:
        """Those entered, and never any of this machine."""
        access_key, secret_key = fields.text(self.settings, ACCESS_KEY), fields.text(self.secrets, SECRET_KEY)
        if not access_key and not secret_key:
            return None
        if not access_key or not secret_key:
            raise CredentialsError("The access key and the secret key belong together: one of them is missing.")
        return Keys(access_key, secret_key, fields.text(self.secrets, SESSION_TOKEN))


def _info(found: Object) -> Info:
    return {"type": "file", "size": found.size, "mtime": found.modified, "ETag": found.etag}


def _missing() -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
