"""FTP against an independent server, with TLS and without, and against one that lies."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ConfigError, TransientError
from engine.toolkit import ftp as client
from engine.toolkit.egress import Egress
from engine.toolkit.surroundings import Surroundings
from tests.engine.certificates import Authority
from tests.engine.drivers.ftp_server import FTPHandler, scripted_ftp
from tests.engine.drivers.ftp_with_tls import ftp_with_tls
from tests.engine.drivers.servers import SECONDS, Store, listening
from tests.engine.drivers.servers import ftp as ftp_server
from tests.engine.drivers.store_conformance import ODD_NAMES, StoreLists, StoreReads, StoreWrites, failure
from tests.engine.drivers.store_rows import StoreRows
from tests.engine.drivers.systems import LOOPBACK

NAMED = Surroundings(
    Egress(LOOPBACK.allow, resolve=lambda host, port: ["127.0.0.1"] if host.endswith(".example") else [host])
)


@pytest.fixture(params=["independent", "scripted"])
def store(request, tmp_path) -> Iterator[Store]:
    start = ftp_server if request.param == "independent" else scripted_ftp
    with start(tmp_path) as server:
        yield server.part()
        server.close_drivers()


class TestFtp(StoreReads, StoreLists, StoreWrites, StoreRows):
    # A blank before a name is lost on the way in many servers.
    odd_names = [name for name in ODD_NAMES if name != " a"]


@pytest.mark.parametrize("mode", ["explicit", "implicit"])
def test_says_who_it_is_and_gives_its_data_under_tls_alone(tmp_path, mode):
    authority, resumed = Authority(), list[bool]()
    content = bytes(range(256)) * 10_000
    with ftp_with_tls(tmp_path, authority.context("ftp.example", tmp_path), resumed, mode) as store:
        driver = store.driver(ca_certificate=authority.pem)
        driver.surroundings = NAMED
        with driver.filesystem.open("a.bin", "wb") as file:
            file.write(content)
        assert (store.folder / "a.bin").read_bytes() == content
        with driver.filesystem.open("a.bin", "rb") as file:
            assert file.read() == content
        store.close_drivers()
    assert resumed == [True, True]


def test_believes_the_certificate_of_the_name_alone(tmp_path):
    authority = Authority()
    with ftp_server(tmp_path, authority.file("ftp.example", tmp_path)) as store:
        for host, pem in (("other.example", authority.pem), ("ftp.example", Authority().pem), ("ftp.example", "")):
            driver = store.driver(host=host, ca_certificate=pem)
            driver.surroundings = NAMED
            error = failure(driver.check)
            assert (type(error), error.code) == (ConfigError, "tls_failed")


def test_takes_no_data_in_plain_text_where_tls_was_agreed(tmp_path):
    """As the independent server gives it."""
    authority = Authority()
    with ftp_server(tmp_path, authority.file("ftp.example", tmp_path)) as store:
        driver = store.driver(host="ftp.example", ca_certificate=authority.pem)
        driver.surroundings = NAMED
        error = failure(driver.check)
        assert (type(error), error.code) == (ConfigError, "tls_failed")
        store.close_drivers()


def test_asks_for_tls_unless_it_is_switched_off(store):
    error = failure(store.driver(tls="explicit").check)
    assert (type(error), error.code) == (ConfigError, "tls_failed")


@pytest.mark.parametrize("address", ["10.0.0.5", "169.254.169.254", "8.8.8.8"])
def test_gets_data_from_where_the_server_is(tmp_path, address):
    class Lying(FTPHandler):
        masquerade_address = address

    with scripted_ftp(tmp_path, Lying) as store:
        (store.folder / "a.csv").write_bytes(b"hello")
        with store.driver().filesystem.open("a.csv", "rb") as file:
            assert file.read() == b"hello"
        store.close_drivers()


def test_gets_no_data_from_a_server_of_ours(tmp_path):
    """The host is the file server's own, the port another service's there."""
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]

        class Lying(FTPHandler):
            def ftp_PASV(self, line):  # noqa: N802
                self.respond(f"227 Entering passive mode (127,0,0,1,{port // 256},{port % 256}).")

        with scripted_ftp(tmp_path, Lying) as store:
            driver = store.driver()
            driver.surroundings = Surroundings(Egress(allow=LOOPBACK.allow, deny=(("127.0.0.1", port),)))
            assert failure(driver.check).code == "destination_not_allowed"
            store.close_drivers()
        ours.settimeout(0.2)
        with pytest.raises(TimeoutError):
            ours.accept()


class Plain(FTPHandler):
    """Lists for people only."""

    def ftp_MLSD(self, path):  # noqa: N802
        self.respond("502 Command not implemented.")


def test_asks_about_each_name_where_there_is_no_other_listing(tmp_path):
    with scripted_ftp(tmp_path, Plain) as store:
        (store.folder / "in/below").mkdir(parents=True)
        (store.folder / "in/a.csv").write_bytes(b"hello")
        files = store.driver().filesystem
        found = {info["name"]: (info["type"], info["size"]) for info in files.ls("in")}
        assert found == {"in/a.csv": ("file", 5), "in/below": ("directory", None)}
        assert [info["name"] for info in files.ls("")] == ["in"]
        store.close_drivers()


class Lying(FTPHandler):
    def ftp_MLSD(self, path):  # noqa: N802
        names = [b"../../x", b"..", b".", b"/etc/passwd", b"a\0b", b"a\\b", b"\xff\xfe", b"", b"good.csv"]
        lines = b"".join(b"type=file;size=1;modify=20240101000000; " + name + b"\r\n" for name in names)
        self.push_dtp_data(lines + b"type=OS.unix=symlink;size=1; link\r\nnonsense\r\n", isproducer=False, cmd="MLSD")


def test_believes_no_name_that_leads_elsewhere(tmp_path):
    with scripted_ftp(tmp_path, Lying) as store:
        assert [info["name"] for info in store.driver().filesystem.ls("")] == ["good.csv"]
        store.close_drivers()


class OldFashioned(FTPHandler):
    def ftp_RNTO(self, path):  # noqa: N802
        if Path(path).exists():
            self.respond("550 File exists.")
            return None
        return super().ftp_RNTO(path)


def test_replaces_a_file_where_the_server_does_not(tmp_path):
    with scripted_ftp(tmp_path, OldFashioned) as store:
        files = store.driver().filesystem
        for name, content in (("a.part", b"new"), ("a.csv", b"old")):
            (store.folder / name).write_bytes(content)
        files.mv("a.part", "a.csv")
        assert (store.folder / "a.csv").read_bytes() == b"new"
        store.close_drivers()


def test_leaves_a_file_in_its_middle_and_goes_on_with_others(store):
    content = bytes(range(256)) * 100_000
    for name in ("a.bin", "b.bin"):
        (store.folder / name).write_bytes(content)
    files = store.driver().filesystem
    first = files.open("a.bin", "rb")
    assert first.read(10) == content[:10]
    with files.open("b.bin", "rb") as second:
        second.seek(1_000)
        assert second.read(10) == content[1_000:1_010]
    assert files.info("a.bin")["size"] == len(content)
    first.seek(20_000_000)
    assert first.read(10) == content[20_000_000:20_000_010]
    first.close()


@pytest.mark.parametrize("secret", ["CANARY\r\nDELE a.csv", "CANARY\0"])
def test_sends_no_second_command_in_a_password(store, secret):
    assert failure(store.driver(secrets={"password": secret}).check).code == "invalid_setting"


@pytest.mark.parametrize(
    ("pieces", "pause", "kind", "code"),
    [
        ((), 0, TransientError, "timed_out"),
        ((b"220 ",) * 100, 0.05, TransientError, "timed_out"),
        ((b"220-hello\r\n",) * 5_000, 0, ConfigError, "wrong_protocol"),
        ((b"x" * 100_000,), 0, ConfigError, "wrong_protocol"),
        ((b"HTTP/1.1 400 Bad Request\r\n",), 0, ConfigError, "wrong_protocol"),
    ],
    ids=["says nothing", "drips", "never ends", "has one long line", "speaks another protocol"],
)
def test_gives_up_on_what_is_no_ftp_server(store, monkeypatch, pieces, pause, kind, code):
    def speak(peer: socket.socket) -> None:
        for piece in pieces:
            peer.sendall(piece)
            time.sleep(pause)
        peer.recv(10_000)
        peer.recv(10_000)

    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.5)
    with listening(speak) as listener:
        error = failure(store.driver(port=listener.getsockname()[1]).check)
    assert (type(error), error.code) == (kind, code)


class Hanging(FTPHandler):
    waits = threading.Event()

    def ftp_RETR(self, file):  # noqa: N802
        self.waits.set()
        self.respond("150 It comes.")


def test_a_reading_that_hangs_is_broken_off(tmp_path):
    with scripted_ftp(tmp_path, Hanging) as store:
        (store.folder / "a.csv").write_bytes(b"hello")
        driver = store.driver()
        breaker = threading.Thread(target=lambda: Hanging.waits.wait(SECONDS) and driver.interrupt())
        with driver.filesystem.open("a.csv", "rb") as file:
            breaker.start()
            error = failure(file.read)
        breaker.join()
        assert isinstance(error, TransientError)
        store.close_drivers()
