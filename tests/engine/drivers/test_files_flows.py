"""Whole runs from files to files: lanes, refused records, and what a broken-off run leaves."""

import pytest

from engine.contract import Mode, Request, Target
from engine.errors import ConfigError
from engine.schema import Table
from engine.sync.chain import Chain, Generator, WriteStep
from engine.sync.run import run
from tests.engine.drivers.folders import Folder
from tests.engine.sync.recorder import Notes, Recorder


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path)


def move(folder: Folder, source: str, target: str, control: Recorder, mode: Mode = Mode.REPLACE, **request):
    chain = Chain(
        (Generator("generator", "Export", folder.driver(), Request(Table(source), **request)),),
        (WriteStep("step", "Import", folder.driver(), Target(Table(target), mode)),),
    )
    return run(chain, control).of("step")


def csv(*numbers: int) -> str:
    return "id,name\n" + "".join(f"{number},name {number}\n" for number in numbers)


def test_files_move_by_columns(folder):
    folder.put("1.csv", csv(1, 2))
    folder.put("2.csv", csv(3))
    control = Recorder()
    step = move(folder, "*.csv", "out.parquet", control)
    assert (step.records, step.failed, step.lane) == (3, 0, "arrow")
    assert [row["id"] for row in folder.rows("out.parquet")] == ["1", "2", "3"]


def test_a_record_that_is_malformed_is_refused_and_the_others_move(folder):
    folder.put("a.csv", csv(*range(60_000)) + "one\n" + csv(*range(60_000, 120_000)).removeprefix("id,name\n"))
    control = Recorder()
    step = move(folder, "a.csv", "out.jsonl", control)
    assert step.failed == 1
    [refusal] = control.notes.refusals.values()
    assert (refusal.source, refusal.code, refusal.record) == ("export", "malformed_row", {"id": "one"})
    assert [row["id"] for row in folder.rows("out.jsonl")] == [str(number) for number in range(120_000)]


def test_what_ends_a_run_leaves_the_old_file(folder):
    folder.put("out.csv", csv(0))
    folder.put("a.csv", csv(*range(100_000)) + '7,"')
    with pytest.raises(ConfigError) as caught:
        move(folder, "a.csv", "out.csv", Recorder())
    assert caught.value.code == "unclosed_quote"
    assert folder.names() == ["a.csv", "out.csv"]
    assert folder.rows("out.csv") == [{"id": "0", "name": "name 0"}]


def test_later_runs_read_what_was_modified_since(folder):
    folder.put("in/a.csv", csv(1))
    notes = Notes()
    by_change = {"cursor": "_modified", "format": {"provenance": True}}
    for job in ("job1", "job2"):
        move(folder, "in/*.csv", "out.csv", Recorder(notes, job=job), Mode.APPEND, **by_change)
    folder.put("in/b.csv", csv(2))
    move(folder, "in/*.csv", "out.csv", Recorder(notes, job="job3"), Mode.APPEND, **by_change)
    first, last = [name for name in folder.names() if name.startswith("out-")]
    assert [row["id"] for row in folder.rows(first)] == ["1"]
    assert [row["id"] for row in folder.rows(last)] == ["2"]
    assert folder.rows(last)[0]["_file"] == "in/b.csv"


def test_a_retry_of_a_run_that_appends_writes_the_same_file(folder):
    folder.put("a.csv", csv(1, 2))
    for fence in (1, 2):
        move(folder, "a.csv", "out.csv", Recorder(Notes(), fence=fence), Mode.APPEND)
    [_, name] = folder.names()
    assert [row["id"] for row in folder.rows(name)] == ["1", "2"]
