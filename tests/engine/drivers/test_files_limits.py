"""What is too large, too long, too deep or cut short is refused at flat memory, and in words that say what it is."""

import bz2
import gzip
import lzma
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from engine.contract import Page, Request
from engine.drivers.files.limits import MIB
from engine.errors import EngineError
from engine.schema import Table
from tests.engine.drivers.folders import Folder


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path)


def bomb(path: Path, piece: bytes, count: int) -> None:
    """A gzip file of a head, and of `count` times the piece, made without packing each anew."""
    with path.open("wb") as file:
        file.write(gzip.compress(b"a,b\n"))
        packed = gzip.compress(piece)
        for _ in range(count):
            file.write(packed)


PEAK = """
import resource, sys
from pathlib import Path
from tests.engine.drivers.folders import Folder
folder = Folder(Path(sys.argv[1]))
folder.rows("small.csv")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
code = folder.failure(sys.argv[2]).code
print(code, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def refused(folder: Folder, name: str) -> tuple[str, int]:
    """The code, and by how many MiB the memory of a process of its own grew."""
    folder.put("small.csv", "a,b\n1,2\n")
    command = [sys.executable, "-c", PEAK, str(folder.path), name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, grown = done.stdout.split()
    return code, int(grown)


def test_a_gzip_bomb_is_refused_early(folder):
    piece = b"1,2\n" * (25 * MIB)
    bomb(folder.path / "bomb.csv.gz", piece, 100)
    assert (folder.path / "bomb.csv.gz").stat().st_size < 10 * MIB
    code, grown = refused(folder, "bomb.csv.gz")
    assert code == "compression_bomb"
    assert grown < 100


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.csv.bz2", bz2.compress),
        ("a.csv.xz", lzma.compress),
        ("a.csv.zst", lambda data: pa.compress(data, "zstd", asbytes=True)),
    ],
)
def test_so_are_those_of_other_packings(folder, name, pack):
    folder.put(name, pack(b"1,2\n" * (MIB // 4)) * 16)
    assert folder.failure(name).code == "compression_bomb"


def test_a_line_of_a_gigabyte_is_refused_before_it_is_held(folder):
    with (folder.path / "long.csv").open("wb") as file:
        file.write(b"a,b\n1,2\n3,")
        file.truncate(1_024 * MIB)  # zeros that take no space
    code, grown = refused(folder, "long.csv")
    assert code == "line_too_long"
    assert grown < 100
    assert "Line 3 " in folder.failure("long.csv").message


def test_a_quote_that_is_never_closed_is_told_from_a_long_line(folder):
    rows = "".join(f"{number},x\n" for number in range(1_000_000))
    folder.put("far.csv", f'a,b\n1,2\n3,"x\n{rows}')
    failure = folder.failure("far.csv")
    assert failure.code == "unclosed_quote"
    assert failure.message == "A quote that opens in row 2 of 'far.csv' is not closed."
    folder.put("middle.csv", f'a,b\n{rows}7\n8,"x\n{rows}')
    assert folder.failure("middle.csv").message == "A quote that opens in row 1,000,002 of 'middle.csv' is not closed."
    for content, format_ in [
        ('a,b\n1,2\n3,"x\n4,5\n', {}),
        ('a,b\n1\n3,"', {}),
        ('a\n1\n"2\n3\n', {}),
        ('a,b\n1,2\n1,"2\\"\n', {"escape": "\\"}),
    ]:
        folder.put("near.csv", content)
        failure = folder.failure("near.csv", **format_)
        assert failure.code == "unclosed_quote"
        assert "in row 2 of" in failure.message


def test_pages_before_what_is_refused_are_given(folder):
    rows = "".join(f"{number},x\n" for number in range(500_000))
    folder.put("a.csv", f'a,b\n{rows}1,"\n{rows}')
    pages, code = _until_failure(folder.driver().read(Request(Table("a.csv"))).pages())
    assert code == "unclosed_quote"
    assert sum(len(page.rows) for page in pages) > 200_000
    assert [row["a"] for row in pages[-1].rows][-1] == str(sum(len(page.rows) for page in pages) - 1)


def test_a_line_may_be_as_long_as_the_limit(folder):
    folder.put("a.csv", "a,b\n1," + "x" * (MIB - 2) + "\n3,4\n")
    assert [len(row["b"]) for row in folder.rows("a.csv")] == [MIB - 2, 1]
    folder.put("b.csv", "a,b\n1," + "x" * (MIB - 1) + "\n3,4\n")
    assert folder.failure("b.csv").code == "line_too_long"
    folder.put("c.jsonl", '{"a": "' + "x" * MIB + '"}')
    assert folder.failure("c.jsonl").code == "line_too_long"


def test_records_of_many_bytes_come_a_few_at_a_time(folder):
    with (folder.path / "a.jsonl").open("wb") as file:
        for _ in range(400):
            file.write(b'{"a": "' + b"x" * (MIB - 20) + b'"}\n')
        file.write(b"\xff")
    code, grown = refused(folder, "a.jsonl")
    assert code == "decode_error"
    assert grown < 100


def test_a_million_columns_are_refused(folder):
    header = ",".join("abc"[number % 3] for number in range(400_000))
    folder.put("a.csv", f"{header}\n")
    assert folder.failure("a.csv").code == "too_many_columns"
    assert folder.failure("a.csv", header=False).code == "too_many_columns"
    folder.put("a.jsonl", "".join(f'{{"f{number}": 1, "g{number}": 1}}\n' for number in range(1_000)))
    assert folder.failure("a.jsonl", {"columns": 1_999}).code == "too_many_columns"


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_what_is_no_text_is_refused_with_its_line(folder, name):
    row = b"1,2\n" if name == "a.csv" else b'{"a": 1}\n'
    folder.put(name, b"a,b\n" * (name == "a.csv") + row * 300_000 + b"\xff\xfe\n" + row)
    failure = folder.failure(name)
    assert failure.code == "decode_error"
    assert f"Line {300_002 if name == 'a.csv' else 300_001:,} of '{name}'" in failure.message
    folder.put("b.csv", "a\nä".encode()[:-1])
    assert folder.failure("b.csv").code == "decode_error"


@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", lambda data: pa.compress(data, "zstd", asbytes=True)),
    ],
)
def test_what_is_cut_short_or_not_packed_is_refused(folder, ending, pack):
    content = pack(b"a,b\n" + b"".join(b"%d,%d\n" % (number, number * 7919 % 10_007) for number in range(20_000)))
    folder.put(f"a.csv{ending}", content[: len(content) // 2])
    assert folder.failure(f"a.csv{ending}").code == "truncated_file"
    folder.put(f"b.csv{ending}", b"a,b\n1,2\n")
    assert folder.failure(f"b.csv{ending}").code == "invalid_compression"
    folder.put(f"c.csv{ending}", b"")
    assert folder.failure(f"c.csv{ending}").code in {"truncated_file", "no_columns"}


def test_content_of_more_than_the_limit_is_refused(folder):
    folder.put("a.csv", "a\n" + ("1" * 127 + "\n") * (MIB // 20))
    assert len(folder.rows("a.csv", {"unpacked": 7 * MIB})) == MIB // 20
    assert folder.failure("a.csv", {"unpacked": 5 * MIB}).code == "file_too_large"


# Archives


def archive(folder: Folder, name: str, members: Iterator[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(folder.path / name, "w", zipfile.ZIP_DEFLATED) as file:
        for member, content in members:
            file.writestr(member, content)


@pytest.mark.parametrize("name", ["../x.csv", "/x.csv", "a/../../x.csv", "a\\..\\x.csv", "C:\\x.csv", "a\n.csv"])
def test_members_with_names_that_lead_out_are_refused(folder, name):
    archive(folder, "a.zip", iter([("a.csv", b"a\n1\n"), (name, b"a\n2\n")]))
    assert folder.failure("a.zip").code == "invalid_archive"


def test_archives_of_too_many_members_are_refused(folder):
    archive(folder, "a.zip", ((f"{number}.csv", b"a\n1\n") for number in range(10_001)))
    assert folder.failure("a.zip").code == "too_many_files"


def test_a_bomb_in_an_archive_is_refused_whatever_it_says_of_its_size(folder):
    archive(folder, "a.csv.zip", iter([("a.csv", b"1,2\n" * (4 * MIB))]))
    assert folder.failure("a.csv.zip").code == "compression_bomb"
    content = (folder.path / "a.csv.zip").read_bytes()
    lying = content.replace((16 * MIB).to_bytes(4, "little"), (1_000).to_bytes(4, "little"))
    folder.put("b.csv.zip", lying)
    assert folder.failure("b.csv.zip").code in {"invalid_archive", "compression_bomb"}


def test_archives_that_are_cut_short_or_locked_are_refused(folder):
    archive(folder, "a.csv.zip", iter([("a.csv", b"a,b\n" + bytes(range(97, 122)) * 1_000)]))
    content = (folder.path / "a.csv.zip").read_bytes()
    folder.put("b.csv.zip", content[:-30])
    assert folder.failure("b.csv.zip").code == "invalid_archive"
    folder.put("c.csv.zip", content.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"))
    assert folder.failure("c.csv.zip").code == "invalid_archive"


def test_a_workbook_that_is_a_bomb_is_refused_before_it_is_loaded(folder):
    sheet = b"<worksheet>" + b" " * (60 * MIB) + b"</worksheet>"
    archive(folder, "a.xlsx", iter([("[Content_Types].xml", b"<Types/>"), ("xl/worksheets/sheet1.xml", sheet)]))
    code, grown = refused(folder, "a.xlsx")
    assert code == "compression_bomb"
    assert grown < 100
    content = (folder.path / "a.xlsx").read_bytes()
    folder.put("b.xlsx", content.replace(len(sheet).to_bytes(4, "little"), (1_000).to_bytes(4, "little")))
    assert folder.failure("b.xlsx").code == "compression_bomb"
    folder.put("c.xlsx", content)
    assert folder.failure("c.xlsx", {"whole": 50 * MIB, "ratio": 10_000}).code == "file_too_large"


def _until_failure(pages: Iterator[Page]) -> tuple[list[Page], str]:
    found: list[Page] = []
    try:
        found.extend(pages)
    except EngineError as error:
        return found, error.code
    raise AssertionError("Nothing failed")
