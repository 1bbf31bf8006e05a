"""How much of a file is taken: what is larger, deeper or longer is refused before memory or a disk is full of it."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """`unpacked`: bytes of a file's content; `ratio`: of content to packed bytes, judged once `ratio_from` bytes came;
    `line`: bytes of a line, and roughly of a record of several; `depth`: of JSON; `members`: of an archive; `columns`:
    of a stream; `files`: that one pattern takes, and `entries`: that are looked at for it; `whole`: bytes of content
    that must lie in memory at once, of a workbook or a member of an archive; `json_list`: of a JSON list, whose records
    take many times as much there; `sample`: records that types are found from."""

    unpacked: int = 100 * 1024 * MIB
    ratio: int = 100
    ratio_from: int = 10 * MIB
    line: int = MIB
    depth: int = 64
    members: int = 10_000
    columns: int = 10_000
    files: int = 10_000
    entries: int = 100_000
    whole: int = 128 * MIB
    json_list: int = 32 * MIB
    sample: int = 1_000
