"""Files over HTTP, from a server that does what a test says."""

import email.utils
import gzip
import io
import random
from collections.abc import Callable, Iterator

import pytest

from engine.contract import Writes
from engine.drivers.files.driver import FilesDriver
from engine.errors import ConfigError, CredentialsError, TransientError
from engine.looking import Browses
from engine.registry import driver_class
from engine.toolkit.egress import Egress
from engine.toolkit.surroundings import Surroundings
from tests.engine.drivers.store_conformance import NO_PATHS, failure
from tests.engine.drivers.systems import LOOPBACK
from tests.engine.web import Handler, WebServer, web_server

CONTENT = random.Random(1).randbytes(5_000_001)


def known(host: str, port: int) -> list[str]:
    return ["127.0.0.1"] if host.endswith(".example") else [host]


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server({}) as found:
        yield found


@pytest.fixture
def drive(server: WebServer) -> Iterator[Callable[..., FilesDriver]]:
    opened = []

    def make(secrets: dict[str, str] | None = None, **settings: str) -> FilesDriver:
        egress = Egress(allow=LOOPBACK.allow, resolve=known)
        settings = {"url": f"{server.url}/files", **settings}
        opened.append(driver_class("http_files")(settings, secrets or {}, Surroundings(egress)))
        return opened[-1]

    yield make
    for driver in opened:
        driver.close()


def file(content: bytes, *, ranges: bool = True, break_after: int = 0, **headers: str):
    """Gives out parts of it, if asked to and able to."""

    def answer(handler: Handler) -> None:
        asked = handler.headers.get("range", "") if ranges else ""
        fresh = handler.headers.get("if-range") in (None, headers.get("etag"))
        first, _, last = asked.removeprefix("bytes=").partition("-")
        part, status, added = content, 200, dict(headers)
        if ranges:
            added["accept_ranges"] = "bytes"
        if asked and fresh and handler.command == "GET":
            part = content[int(first) : int(last) + 1 if last else None]
            status, added["content_range"] = 206, f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}"
        if break_after and len(part) > break_after:
            added["content_length"] = str(len(part))
            part = part[:break_after]
            handler.close_connection = True
        handler.answer(status, part, **added)

    return answer


@pytest.mark.parametrize("ranges", [True, False])
def test_reads_a_file_from_its_beginning_to_its_end(server, drive, ranges):
    server.routes["/files/in/a%20b.csv"] = file(CONTENT, ranges=ranges, etag='"1"')
    with drive().filesystem.open("in/a b.csv", "rb") as found:
        assert found.read() == CONTENT


@pytest.mark.parametrize("ranges", [True, False])
def test_reads_a_file_here_and_there(server, drive, ranges):
    choose = random.Random(2)
    server.routes["/files/a.bin"] = file(CONTENT, ranges=ranges, etag='"1"')
    with drive().filesystem.open("a.bin", "rb") as found:
        assert found.seek(0, io.SEEK_END) == len(CONTENT)
        for _ in range(10):
            at, length = choose.randrange(len(CONTENT)), choose.choice([1, 100, 300_000, 2_000_000])
            found.seek(at)
            assert found.read(length) == CONTENT[at : at + length]


@pytest.mark.parametrize("ranges", [True, False])
def test_goes_on_where_a_connection_broke(server, drive, ranges):
    server.routes["/files/a.bin"] = file(CONTENT, ranges=ranges, break_after=700_000 if ranges else 0, etag='"1"')
    with drive().filesystem.open("a.bin", "rb") as found:
        assert found.read() == CONTENT


def test_gives_up_when_it_gets_nowhere(server, drive):
    server.routes["/files/a.bin"] = file(CONTENT, ranges=False, break_after=700_000)
    with drive().filesystem.open("a.bin", "rb") as found:
        error = failure(found.read)
    assert (type(error), error.code) == (TransientError, "connection_lost")


def test_reads_what_has_no_length(server, drive):
    def answer(handler: Handler) -> None:
        handler.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n")

    server.routes["/files/a.csv"] = answer
    with drive().filesystem.open("a.csv", "rb") as found:
        assert found.read() == b"hello"
        assert not found.seekable()


def test_notices_that_a_file_was_changed_while_it_was_read(server, drive):
    server.routes["/files/a.bin"] = file(CONTENT, etag='"1"')
    with drive().filesystem.open("a.bin", "rb") as found:
        found.read(10)
        server.routes["/files/a.bin"] = file(CONTENT, etag='"2"')
        assert failure(found.read).code == "file_changed"


def test_tells_of_a_file(server, drive):
    moment = 1_700_000_000
    modified = email.utils.formatdate(moment, usegmt=True)
    server.routes["/files/a.csv"] = file(b"hello", etag='"1"', last_modified=modified)
    info = drive().filesystem.info("a.csv")
    assert (info["size"], info["ETag"], info["mtime"].timestamp()) == (5, '"1"', moment)


def test_asks_for_a_file_where_the_server_knows_no_head(server, drive):
    def answer(handler: Handler) -> None:
        handler.answer(405) if handler.command == "HEAD" else handler.answer(200, b"hello")

    server.routes["/files/a.csv"] = answer
    with drive().filesystem.open("a.csv", "rb") as found:
        assert found.read() == b"hello"


@pytest.mark.parametrize(("name", "gives"), [("a.csv", b"hello"), ("a.csv.gz", gzip.compress(b"hello", mtime=0))])
def test_unpacks_what_was_packed_for_the_way_alone(server, drive, name, gives):
    server.routes[f"/files/{name}"] = file(gzip.compress(b"hello", mtime=0), content_encoding="gzip")
    with drive().filesystem.open(name, "rb") as found:
        assert found.read() == gives


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ((401, {}), CredentialsError, "auth_failed"),
        ((403, {}), ConfigError, "permission_denied"),
        ((404, {}), ConfigError, "unknown_file"),
        ((410, {}), ConfigError, "unknown_file"),
        ((429, {"retry_after": "7"}), TransientError, "rate_limited"),
        ((500, {}), TransientError, "unavailable"),
        ((418, {}), ConfigError, "store_error"),
        ((200, {"content_type": "text/html; charset=utf-8"}), ConfigError, "not_a_file"),
        ((302, {"location": "http://10.0.0.5/"}), ConfigError, "destination_not_allowed"),
        ((302, {"location": "file:///etc/passwd"}), ConfigError, "redirect_refused"),
    ],
)
def test_says_what_the_server_said(server, drive, answer, kind, code):
    status, headers = answer
    server.routes["/files/a.csv"] = lambda handler: handler.answer(status, b"at 10.0.0.5 CANARY", **headers)
    error = failure(drive(check_path="a.csv").check)
    assert (type(error), error.code) == (kind, code)
    assert "10.0.0.5" not in error.message
    if code == "rate_limited":
        assert error.retry_after == 7


def test_checks_the_address_itself_where_no_file_is_named(server, drive):
    drive().check()  # there is nothing, and somebody who says so
    server.routes["/files"] = lambda handler: handler.answer(200, b"<html>", content_type="text/html")
    drive().check()
    server.routes["/files"] = lambda handler: handler.answer(401)
    assert failure(drive().check).code == "auth_failed"


@pytest.mark.parametrize(
    ("chosen", "secrets", "header", "value"),
    [
        ({"user": "olga"}, {"password": "CANARY"}, "Authorization", "Basic b2xnYTpDQU5BUlk="),
        ({}, {"token": "CANARY"}, "Authorization", "Bearer CANARY"),
        ({"header": "X-Key"}, {"header_value": "CANARY"}, "X-Key", "CANARY"),
    ],
)
def test_says_who_it_is_and_to_this_server_alone(server, drive, chosen, secrets, header, value):
    with web_server({"/b": file(b"hello")}) as other:
        target = f"http://other.example:{other.port}/b"
        server.routes["/files/a.csv"] = lambda handler: handler.answer(302, location=target)
        with drive(secrets, **chosen).filesystem.open("a.csv", "rb") as found:
            assert found.read() == b"hello"
    assert {seen[header] for _, _, seen in server.seen} == {value}
    assert all(header not in seen for _, _, seen in other.seen)


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ({"url": "ftp://web.example/"}, "invalid_url"),
        ({"url": "http://olga:CANARY@web.example/"}, "invalid_url"),
        ({"url": "http://169.254.169.254/latest"}, "destination_not_allowed"),
        ({"header": "X-Key\r\nHost"}, "invalid_setting"),
    ],
)
def test_refuses_settings_that_are_none(drive, chosen, code):
    assert failure(drive(**chosen).check).code == code


@pytest.mark.parametrize("path", NO_PATHS)
def test_asks_for_nothing_outside_its_root(server, drive, path):
    files = drive().filesystem
    for act in (files.open, files.info):
        assert failure(lambda act=act: act(path)).code == "path_not_allowed"
    assert server.seen == []


def test_keeps_the_query_of_its_address(server, drive):
    server.routes["/files/a#b.csv"] = server.routes["/files/a%23b.csv"] = file(b"hello")
    drive(url=f"{server.url}/files/?version=1").filesystem.info("a#b.csv")
    assert server.seen[0][1] == "/files/a%23b.csv?version=1"


def test_lists_and_writes_nothing(server, drive):
    driver = drive()
    assert not issubclass(type(driver), Writes)
    assert isinstance(driver, Browses)
    assert failure(lambda: driver.tables("", "")).code == "unsupported"
    for act in (lambda: driver.filesystem.open("a", "wb"), lambda: driver.filesystem.rm_file("a")):
        assert failure(act).code == "read_only"


def test_a_reading_that_hangs_is_broken_off(server, drive):
    driver = drive()

    def answer(handler: Handler) -> None:
        if handler.command == "HEAD":
            return handler.answer(200, CONTENT)
        driver.interrupt()
        return handler.wait()

    server.routes["/files/a.csv"] = answer
    with driver.filesystem.open("a.csv", "rb") as found:
        error = failure(found.read)
    assert (type(error), error.code) == (TransientError, "interrupted")
