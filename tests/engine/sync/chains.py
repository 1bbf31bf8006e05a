"""Short chains over the drivers of `memory`."""

from typing import Any

from engine.contract import Mode, Request, Target
from engine.schema import Row, Table
from engine.sync.chain import Chain, Generator, WriteStep
from tests.engine.sync.memory import MemorySource, MemoryTarget


def row(number: int, **values: Any) -> Row:
    return {"id": number, "name": f"thing {number}", "changed": number, **values}


def rows(*numbers: int) -> list[Row]:
    return [row(number) for number in numbers]


def generator(source: MemorySource, uid: str = "generator", *, page_rows: int = 2, **values: Any) -> Generator:
    cursor = values.pop("cursor", "")
    request = Request(Table("things"), cursor=cursor, page_rows=page_rows)
    return Generator(uid, f"Export {uid}", source, request, **values)


def step(target: MemoryTarget, uid: str = "step", *, mode: Mode = Mode.APPEND, **values: Any) -> WriteStep:
    key = ("id",) if mode == Mode.UPSERT else ()
    return WriteStep(uid, f"Import {uid}", target, Target(Table("copies"), mode, key), **values)


def chain(source: MemorySource, target: MemoryTarget, *, mode: Mode = Mode.APPEND, **values: Any) -> Chain:
    """The shortest one: from a source to a destination."""
    return Chain((generator(source, **values),), (step(target, mode=mode),))
