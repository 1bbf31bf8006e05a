"""The arrow lane between real databases: what arrives is what the other lanes would have brought."""

from collections.abc import Iterator
from typing import Any

import pytest

from engine.contract import Mode, Request, Target
from engine.drivers.sql.postgresql import ranges
from engine.errors import Stopped
from engine.sync import ranges as lanes
from engine.sync import run as runs
from engine.sync.chain import Chain, Generator, WriteStep
from engine.sync.run import run
from tests.engine.drivers.systems import Postgresql, postgresql
from tests.engine.sync.recorder import Notes, Recorder
from tests.engine.sync.test_databases import FILTER, Killer
from tests.engine.sync.test_resume import killed

SHAPE = """
    id bigint PRIMARY KEY, tiny smallint, big bigint, ratio double precision, single real, amount numeric(12,2),
    any_number numeric, yes boolean, name text, code varchar(20), padded char(8), data bytea, day date, clock time,
    at timestamp, zoned timestamptz, lasted interval, uid uuid, document jsonb, raw json, numbers integer[],
    words text[], address inet, bits bit(3)"""
TEXTS = [
    "",
    " ",
    "plain",
    'say "hi"',
    "it's",
    "back\\slash",
    "\\N",
    "\\.",
    "a\n\\.\nb",
    "tab\tnew\nline\r\n",
    "żółć 😀",
    ",",
    '"',
    '""',
]
ROWS: list[dict[str, Any]] = [
    {},
    *({"name": text, "words": [text, None], "document": "{}"} for text in TEXTS),
    {"tiny": -(2**15), "big": -(2**63), "ratio": "NaN", "single": "NaN", "amount": "NaN", "any_number": "NaN"},
    {"tiny": 2**15 - 1, "big": 2**63 - 1, "ratio": "Infinity", "single": "-Infinity", "any_number": "1e400"},
    {"ratio": 0.1, "single": 0.1, "amount": "-0.01", "any_number": "0.00000000012345678901234567890"},
    {"ratio": 5e-324, "single": 16777216.0, "amount": "9999999999.99", "any_number": "1e-400"},
    {"ratio": 3.0, "yes": True, "code": "x" * 20, "padded": "ab", "data": b"\x00\xff\\x'\n", "bits": "101"},
    {"yes": False, "data": b"", "numbers": [], "words": [], "document": "null", "raw": ' {"a" :\n[1, "\\u00e4"]} '},
    {
        "day": "infinity",
        "at": "-infinity",
        "zoned": "infinity",
        "clock": "24:00:00",
        "lasted": "-1 mon 3 days -4:05:06.5",
    },
    {"day": "0044-03-15 BC", "at": "2024-02-29 23:59:59.000001", "zoned": "2024-02-29 23:59:59.5+05:30"},
    {"uid": "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "address": "::1/64", "numbers": [1, None, -3]},
    {"words": ['a"b', "a\\b", "NULL", "a,b", "{}", "\n"], "document": '{"text": "a\\\\b\\n"}', "raw": '{"n": 1e400}'},
]


@pytest.fixture(scope="module")
def ends() -> Iterator[tuple[Postgresql, Postgresql]]:
    with postgresql() as source, postgresql() as target:
        source.execute(f"CREATE TABLE things ({SHAPE})")
        source.add("things", [{"id": number, **row} for number, row in enumerate(ROWS)])
        source.execute("ANALYZE things")
        yield source, target


@pytest.fixture(autouse=True)
def _short_ranges(ends: tuple[Postgresql, Postgresql], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ranges, "FEWEST_ROWS", 10)
    monkeypatch.setattr(ranges, "MOST_ROWS", 10)
    yield
    for system in ends:
        system.close_drivers()
    ends[1].drop_all()


def chain(ends: tuple[Postgresql, Postgresql], mode: Mode = Mode.REPLACE, **values: Any) -> Chain:
    source, target = ends
    request = Request(source.table("things"), page_rows=10, cursor=values.pop("cursor", ""))
    generator = Generator("generator", "Things", source.driver(), request)
    to = Target(target.table(values.pop("table", "copies")), mode, ("id",) if mode == Mode.UPSERT else ())
    return Chain((generator,), (WriteStep("step", "Copies", target.driver(), to, **values),))


def columns(system: Postgresql, table: str) -> list[str]:
    names = "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
    return [name for (name,) in system.connection.execute(names, [table])]


def shown(system: Postgresql, table: str) -> list[str]:
    return [row for (row,) in system.connection.execute(f"SELECT t::text FROM {table} t ORDER BY id")]


def mapping(ends: tuple[Postgresql, Postgresql], **extra: Any) -> list[dict[str, Any]]:
    """Every column as it is, and one more that makes the lane of bytes impossible."""
    same = [{"generate": name, "extract": f"$.{name}"} for name in columns(ends[0], "things")]
    return [*same, {"generate": "more", "extract": "$.id", "cast": "string", **extra}]


def test_every_value_arrives_as_it_does_by_rows_and_as_bytes(ends: tuple[Postgresql, Postgresql]) -> None:
    source, target = ends
    rules = mapping(ends)
    taken = [
        run(chain(ends, table="by_arrow", mapping=rules), Recorder(job="a")).of("step").lane,
        run(chain(ends, table="by_rows", mapping=rules, filter=FILTER), Recorder(job="b", fence=2)).of("step").lane,
        run(chain(ends, table="by_bytes"), Recorder(job="c", fence=3)).of("step").lane,
    ]
    assert taken == ["arrow", "rows", "bytes"]
    assert shown(target, "by_arrow") == shown(target, "by_rows")
    target.execute("ALTER TABLE by_arrow DROP COLUMN more")
    assert shown(target, "by_arrow") == shown(target, "by_bytes") == shown(source, "things")


CASTS = {
    "id": ["string", "integer", "float", "decimal(6,1)", "json", "varchar(2)"],
    "big": ["string", "decimal(20,1)"],
    "ratio": ["string", "decimal", "json"],
    "amount": ["string", "float", "decimal(14,4)"],
    "any_number": ["string", "varchar(500)"],
    "yes": ["string", "integer", "float", "json"],
    "name": ["string", "varchar(30)"],
    "day": ["string", "varchar(20)"],
    "at": ["string"],
    "zoned": ["string"],
    "lasted": ["string"],
    "uid": ["string", "varchar(36)"],
    "document": ["string"],
    "raw": ["string", "json"],
    "numbers": ["string", "json"],
    "words": ["json"],
}
PAIRS = [(name, cast) for name, casts in CASTS.items() for cast in casts]


@pytest.mark.parametrize("default", [None, "7"])
def test_casts_and_defaults_are_those_of_the_rows_lane(
    ends: tuple[Postgresql, Postgresql], default: str | None
) -> None:
    _, target = ends
    rules: list[dict[str, Any]] = [{"generate": "id", "extract": "$.id"}, {"generate": "word", "hardCodedValue": 1}]
    for number, (name, cast) in enumerate(PAIRS):
        rules.append({"generate": f"c{number}", "extract": f"$.{name}", "cast": cast})
        if default and cast != "json":
            rules[-1]["default"] = default
    rules.append({"generate": "literal", "extract": "it's", "dataType": "string"})
    rules.append({"generate": "part", "extract": "$.document.text"})
    rules.append({"generate": "element", "extract": "$.numbers[0]", "cast": "integer", "default": 5})
    rules.append({"generate": "number", "extract": 12, "cast": "integer"})
    lanes_taken = [
        run(chain(ends, table="by_arrow", mapping=rules), Recorder(job="a")).of("step"),
        run(chain(ends, table="by_rows", mapping=rules, filter=FILTER), Recorder(job="b", fence=2)).of("step"),
    ]
    assert [(one.lane, one.failed) for one in lanes_taken] == [("arrow", 0), ("rows", 0)]
    assert shown(target, "by_arrow") == shown(target, "by_rows")


@pytest.mark.parametrize("mode", Mode)
def test_a_copy_is_exact_however_often_its_worker_is_killed(ends: tuple[Postgresql, Postgresql], mode: Mode) -> None:
    source, target = ends
    notes, flow = Notes(), chain(ends, mode, mapping=mapping(ends))
    for fence in range(1, 6):
        killed(flow, Killer(notes, fence=fence, at=1 + fence % 3))
    figures = run(flow, Recorder(notes, fence=9))
    assert (figures.of("step").lane, figures.of("step").records) == ("arrow", len(ROWS))
    target.execute("ALTER TABLE copies DROP COLUMN more")
    assert shown(target, "copies") == shown(source, "things")


def test_behind_a_bad_row_it_is_fast_again(
    ends: tuple[Postgresql, Postgresql], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "SLOW_ROWS", 10)
    notes = Notes()
    rules = [{"generate": "id", "extract": "$.id"}, {"generate": "name", "extract": "$.name", "cast": "varchar(12)"}]
    figures = run(chain(ends, mapping=rules), Recorder(notes))
    bad = [number for number, row in enumerate(ROWS) if len(row.get("name", "")) > 12]
    assert [refusal.record["id"] for refusal in notes.refusals.values()] == bad
    assert (figures.of("step").records, figures.of("step").failed) == (len(ROWS) - len(bad), len(bad))
    taken = [line.partition(": ")[2].split()[0] for line in notes.lines if " lane" in line]
    assert taken[0] == "arrow"
    assert "rows" in taken
    assert taken[-1] == "arrow"


def test_says_why_it_is_not_taken(ends: tuple[Postgresql, Postgresql]) -> None:
    control = Recorder()
    condition = {"when": "extract_not_empty"}
    rules = [{"generate": "id", "extract": "$.id"}, {"generate": "a", "extract": "$.name", "conditional": condition}]
    run(chain(ends, mapping=rules), control)
    reason = "bytes: the mapping changes values; arrow: a is there under a condition"
    assert control.notes.lines == [f"Things → Copies: rows lane ({reason})"]


def test_reads_no_more_columns_than_it_needs(ends: tuple[Postgresql, Postgresql]) -> None:
    control = Recorder()
    rules = [{"generate": "label", "extract": "$.id", "cast": "string"}]
    figures = run(chain(ends, Mode.APPEND, mapping=rules), control)
    assert (figures.of("step").lane, figures.of("step").records) == ("arrow", len(ROWS))
    assert columns(ends[1], "copies") == ["label"]
    assert figures.bytes_moved < 1000


def test_a_cancelled_range_is_taken_back(ends: tuple[Postgresql, Postgresql], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PULSE_SECONDS", -1)
    control = Recorder()
    control.at_checkpoint = lambda figures: control.ask_to_stop("cancel")
    with pytest.raises(Stopped):
        run(chain(ends, Mode.APPEND, mapping=mapping(ends)), control)
    assert len(shown(ends[1], "copies")) == 10
    assert control.pulses
