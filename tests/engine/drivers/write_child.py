"""An attempt at a run in a process of its own, to be killed: `python -m tests.engine.drivers.write_child <JSON>`.

Says "take" before it takes over, then the number of each page, "finish" and "done"; and after each word waits for a
line that lets it go on.
"""

import json
import sys
from pathlib import Path

from engine.contract import Lineage, Mode, Position, Rejected, Target
from engine.registry import driver_class
from engine.schema import Column, Kind, Row, Table, Type
from engine.toolkit.surroundings import Surroundings
from tests.engine.drivers.systems import LOOPBACK

COLUMNS = (
    Column("id", Type(Kind.INTEGER, size=64), nullable=False),
    Column("name", Type(Kind.TEXT, size=100)),
)
PAGES, ROWS = 12, 100


def rows_of(page: int) -> list[Row]:
    first = (page - 1) * ROWS
    return [{"id": number, "name": f"name {number}"} for number in range(first, first + ROWS)]


def say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()
    sys.stdin.readline()


def ignore(_rejected: list[Rejected]) -> None:
    pass


def attempt(
    name: str, settings: dict[str, object], secrets: dict[str, str], folder: str, mode: Mode, fence: int
) -> None:
    surroundings = Surroundings(egress=LOOPBACK, folders=(Path(folder),))
    driver = driver_class(name)(settings, secrets, surroundings)
    lineage = Lineage(step=f"step-{mode}", stream="orders", job="job", fence=fence)
    writer = driver.writer(Target(Table(f"target_{mode}"), mode), COLUMNS, (), lineage)
    say("take")
    standing = writer.take_over()
    position: Position = standing.position or {"page": 0}
    if standing.position is None:
        writer.begin(position)
    if not standing.done:
        for page in range(position["page"] + 1, PAGES + 1):
            say(page)
            writer.write(rows_of(page), {"page": page}, ignore)
        say("finish")
        writer.finish({"page": PAGES})
    writer.close()
    driver.close()
    say("done")


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    attempt(**{**given, "mode": Mode(given["mode"])})
