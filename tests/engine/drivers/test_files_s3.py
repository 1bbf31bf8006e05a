"""S3 against an independent server that checks signatures, and against one that lies."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from engine.drivers.files import s3
from engine.errors import ConfigError, CredentialsError, TransientError
from engine.toolkit import aws_signature
from tests.engine.drivers.servers import Store
from tests.engine.drivers.servers import s3 as s3_server
from tests.engine.drivers.store_conformance import ODD_NAMES, StoreLists, StoreReads, StoreWrites, failure
from tests.engine.drivers.store_rows import StoreRows
from tests.engine.web import Handler, web_server


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    """A server for each test: it gets slower with what it was used for."""
    with s3_server(tmp_path) as server:
        yield server.part()
        server.close_drivers()


class TestS3(StoreReads, StoreLists, StoreWrites, StoreRows):
    def elsewhere(self, store: Store, host: str, port: int) -> dict[str, object]:
        return {"endpoint": f"http://{host}:{port}"}

    def port(self, store: Store) -> int:
        return int(store.settings["endpoint"].rpartition(":")[2])


def test_signs_as_amazon_does():
    """The example of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "GET object"."""
    headers = aws_signature.signed_headers(
        "GET", "examplebucket.s3.amazonaws.com", "/test.txt", "", {"range": "bytes=0-9"}, b"",
        keys=aws_signature.Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region="us-east-1", service="s3", at=datetime(2013, 5, 24, tzinfo=UTC),
    )  # fmt: skip
    signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    assert headers["authorization"].endswith(f"Signature={signature}")


@pytest.mark.parametrize(
    ("changes", "secrets", "kind", "code"),
    [
        ({"bucket": "nowhere"}, None, ConfigError, "unknown_bucket"),
        ({}, {"secret_key": "CANARY-wrong"}, CredentialsError, "auth_failed"),
        ({"access_key": "somebody"}, None, CredentialsError, "auth_failed"),
        ({"access_key": ""}, {}, CredentialsError, "auth_failed"),
        ({"access_key": ""}, None, CredentialsError, "auth_failed"),
        ({"endpoint": "ftp://127.0.0.1"}, None, ConfigError, "invalid_url"),
        ({"endpoint": "http://169.254.169.254"}, None, ConfigError, "destination_not_allowed"),
        ({"path": "../x"}, None, ConfigError, "invalid_setting"),
    ],
)
def test_says_what_is_wrong_with_a_connection(store, changes, secrets, kind, code):
    error = failure(store.driver(secrets=secrets, **changes).check)
    assert (type(error), error.code) == (kind, code)


def test_takes_no_keys_of_this_machine(store, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", store.settings["access_key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", store.secrets["secret_key"])
    assert failure(store.driver(secrets={}, access_key="").check).code == "auth_failed"


def test_copies_in_parts_what_is_too_large_for_one(store, monkeypatch):
    monkeypatch.setattr(s3, "LARGEST_COPY", 10)
    monkeypatch.setattr(s3, "COPIED_PART", 6)
    seen = []

    def copy(handler: Handler) -> None:
        source, part = handler.headers["x-amz-copy-source"], handler.headers["x-amz-copy-source-range"]
        seen.append((handler.command, handler.path, source, part, handler.body))
        if handler.command == "HEAD":
            return handler.answer(200, bytes(15), etag='"1"')
        if handler.command == "POST":
            return xml("<Answer><UploadId>u/1</UploadId></Answer>")(handler)
        return xml(f"<CopyPartResult><ETag>{len(seen)}</ETag></CopyPartResult>")(handler)

    server, driver = driver_of(store, copy)
    with server as found:
        driver(found).filesystem.mv("a.csv", "a.csv")
    parts = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{number + 2}</ETag></Part>" for number in (1, 2, 3))
    parts = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
    path = "/b/a.csv"
    assert seen == [
        ("HEAD", path, None, None, b""),
        ("POST", f"{path}?uploads=", None, None, b""),
        ("PUT", f"{path}?partNumber=1&uploadId=u%2F1", path, "bytes=0-5", b""),
        ("PUT", f"{path}?partNumber=2&uploadId=u%2F1", path, "bytes=6-11", b""),
        ("PUT", f"{path}?partNumber=3&uploadId=u%2F1", path, "bytes=12-14", b""),
        ("POST", f"{path}?uploadId=u%2F1", None, None, parts.encode()),
        ("DELETE", path, None, None, b""),
    ]  # fmt: skip


def test_an_upload_that_is_not_closed_leaves_nothing(store):
    files = store.driver().filesystem
    file = files.open("a.bin", "wb")
    file.write(bytes(30_000_000))
    del file
    assert not (store.folder / "a.bin").exists()


LISTING = """<?xml version="1.0"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated>
{}</ListBucketResult>"""
ENTRY = "<Contents><Key>{}</Key><Size>1</Size><LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>"


def xml(body: str, status: int = 200, **headers: str):
    return lambda handler: handler.answer(status, body.encode(), **headers)


def error(code: str, status: int, **headers: str):
    return xml(f"<Error><Code>{code}</Code><Message>at 10.0.0.5 CANARY</Message></Error>", status, **headers)


def driver_of(store: Store, route):
    server = web_server({"/b/": route, "/b/a.csv": route})
    return server, lambda found: store.driver(endpoint=f"http://127.0.0.1:{found.port}", bucket="b", path="")


def test_believes_no_name_that_leads_elsewhere(store):
    names = ["../x", "..", ".", "a/../../x", "/etc/passwd", "a\\b", "", "in/", "good.csv"]
    server, driver = driver_of(store, xml(LISTING.format("".join(map(ENTRY.format, names)))))
    with server as found:
        assert [info["name"] for info in driver(found).filesystem.ls("")] == ["in", "good.csv"]


@pytest.mark.parametrize(
    ("route", "kind", "code"),
    [
        (error("AccessDenied", 403), ConfigError, "permission_denied"),
        (error("ExpiredToken", 400), CredentialsError, "auth_failed"),
        (error("PermanentRedirect", 301, x_amz_bucket_region="eu-west-1"), ConfigError, "wrong_region"),
        (error("RequestTimeTooSkewed", 403), ConfigError, "clock_skewed"),
        (error("SlowDown", 503, retry_after="7"), TransientError, "rate_limited"),
        (error("InternalError", 200), TransientError, "unavailable"),
        (xml("", 302, location="http://169.254.169.254/"), ConfigError, "redirect_refused"),
        (xml("<html>hello"), ConfigError, "wrong_protocol"),
        (
            xml('<!DOCTYPE x [<!ENTITY a "aaaa">]><ListBucketResult>&a;</ListBucketResult>'),
            ConfigError,
            "wrong_protocol",
        ),
        (xml(LISTING.format("<Contents><Key>a</Key><Size>x</Size></Contents>")), ConfigError, "wrong_protocol"),
    ],
)
def test_says_what_the_store_said(store, monkeypatch, route, kind, code):
    monkeypatch.setattr("engine.toolkit.s3.FIRST_PAUSE_SECONDS", 0.01)
    server, driver = driver_of(store, route)
    with server as found:
        caught = failure(driver(found).check)
    assert (type(caught), caught.code) == (kind, code)
    assert "10.0.0.5" not in caught.message


def test_asks_again_when_the_store_is_busy(store):
    answers = iter([error("SlowDown", 503), error("InternalError", 500), xml(LISTING.format(""))])
    server, driver = driver_of(store, lambda handler: next(answers)(handler))  # noqa: PLW0108 (another one each time)
    with server as found:
        driver(found).check()


def test_goes_on_where_a_connection_broke(store):
    content = bytes(range(256)) * 20_000
    asked = []

    def part(handler: Handler) -> None:
        if handler.command == "HEAD":
            return handler.answer(200, content, etag='"1"')
        asked.append((handler.headers["range"], handler.headers["if-match"]))
        start = int(handler.headers["range"].removeprefix("bytes=").partition("-")[0])
        end = int(handler.headers["range"].rpartition("-")[2]) + 1
        head = (
            "HTTP/1.1 206 Partial Content\r\n"
            f"Content-Range: bytes {start}-{end - 1}/*\r\nContent-Length: {end - start}\r\n\r\n"
        )
        return handler.raw(head.encode() + content[start : start + 700_000])

    server, driver = driver_of(store, part)
    with server as found, driver(found).filesystem.open("a.csv", "rb") as file:
        assert file.read() == content
    assert {etag for _, etag in asked} == {'"1"'}


def test_notices_that_a_file_was_changed_while_it_was_read(store):
    def part(handler: Handler) -> None:
        if handler.command == "HEAD":
            return handler.answer(200, bytes(10_000_000), etag='"1"')
        return error("PreconditionFailed", 412)(handler)

    server, driver = driver_of(store, part)
    with server as found, driver(found).filesystem.open("a.csv", "rb") as file:
        assert failure(file.read).code == "file_changed"


def test_odd_names_are_what_is_tried():
    assert "%41" in ODD_NAMES
    assert aws_signature.encoded("%41 +/é", "/") == "%2541%20%2B/%C3%A9"
