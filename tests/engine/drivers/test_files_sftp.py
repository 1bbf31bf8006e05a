"""SFTP against an independent server, and against one that lies, hangs and answers in any order."""

import asyncio
import io
import os
import socket
import threading
import time
from collections.abc import Iterator

import asyncssh
import pytest

from engine.contract import Lineage, Mode, Target
from engine.drivers.files import remote
from engine.errors import ConfigError, CredentialsError, TransientError
from engine.schema import Table
from engine.toolkit import sftp, ssh
from tests.engine.drivers.servers import SECONDS, USER, Store, listening, public_line, scripted_sftp, ssh_key
from tests.engine.drivers.servers import sftp as sftp_server
from tests.engine.drivers.store_conformance import StoreLists, StoreReads, StoreWrites, failure
from tests.engine.drivers.store_rows import COLUMNS, StoreRows, rows


@pytest.fixture(params=["independent", "scripted"])
def store(request, tmp_path) -> Iterator[Store]:
    start = sftp_server if request.param == "independent" else scripted_sftp
    with start(tmp_path) as server:
        yield server.part()
        server.close_drivers()


class TestSftp(StoreReads, StoreLists, StoreWrites, StoreRows):
    pass


def test_shows_the_key_of_a_server_that_is_not_known(tmp_path):
    with scripted_sftp(tmp_path) as store:
        known = ssh.HostKeys.of(store.settings["host_key"]).fingerprints
        error = failure(store.driver(host_key="").check)
        assert (type(error), error.code) == (ConfigError, "unknown_host_key")
        assert f"ssh-ed25519 {next(iter(known))}" in error.message
        store.driver(host_key=next(iter(known))).check()


@pytest.mark.parametrize(
    "spell", [public_line, lambda key: f"host.example,10.0.0.1 {public_line(key)}", lambda key: key.get_fingerprint()]
)
def test_refuses_a_server_whose_key_has_changed(tmp_path, spell):
    _, other = ssh_key(tmp_path)
    seen = []

    class Server(asyncssh.SFTPServer):
        def __init__(self, *arguments, **options) -> None:
            seen.append(1)
            super().__init__(*arguments, **options)

    with scripted_sftp(tmp_path, Server) as store:
        error = failure(store.driver(host_key=spell(other)).check)
        assert (type(error), error.code) == (ConfigError, "host_key_changed")
        store.driver(host_key=f"# old\n{spell(other)}\n\n{store.settings['host_key']}").check()
    assert len(seen) == 1


@pytest.mark.parametrize("known", ["ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"])
def test_asks_for_the_key_that_it_knows(tmp_path, known):
    keys = {kind: ssh_key(tmp_path, kind) for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")}
    with scripted_sftp(tmp_path, host_keys=[file for file, _ in keys.values()]) as store:
        store.driver(host_key=public_line(keys[known][1])).check()


@pytest.mark.parametrize("text", ["hello", "ssh-ed25519", "ssh-ed25519 AAAA", "MD5:00:11"])
def test_refuses_a_host_key_that_is_none(text):
    with pytest.raises(ConfigError) as caught:
        ssh.HostKeys.of(text)
    assert caught.value.code == "invalid_setting"


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
@pytest.mark.parametrize("passphrase", ["", "CANARY-passphrase"])
def test_signs_in_with_a_private_key(tmp_path, kind, passphrase):
    _, key = ssh_key(tmp_path, kind)
    text = key.export_private_key(passphrase=passphrase or None, rounds=50).decode()
    with scripted_sftp(tmp_path, user_key=public_line(key), secret="") as store:
        store.driver(secrets={"private_key": text, "passphrase": passphrase}).check()
        _, other = ssh_key(tmp_path, kind)
        error = failure(store.driver(secrets={"private_key": other.export_private_key().decode()}).check)
        assert (type(error), error.code) == (CredentialsError, "auth_failed")


@pytest.mark.parametrize(("text", "passphrase"), [("CANARY", ""), (None, ""), (None, "CANARY-wrong")])
def test_refuses_a_private_key_that_cannot_be_read(tmp_path, text, passphrase):
    store = Store("sftp", tmp_path, {"host": "127.0.0.1", "user": USER}, {})
    key = asyncssh.generate_private_key("ssh-ed25519").export_private_key(passphrase="CANARY-right", rounds=50).decode()
    error = failure(store.driver(secrets={"private_key": text or key, "passphrase": passphrase}).check)
    assert (type(error), error.code) == (CredentialsError, "auth_failed")


def test_uses_no_key_of_this_machine(tmp_path, monkeypatch):
    file, key = ssh_key(tmp_path)
    home = tmp_path / ".ssh"
    home.mkdir()
    file.rename(home / "id_ed25519")
    monkeypatch.setenv("HOME", str(tmp_path))
    with scripted_sftp(tmp_path, user_key=public_line(key), secret="") as store:
        assert failure(store.driver(secrets={}).check).code == "auth_failed"


class Lying(asyncssh.SFTPServer):
    async def scandir(self, path):
        for name in (b"../../x", b"..", b".", b"/etc/passwd", b"a\0b", b"a\nb", b"\xff\xfe", b"a\\b", b"", b"good"):
            yield asyncssh.SFTPName(name, b"", asyncssh.SFTPAttrs(permissions=0o100644, size=1, type=1))


def test_believes_no_name_that_leads_elsewhere(tmp_path):
    with scripted_sftp(tmp_path, Lying) as store:
        assert [info["name"] for info in store.driver().filesystem.ls("")] == ["good"]


def test_sees_no_pipes_and_follows_links_of_the_server(tmp_path):
    with scripted_sftp(tmp_path) as store:
        os.mkfifo(store.folder / "pipe")
        (store.folder / "real.csv").write_bytes(b"hello")
        (store.folder / "link.csv").symlink_to("real.csv")
        (store.folder / "nowhere.csv").symlink_to("missing.csv")
        files = store.driver().filesystem
        assert {info["name"]: info["size"] for info in files.ls("")} == {"real.csv": 5, "link.csv": 5}
        with pytest.raises(FileNotFoundError):
            files.open("pipe", "rb")


class Shuffling(asyncssh.SFTPServer):
    """Answers every third request late, and reads less than it is asked."""

    async def read(self, file_obj, offset, size):
        if offset // 1000 % 3:
            await asyncio.sleep(0.002)
        return super().read(file_obj, offset, max(1, size // 2))

    async def write(self, file_obj, offset, data):
        if offset // 1000 % 3:
            await asyncio.sleep(0.002)
        return super().write(file_obj, offset, data)


def test_takes_answers_in_any_order_and_of_any_length(tmp_path):
    content = bytes(range(256)) * 4_000
    with scripted_sftp(tmp_path, Shuffling) as store:
        files = store.driver().filesystem
        with files.open("a.bin", "wb") as file:
            file.write(content)
        assert (store.folder / "a.bin").read_bytes() == content
        with files.open("a.bin", "rb") as file:
            assert file.read() == content


class Full(asyncssh.SFTPServer):
    def write(self, file_obj, offset, data):
        if offset > 200_000:
            raise asyncssh.SFTPError(asyncssh.FX_NO_SPACE_ON_FILESYSTEM, "No space left on /srv/10.0.0.5/disk")
        return super().write(file_obj, offset, data)


@pytest.mark.parametrize("size", [300_000, 50_000_000])
def test_says_that_the_store_is_full(tmp_path, size):
    with scripted_sftp(tmp_path, Full) as store:
        files = store.driver().filesystem

        def write() -> None:
            with files.open("a.bin", "wb") as file:
                file.write(bytes(size))

        with pytest.raises(OSError, match=r"^.Errno 28. No space left on device$"):
            write()


class Losing(asyncssh.SFTPServer):
    """Takes a write and forgets it."""

    def write(self, file_obj, offset, data):
        return len(data) if offset > 100_000 else super().write(file_obj, offset, data)


def test_notices_that_not_all_of_a_file_arrived(tmp_path):
    with scripted_sftp(tmp_path, Losing) as store:
        file = store.driver().filesystem.open("a.bin", "wb")
        file.write(bytes(500_000))
        with pytest.raises(OSError, match="Input/output error"):
            file.close()


class OldFashioned(asyncssh.SFTPServer):
    """Renames over nothing, as servers of the protocol's third version do."""

    def posix_rename(self, oldpath, newpath):
        raise asyncssh.SFTPOpUnsupported("no")

    def rename(self, oldpath, newpath):
        if os.path.lexists(self.map_path(newpath)):
            raise asyncssh.SFTPFailure("no")
        super().rename(oldpath, newpath)


def test_replaces_a_file_where_the_server_cannot(tmp_path):
    with scripted_sftp(tmp_path, OldFashioned) as store:
        files = store.driver().filesystem
        for name, content in (("a.part", b"new"), ("a.csv", b"old")):
            (store.folder / name).write_bytes(content)
        files.mv("a.part", "a.csv")
        assert (store.folder / "a.csv").read_bytes() == b"new"
        with pytest.raises(FileNotFoundError):
            files.mv("a.part", "a.csv")
        assert (store.folder / "a.csv").read_bytes() == b"new"


class Hanging(asyncssh.SFTPServer):
    waits = threading.Event()

    def open(self, path, pflags, attrs):
        return io.BytesIO(b"hello")

    async def read(self, file_obj, offset, size):
        self.waits.set()
        await asyncio.sleep(3600)

    async def lstat(self, path):
        await asyncio.sleep(3600)

    stat = lstat


def test_gives_up_on_a_server_that_stops_answering(tmp_path, monkeypatch):
    monkeypatch.setattr(ssh, "READ_SECONDS", 0.3)
    with scripted_sftp(tmp_path, Hanging) as store:
        driver = store.driver()
        error = failure(lambda: driver.filesystem.info("a.bin"))
        assert (type(error), error.code) == (TransientError, "timed_out")
        driver.close()


def test_gives_up_on_a_server_that_answers_bit_by_bit(monkeypatch, tmp_path):
    monkeypatch.setattr(sftp, "ASK_SECONDS", 0.3)
    with scripted_sftp(tmp_path, Hanging) as store:
        driver = store.driver()
        assert failure(lambda: driver.filesystem.info("a.bin")).code == "timed_out"
        assert not driver._filesystem.is_open()


def test_a_reading_that_hangs_is_broken_off(tmp_path):
    with scripted_sftp(tmp_path, Hanging) as store:
        driver = store.driver()
        Hanging.waits.clear()
        client = driver.filesystem._client
        breaker = threading.Thread(target=lambda: Hanging.waits.wait(SECONDS) and driver.interrupt())
        breaker.start()
        error = failure(lambda: list(client.read_range("a.bin", 0, 5)))
        breaker.join()
        assert (type(error), error.code) == (TransientError, "connection_lost")


class Swallowing(asyncssh.SFTPServer):
    waits = threading.Event()

    def open(self, path, pflags, attrs):
        return io.BytesIO()

    async def write(self, file_obj, offset, data):
        self.waits.set()
        await asyncio.sleep(3600)


def test_a_writing_that_hangs_is_broken_off(tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "GRACE_SECONDS", 0.1)
    with scripted_sftp(tmp_path, Swallowing) as store:
        target = Target(Table("a.csv"), Mode.REPLACE)
        writer = store.driver().writer(target, COLUMNS, (), Lineage("1", "s", "j", 1))
        writer.take_over()
        writer.begin({})
        breaker = threading.Thread(target=lambda: Swallowing.waits.wait(SECONDS) and writer.interrupt())
        breaker.start()

        def write() -> None:
            for _ in range(100):
                writer.write(rows(10_000), None, lambda rejected: None)

        assert isinstance(failure(write), TransientError)
        breaker.join()
        writer.close()
        store.close_drivers()


def drip(peer: socket.socket) -> None:
    while True:
        peer.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("speak", "code"),
    [
        (lambda peer: peer.recv(100) and peer.recv(100), "timed_out"),
        (drip, "timed_out"),
        (lambda peer: peer.close(), "unreachable"),
        (lambda peer: peer.sendall(b"220 ftp.example ready\r\n" * 200) or peer.recv(10_000), "wrong_protocol"),
    ],
    ids=["says nothing", "drips", "hangs up", "speaks another protocol"],
)
def test_gives_up_on_what_is_no_ssh_server(store, monkeypatch, speak, code):
    monkeypatch.setattr(ssh, "OPEN_SECONDS", 0.5)
    with listening(speak) as listener:
        error = failure(store.driver(port=listener.getsockname()[1]).check)
    assert error.code == code


def test_opens_a_connection_again_when_it_was_lost(tmp_path):
    with scripted_sftp(tmp_path) as store:
        driver = store.driver()
        driver.check()
        driver.filesystem.hang_up()
        driver.check()
        driver.close()
