"""Nobody gets out of the folder, whatever the names, links and races."""

import os
import threading
from pathlib import Path

import pytest

from engine.contract import Mode, Request, Target
from engine.drivers.files.folder import FolderDriver
from engine.errors import ConfigError
from engine.schema import Column, Kind, Table, Type
from engine.toolkit.surroundings import Surroundings
from tests.engine.drivers.folders import Folder, lineage

SECRET = b"secret\nof somebody else\n"
COLUMNS = [Column("id", Type(Kind.INTEGER))]
OUTSIDE = [
    "../secret.csv", "..", ".", "in/../../secret.csv", "/etc/passwd", "//etc/passwd", "in//a.csv", "./in/a.csv",
    "in/./a.csv", "..\\secret.csv", "in\\..\\..\\secret.csv", "\\\\host\\share", "C:\\x", "a\0.csv", "a\n.csv", "\x7f",
    "\ud800.csv", "", "in/", "x" * 256 + ".csv", "/".join("x" * 2_100), "**/../*.csv", "../*.csv", "*/../../*.csv",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path) -> Folder:
    (tmp_path / "secret.csv").write_bytes(SECRET)
    root = tmp_path / "root"
    root.mkdir()
    folder = Folder(root)
    folder.put("in/a.csv", "id\n1\n")
    return folder


@pytest.mark.parametrize("name", OUTSIDE)
def test_refuses_a_path_that_leads_out_or_nowhere(folder, name):
    assert folder.failure(name, type="csv").code == "path_not_allowed"
    for table in (Table("a.csv", name), Table(name, "in")):
        if name not in {"", "in/"}:
            assert folder.failure(table, type="csv").code in {"path_not_allowed", "unknown_file"}
    with pytest.raises(ConfigError) as caught:
        folder.driver().writer(_target(name), COLUMNS, (), lineage())
    assert caught.value.code == "path_not_allowed"


@pytest.mark.parametrize("name", [name for name in OUTSIDE if "*" not in name and name not in {"", "in/"}])
def test_refuses_such_a_folder_to_list_and_to_be_the_root(folder, name):
    with pytest.raises(ConfigError) as caught:
        folder.driver().tables("", name)
    assert caught.value.code in {"path_not_allowed", "unknown_folder"}
    with pytest.raises(ConfigError) as caught:
        folder.driver(path=name).check()
    assert caught.value.code in {"path_not_allowed", "unknown_folder", "invalid_setting"}


def test_needs_a_folder_that_the_operator_opened(folder):
    with pytest.raises(ConfigError) as caught:
        FolderDriver({}, {}, Surroundings()).check()
    assert caught.value.code == "path_not_allowed"


def test_takes_the_first_root_that_has_the_folder(folder, tmp_path):
    (tmp_path / "other" / "sub").mkdir(parents=True)
    (tmp_path / "other" / "sub" / "b.csv").write_text("id\n2\n")
    driver = FolderDriver({"path": "sub"}, {}, Surroundings(folders=(folder.path, tmp_path / "other")))
    assert driver.tables("", "") == [Table("b.csv")]


def _links(folder: Folder) -> None:
    outside = folder.path.parent
    for name, target in {
        "file.csv": outside / "secret.csv", "folder": outside, "in/up": Path(".."),
        "self.csv": folder.path / "in/a.csv",
        "loop": folder.path / "loop", "dangling.csv": outside / "nothing",
    }.items():  # fmt: skip
        (folder.path / name).symlink_to(target)


@pytest.mark.parametrize(
    "name", ["file.csv", "folder/secret.csv", "in/up/secret.csv", "self.csv", "loop", "dangling.csv"]
)
def test_does_not_follow_links(folder, name):
    _links(folder)
    assert folder.failure(name, type="csv").code in {"unknown_file", "permission_denied"}
    assert folder.driver().tables("", "") == []
    assert folder.driver().schemas("") == ["", "in"]
    assert [row["id"] for row in folder.rows("**/*.csv")] == ["1"]


def test_does_not_write_through_links(folder):
    _links(folder)
    for name in ("folder/secret.csv", "in/up/x.csv", "loop/x.csv"):
        with pytest.raises(ConfigError):
            folder.write(name, COLUMNS, [], allow_empty=True)
    writer = folder.writer("file.csv", COLUMNS, allow_empty=True)
    writer.take_over()
    writer.begin({})
    writer.finish({})
    assert (folder.path / "file.csv").is_file()
    assert not (folder.path / "file.csv").is_symlink()
    assert (folder.path.parent / "secret.csv").read_bytes() == SECRET


def test_does_not_open_what_is_no_file(folder):
    os.mkfifo(folder.path / "fifo.csv")
    names = ["fifo.csv"]
    if os.geteuid() == 0:
        os.mknod(folder.path / "zero.csv", 0o020_666, os.makedev(1, 5))
        names.append("zero.csv")
    for name in names:
        assert folder.failure(name).code == "unknown_file"
        with pytest.raises(PermissionError):
            folder.driver().filesystem.open(name, "rb")
        with pytest.raises((PermissionError, OSError)):
            folder.driver().filesystem.open(name, "wb")


def test_a_folder_that_is_swapped_for_a_link_gives_nothing_away(folder):
    """Somebody swaps the folder for a link and back as fast as they can."""
    folder.put("in/secret.csv", b"mine\nx\n")
    elsewhere, inside = folder.path.parent / "link", folder.path / "in"
    elsewhere.symlink_to(folder.path.parent)
    is_over = threading.Event()

    def swap() -> None:
        aside = folder.path / "aside"
        while not is_over.is_set():
            inside.rename(aside)
            elsewhere.rename(inside)
            inside.rename(elsewhere)
            aside.rename(inside)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        found, refused = 0, 0
        for _ in range(400):
            driver = folder.driver()
            try:
                rows = [row for page in driver.read(Request(Table("secret.csv", "in"))).pages() for row in page.rows]
            except ConfigError as error:
                assert error.code in {"unknown_file", "permission_denied"}  # noqa: PT017
                refused += 1
            else:
                assert rows == [{"mine": "x"}]
                found += 1
    finally:
        is_over.set()
        swapper.join()
    assert found + refused == 400
    [page] = folder.driver().read(Request(Table("secret.csv", "in"))).pages()
    assert page.rows == [{"mine": "x"}]


def _target(name: str) -> Target:
    return Target(Table(name), Mode.REPLACE, format={"type": "csv"})
