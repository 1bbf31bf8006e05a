"""Chains between real databases, killed where it hurts most: rows arrive as often as they were promised."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from engine.contract import Delivery, Mode, Request, Target
from engine.drivers.sql.postgresql import ranges
from engine.errors import FenceLost, Stopped
from engine.schema import Row, Table
from engine.sync.chain import Chain, Generator, WriteStep
from engine.sync.figures import Figures
from engine.sync.run import run
from tests.engine.drivers.systems import System, mariadb, postgresql, sqlite
from tests.engine.sync.recorder import Notes, Recorder
from tests.engine.sync.test_resume import Killed, killed

KINDS = ("postgresql", "mysql", "sqlite")
PAGE_ROWS = 10
FILTER = ["not", ["empty", ["extract", "id"]]]
"""Which every row passes, and no database applies by itself."""
NAMES = ["plain", "it's", 'say "hi"', "back\\slash", "tab\tnew\nline", "zażółć 😀", "", None]


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], System]]:
    """`systems("source", "mysql")`: one database of each kind for either end, made when it is first asked for."""
    made: dict[tuple[str, str], System] = {}
    with ExitStack() as stack:
        makers = {
            "postgresql": postgresql,
            "mysql": mariadb,
            "sqlite": lambda: sqlite(tmp_path_factory.mktemp("sqlite")),
        }

        def system(end: str, kind: str) -> System:
            if (end, kind) not in made:
                made[end, kind] = stack.enter_context(makers[kind]())
            return made[end, kind]

        yield system


class Ends:
    """A source and its copies; `chain` makes a flow from the one to the others."""

    def __init__(self, source: System, *targets: System) -> None:
        self.source, self.targets = source, targets
        self.table = source.table("things")

    def chain(self, mode: Mode, *, cursor: str = "", **values: Any) -> Chain:
        request = Request(self.table, cursor=cursor, page_rows=PAGE_ROWS)
        generator = Generator("generator", "Things", self.source.driver(), request, overlap=values.pop("overlap", None))
        key = ("id",) if mode == Mode.UPSERT else ()
        steps = []
        for number, system in enumerate(self.targets):
            target = Target(self.copy_of(system), mode, key)
            steps.append(WriteStep(f"step-{number}", f"Copy {number}", system.driver(), target, **values))
        return Chain((generator,), tuple(steps))

    def copy_of(self, system: System) -> Table:
        return system.table("copies")

    def copies(self, number: int = 0) -> list[tuple[Any, ...]]:
        return read_back(self.targets[number], self.copy_of(self.targets[number]))

    def things(self) -> list[tuple[Any, ...]]:
        return read_back(self.source, self.table)


def read_back(system: System, table: Table) -> list[tuple[Any, ...]]:
    driver = system.driver()
    reading = driver.read(Request(table, columns=("id", "name", "changed")))
    rows = [tuple(row.values()) for page in reading.pages() for row in page.rows]
    reading.close()
    return sorted(rows, key=repr)


@pytest.fixture
def ends(systems: Callable[[str, str], System]) -> Iterator[Callable[..., Ends]]:
    """`ends("mysql", "sqlite", key=…, count=…)`: a source with a table of things, and empty targets."""
    used: list[System] = []

    def ends(source: str, *targets: str, key: tuple[str, ...] = ("id",), count: int = 97) -> Ends:
        made = Ends(systems("source", source), *(systems(f"target {at}", kind) for at, kind in enumerate(targets)))
        used.extend([made.source, *made.targets])
        made.source.make("things", rows(*range(count)), key=key)
        return made

    yield ends
    for system in used:
        system.close_drivers()
        system.drop_all()


def rows(*numbers: int) -> list[Row]:
    return [{"id": number, "name": NAMES[number % len(NAMES)], "changed": number} for number in numbers]


class Killer(Recorder):
    """An attempt that ends at its `at`th chance: before a page is written, inside a range, or behind a checkpoint."""

    def __init__(self, notes: Notes, *, fence: int, at: int) -> None:
        super().__init__(notes, fence=fence)
        self.chances = at

    def raise_if_stopped(self, *, may_hand_back: bool) -> None:
        self._chance()
        super().raise_if_stopped(may_hand_back=may_hand_back)

    def progress(self, figures: Figures) -> None:
        self._chance()
        super().progress(figures)

    def _chance(self) -> None:
        self.chances -= 1
        if not self.chances:
            raise Killed


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_a_copy_is_exact_however_often_its_worker_is_killed(
    ends: Callable[..., Ends], source: str, target: str, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "FEWEST_ROWS", PAGE_ROWS)
    monkeypatch.setattr(ranges, "MOST_ROWS", PAGE_ROWS)
    copy, notes, chance = ends(source, target), Notes(), random.Random(f"{source} {target} {mode}")
    flow = copy.chain(mode)
    for fence in range(1, 7):
        killed(flow, Killer(notes, fence=fence, at=chance.randint(1, 3)))
    figures = run(flow, Recorder(notes, fence=9))
    assert copy.copies() == copy.things()
    step = figures.of("step-0")
    assert (step.records, step.failed, step.delivery) == (97, 0, Delivery.EXACTLY_ONCE)
    assert step.lane == ("bytes" if (source, target) == ("postgresql", "postgresql") else "rows")
    run(flow, Recorder(notes, fence=10))
    assert copy.copies() == copy.things()


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("mode", [Mode.APPEND, Mode.REPLACE])
def test_a_table_without_a_key_is_copied_in_one_piece(ends: Callable[..., Ends], target: str, mode: Mode) -> None:
    copy, notes = ends("postgresql", target, key=()), Notes()
    flow = copy.chain(mode, filter=FILTER)
    for fence, at in enumerate((2, 4, 7), 1):
        killed(flow, Killer(notes, fence=fence, at=at))
        assert mode == Mode.REPLACE or copy.copies() == []
    run(flow, Recorder(notes, fence=9))
    assert copy.copies() == copy.things()


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("mode", Mode)
def test_a_zombie_writes_nothing_more(ends: Callable[..., Ends], target: str, mode: Mode) -> None:
    copy, notes = ends("postgresql", target), Notes()
    flow = copy.chain(mode, filter=FILTER)
    zombie = Recorder(notes, fence=1)

    def fall_asleep(figures: Figures) -> None:
        zombie.at_checkpoint = lambda figures: None
        run(copy.chain(mode, filter=FILTER), Recorder(notes, fence=2))

    zombie.at_checkpoint = fall_asleep
    with pytest.raises(FenceLost):
        run(flow, zombie)
    assert copy.copies() == copy.things()


@pytest.mark.parametrize("targets", [("postgresql", "mysql"), ("sqlite", "postgresql")])
def test_a_kill_between_two_destinations_costs_neither_a_row(
    ends: Callable[..., Ends], targets: tuple[str, str]
) -> None:
    copy, notes, chance = ends("postgresql", *targets), Notes(), random.Random(repr(targets))
    flow = copy.chain(Mode.APPEND)
    for fence in range(1, 6):
        killed(flow, Killer(notes, fence=fence, at=chance.randint(1, 4)))
        copy.source.execute(f"UPDATE things SET changed = 1000 + {fence} WHERE id = {90 + fence}")
    run(flow, Recorder(notes, fence=9))
    for number in range(2):
        ids = [row[0] for row in copy.copies(number)]
        assert sorted(ids) == list(range(97))


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_only_what_changed_is_read_again(ends: Callable[..., Ends], source: str, target: str) -> None:
    copy, notes = ends(source, target), Notes()
    flow = copy.chain(Mode.UPSERT, cursor="changed", overlap=5)
    run(flow, Recorder(notes, job="first", fence=1))
    copy.source.execute("UPDATE things SET name = 'changed', changed = 100 WHERE id IN (3, 4, 5)")
    copy.source.execute("UPDATE things SET name = 'late', changed = 93 WHERE id = 7")
    copy.source.add("things", [{"id": 97, "name": "new", "changed": 99}])
    figures = run(flow, Recorder(notes, job="second", fence=2))
    assert copy.copies() == copy.things()
    assert figures.of("generator").records == 3 + 1 + 1 + 6  # those of 91 to 96 overlap
    figures = run(flow, Recorder(notes, job="third", fence=3))
    assert figures.of("generator").records == 6  # of 95, 96, 99 and three of 100: within the overlap


@pytest.mark.parametrize("source", KINDS)
def test_what_is_appended_is_read_once(ends: Callable[..., Ends], source: str) -> None:
    copy, notes = ends(source, "postgresql"), Notes()
    flow = copy.chain(Mode.APPEND, cursor="changed", overlap=5)
    for number in range(3):
        run(flow, Recorder(notes, job=f"job {number}", fence=number + 1))
        copy.source.add("things", rows(100 + number))
    assert sorted(row[0] for row in copy.copies()) == [*range(97), 100, 101]


@pytest.mark.parametrize("target", KINDS)
def test_refused_rows_are_told_by_their_place_and_the_others_arrive(ends: Callable[..., Ends], target: str) -> None:
    copy, notes = ends("postgresql", target), Notes()
    system = copy.targets[0]
    system.make("copies", [{"id": 5, "name": "taken", "changed": 0}], key=("id",))
    flow = copy.chain(Mode.APPEND, filter=["lessthan", ["extract", "id"], 25])
    killed(flow, Killer(notes, fence=1, at=4))
    figures = run(flow, Recorder(notes, fence=2))
    assert {place[2:]: refusal.code for place, refusal in notes.refusals.items()} == {(1, 5): "duplicate_key"}
    assert [refusal.record["id"] for refusal in notes.refusals.values()] == [5]
    assert [refusal.trace_key for refusal in notes.refusals.values()] == ["5"]
    assert sorted(row[0] for row in copy.copies()) == list(range(25))
    step = figures.of("step-0")
    assert (step.records, step.failed, step.ignored) == (24, 1, 0)  # the source left out the others


@pytest.mark.parametrize(
    ("target", "lock", "unlock"),
    [
        ("postgresql", "BEGIN; LOCK TABLE copies IN ACCESS EXCLUSIVE MODE", "ROLLBACK"),
        ("mysql", "LOCK TABLES copies WRITE", "UNLOCK TABLES"),
    ],
)
def test_a_write_that_waits_for_somebodys_lock_can_be_cancelled(
    ends: Callable[..., Ends], target: str, lock: str, unlock: str
) -> None:
    copy = ends("sqlite", target)
    system = copy.targets[0]
    control = Recorder()
    with control.asking_to_stop("cancel", after=0.5) as begin:

        def lock_then_cancel(figures: Figures) -> None:
            system.execute(lock)
            begin()

        control.at_checkpoint = lock_then_cancel
        try:
            with pytest.raises(Stopped):
                run(copy.chain(Mode.APPEND), control)
        finally:
            system.execute(unlock)
    assert len(copy.copies()) == PAGE_ROWS


@pytest.mark.parametrize(
    ("source", "lock", "unlock"),
    [
        ("postgresql", "BEGIN; LOCK TABLE things IN ACCESS EXCLUSIVE MODE", "ROLLBACK"),
        ("mysql", "LOCK TABLES things WRITE", "UNLOCK TABLES"),
    ],
)
def test_a_read_that_waits_for_somebodys_lock_can_be_cancelled(
    ends: Callable[..., Ends], source: str, lock: str, unlock: str
) -> None:
    copy, control = ends(source, "sqlite"), Recorder()
    copy.source.execute(lock)
    try:
        with control.asking_to_stop("cancel", after=0.5) as begin:
            begin()
            with pytest.raises(Stopped):
                run(copy.chain(Mode.APPEND), control)
    finally:
        copy.source.execute(unlock)


def test_a_mapping_and_a_rename_in_the_bytes_lane_and_by_rows_give_the_same(ends: Callable[..., Ends]) -> None:
    copy, notes = ends("postgresql", "postgresql"), Notes()
    mapping = [
        {"generate": "changed", "extract": "$.id"},
        {"generate": "id", "extract": "$.changed"},
        {"generate": "name", "extract": "$.name"},
        {"generate": "again", "extract": "$.name"},
    ]
    by_bytes = run(copy.chain(Mode.REPLACE, mapping=mapping), Recorder(notes, job="first", fence=1))
    first = copy.copies()
    by_rows = run(copy.chain(Mode.REPLACE, mapping=mapping, filter=FILTER), Recorder(notes, job="second", fence=2))
    assert (by_bytes.of("step-0").lane, by_rows.of("step-0").lane) == ("bytes", "rows")
    assert copy.copies() == first == copy.things()
