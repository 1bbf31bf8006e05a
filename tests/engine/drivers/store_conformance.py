"""What every remote store must do: each one's tests inherit it and give a `store`."""

import io
import random

import pytest

from engine.errors import ConfigError, CredentialsError, EngineError, TransientError
from engine.toolkit.egress import Egress
from engine.toolkit.surroundings import Surroundings
from tests.engine.drivers.servers import Store, free_port

NO_PATHS = [
    "..", "../a", "a/../../b", "/etc/passwd", "/", "a//b", "./a", "a/.", "a\\b", "..\\a", "C:\\a", "\\\\server\\share",
    "a\0b", "a\nb", "a\r\nDELE b", "\x7f", "x" * 5_000, "a/" + "x" * 300,
]  # fmt: skip
ODD_NAMES = [
    "..%2fa", "....", "~", "~root", "a b", " a", "-rf", "a'b", 'a"b', "a;b", "a&b", "$HOME", "a#b", "%41", "+a", "a=b",
    "[1].csv", "a{1}", "é", "\u65e5\u672c", "\U0001f600", "con", "x" * 200,
]  # fmt: skip


def failure(act) -> EngineError:
    with pytest.raises(EngineError) as caught:
        act()
    assert "CANARY" not in str(caught.value)
    return caught.value


class StoreReads:
    odd_names = ODD_NAMES

    @pytest.fixture
    def files(self, store: Store):
        return store.driver().filesystem

    @staticmethod
    def put(store: Store, path: str, content: bytes) -> None:
        file = store.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def test_reads_a_file_from_its_beginning_to_its_end(self, store, files):
        content = random.Random(1).randbytes(5_000_001)
        self.put(store, "in/a.bin", content)
        with files.open("in/a.bin", "rb") as file:
            assert file.read() == content
        with files.open("in/a.bin", "rb") as file:
            assert b"".join(iter(lambda: file.read(99_999), b"")) == content

    def test_reads_a_file_here_and_there(self, store, files):
        choose = random.Random(2)
        content = choose.randbytes(3_000_000)
        self.put(store, "a.bin", content)
        with files.open("a.bin", "rb") as file:
            assert file.seek(0, io.SEEK_END) == len(content)
            assert file.read(10) == b""
            for _ in range(30):
                at, length = choose.randrange(len(content)), choose.choice([1, 100, 300_000, 2_000_000])
                file.seek(at)
                assert file.read(length) == content[at : at + length]

    def test_reads_an_empty_file(self, store, files):
        self.put(store, "empty", b"")
        with files.open("empty", "rb") as file:
            assert file.read() == b""

    def test_tells_of_a_file(self, store, files):
        self.put(store, "in/a.csv", b"hello")
        info = files.info("in/a.csv")
        assert (info["name"], info["type"], info["size"]) == ("in/a.csv", "file", 5)

    @pytest.mark.parametrize("path", NO_PATHS)
    def test_opens_nothing_outside_its_root(self, files, path):
        for act in (files.open, files.info, files.ls):
            assert failure(lambda act=act: act(path)).code == "path_not_allowed"

    def test_opens_whatever_is_a_name(self, store, files):
        for number, name in enumerate(self.odd_names):
            self.put(store, f"odd/{name}", str(number).encode())
        for number, name in enumerate(self.odd_names):
            with files.open(f"odd/{name}", "rb") as file:
                assert file.read() == str(number).encode(), name

    def test_does_not_find_what_is_not_there(self, files):
        for act in (files.open, files.info):
            with pytest.raises(FileNotFoundError):
                act("nowhere/a.csv")

    def test_is_not_reached_where_nothing_listens(self, store):
        driver = store.driver(**self.elsewhere(store, "127.0.0.1", free_port()))
        error = failure(driver.check)
        assert (type(error), error.code) == (TransientError, "unreachable")

    @pytest.mark.parametrize("host", ["10.0.0.5", "169.254.169.254", "192.168.1.1", "metadata.google.internal"])
    def test_calls_no_host_that_is_refused(self, store, host):
        error = failure(store.driver(**self.elsewhere(store, host, 8080)).check)
        assert (type(error), error.code) == (ConfigError, "destination_not_allowed")

    def test_calls_no_server_of_ours(self, store):
        driver = store.driver()
        allowed = driver.surroundings.egress.allow
        driver.surroundings = Surroundings(Egress(allow=allowed, deny=(("127.0.0.1", self.port(store)),)))
        assert failure(driver.check).code == "destination_not_allowed"

    def elsewhere(self, store: Store, host: str, port: int) -> dict[str, object]:
        return {"host": host, "port": port}

    def port(self, store: Store) -> int:
        return store.settings["port"]


class StoreLists:
    def test_lists_files_and_folders(self, store, files):
        self.put(store, "in/a.csv", b"hello")
        self.put(store, "in/below/b.csv", b"")
        self.put(store, "c.csv", b"")
        assert {(info["name"], info["type"]) for info in files.ls("")} == {("in", "directory"), ("c.csv", "file")}
        found = {info["name"]: info for info in files.ls("in")}
        assert {name: info["type"] for name, info in found.items()} == {"in/a.csv": "file", "in/below": "directory"}
        assert found["in/a.csv"]["size"] == 5

    def test_lists_odd_names(self, store, files):
        for name in self.odd_names:
            self.put(store, f"odd/{name}", b"")
        assert {info["name"] for info in files.ls("odd")} == {f"odd/{name}" for name in self.odd_names}

    def test_lists_many_files(self, store, files):
        for number in range(2_345):
            self.put(store, f"many/{number}.csv", b"")
        assert len(files.ls("many")) == 2_345

    def test_follows_its_root(self, store):
        self.put(store, "base/in/a.csv", b"hello")
        driver = store.driver(path=f"{store.settings['path']}/base/in")
        assert [info["name"] for info in driver.filesystem.ls("")] == ["a.csv"]
        with driver.filesystem.open("a.csv", "rb") as file:
            assert file.read() == b"hello"

    def test_refuses_the_wrong_secret(self, store):
        for secrets in ({}, dict.fromkeys(store.secrets, "CANARY-wrong")):
            error = failure(store.driver(secrets=secrets).check)
            assert (type(error), error.code) == (CredentialsError, "auth_failed")


class StoreWrites:
    @pytest.mark.parametrize("size", [0, 1, 32_768, 20_000_003])
    def test_writes_a_file(self, store, files, size):
        content = random.Random(size).randbytes(size)
        with files.open("a.bin", "wb") as file:
            for start in range(0, size, 700_001):
                file.write(content[start : start + 700_001])
        assert self.got(store, "a.bin") == content

    def test_makes_folders(self, store, files):
        for _ in range(2):
            files.makedirs("a/b/c", exist_ok=True)
        with files.open("a/b/c/d.csv", "wb") as file:
            file.write(b"hello")
        assert self.got(store, "a/b/c/d.csv") == b"hello"

    def test_moves_a_file_over_another(self, store, files):
        self.put(store, "a.part", b"new")
        self.put(store, "a.csv", b"old and longer")
        files.mv("a.part", "a.csv")
        assert self.got(store, "a.csv") == b"new"
        assert not files.exists("a.part")

    def test_a_file_that_is_not_there_moves_over_nothing(self, store, files):
        self.put(store, "a.csv", b"old")
        with pytest.raises(FileNotFoundError):
            files.mv("nowhere", "a.csv")
        assert self.got(store, "a.csv") == b"old"

    def test_removes_the_file_that_is_meant(self, store, files):
        for name in ("a[1].csv", "a1.csv", "*"):
            self.put(store, name, b"")
        files.rm("a[1].csv")
        files.rm_file("*")
        assert [path.name for path in store.folder.iterdir()] == ["a1.csv"]

    def test_writes_whatever_is_a_name(self, store, files):
        for name in self.odd_names:
            with files.open(name, "wb") as file:
                file.write(name.encode())
        assert {name: self.got(store, name).decode() for name in self.odd_names} == {n: n for n in self.odd_names}

    @pytest.mark.parametrize("path", NO_PATHS)
    def test_writes_nothing_outside_its_root(self, store, files, path):
        self.put(store, "a.csv", b"")
        acts = [
            lambda: files.open(path, "wb"), lambda: files.mv("a.csv", path), lambda: files.mv(path, "b.csv"),
            lambda: files.rm_file(path), lambda: files.makedirs(path, exist_ok=True),
        ]  # fmt: skip
        for act in acts:
            assert failure(act).code == "path_not_allowed"
        assert [entry.name for entry in store.folder.iterdir()] == ["a.csv"]

    @staticmethod
    def got(store: Store, path: str) -> bytes:
        return (store.folder / path).read_bytes()
