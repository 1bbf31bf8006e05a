"""Exports and imports over file stores, and flows between files and tables."""

import os
from typing import Any

import pytest

from apps.connections.models import Connection
from apps.errors import Invalid
from apps.flows.models import Export, Import
from apps.jobs.models import State
from tests.apps.flows.house import AT, House, run_flow


@pytest.fixture
def folder(house: House) -> Connection:
    (house.folder / "in").mkdir()
    return house.connect("Files", connector="folder", path="in")


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"source": {}}, "source", "missing_required_field"),
        ({"source": {"query": "SELECT 1"}}, "source", "missing_required_field"),
        ({"source": {"query": "SELECT 1", "table": "o.csv"}}, "source", "invalid_field"),
        ({"source": {"table": "../o.csv"}}, "source", "path_not_allowed"),
        ({"source": {"schema": "/etc", "table": "o.csv"}}, "source", "path_not_allowed"),
        ({"source": {"schema": "a//b", "table": "o.csv"}}, "source", "path_not_allowed"),
        ({"source": {"table": "o\n.csv"}}, "source", "path_not_allowed"),
        ({"source": {"table": "o"}}, "format", "invalid_format"),
        ({"source": {"table": "o.csv", "format": {"colour": "blue"}}}, "format", "invalid_format"),
        ({"key": ["id"]}, "key", "invalid_field"),
        ({"type": "delta", "cursor": {"column": "id"}}, "cursor", "invalid_field"),
    ],
    ids=str,
)
def test_an_export_that_could_not_work_is_refused(
    house: House, folder: Connection, values: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        house.export(**{"connection": folder, "source": {"table": "o.csv"}, **values})
    assert (caught.value.field, caught.value.code) == (field, code)
    assert not Export.objects.exists()


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"target": {}}, "target", "missing_required_field"),
        ({"target": {"table": "*.csv"}}, "target", "invalid_field"),
        ({"target": {"table": "o.csv.zip"}}, "format", "invalid_format"),
        ({"mode": "upsert"}, "mode", "invalid_field"),
        ({"key": ["id"]}, "key", "invalid_field"),
    ],
    ids=str,
)
def test_an_import_that_could_not_work_is_refused(
    house: House, folder: Connection, values: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        house.import_(**{"connection": folder, "target": {"table": "o.csv"}, **values})
    assert (caught.value.field, caught.value.code) == (field, code)
    assert not Import.objects.exists()


def test_tables_have_no_format(house: House) -> None:
    with pytest.raises(Invalid) as caught:
        house.export(source={"table": "orders", "format": {"type": "csv"}})
    assert caught.value.field == "format"


def test_a_delta_of_files_asks_for_when_they_were_written(house: House, folder: Connection) -> None:
    export = house.export(connection=folder, source={"table": "*.csv"}, columns=[], type="delta")
    assert export.cursor == {"column": "_modified"}
    assert export.source == {"table": "*.csv", "format": {"provenance": True}}


@pytest.mark.django_db(transaction=True)
def test_a_file_arrives_in_a_table(house: House, folder: Connection) -> None:
    (house.folder / "in" / "o.tsv").write_text("id\tname\n7\tseven\n8\t\n9\tnine\n")
    export = house.export(connection=folder, source={"table": "o.tsv"}, columns=[])
    job = run_flow(house.flow(export))
    assert (job.state, job.error_message) == (State.COMPLETED, "")
    assert house.rows("id, name") == [(7, "seven"), (9, "nine")]
    assert (job.records_read, job.records_written, job.records_failed) == (3, 2, 1)


@pytest.mark.django_db(transaction=True)
def test_a_table_becomes_a_file(house: House, folder: Connection) -> None:
    target = {"schema": "out", "table": "orders.csv", "format": {"delimiter": ";"}}
    flow = house.flow(None, house.import_(connection=folder, target=target, mode="replace"))
    job = run_flow(flow)
    assert (job.state, job.error_message) == (State.COMPLETED, "")
    assert (house.folder / "in" / "out" / "orders.csv").read_text() == (
        "id;name;changed\n1;order 1;1\n2;order 2;2\n3;order 3;3\n"
    )
    assert job.steps.get(role="import").delivery == "effectively_once"
    house.add(4)
    run_flow(flow)
    assert [path.name for path in (house.folder / "in" / "out").iterdir()] == ["orders.csv"]
    assert (house.folder / "in" / "out" / "orders.csv").read_text().endswith("4;order 4;4\n")


@pytest.mark.django_db(transaction=True)
def test_what_is_appended_is_another_file_each_run(house: House, folder: Connection) -> None:
    flow = house.flow(None, house.import_(connection=folder, target={"table": "orders.jsonl"}))
    run_flow(flow)
    run_flow(flow)
    files = sorted((house.folder / "in").iterdir())
    assert len(files) == 2
    assert all(file.name.startswith("orders-") and file.read_text().count("\n") == 3 for file in files)


@pytest.mark.django_db(transaction=True)
def test_only_files_that_changed_are_read_again(house: House, folder: Connection) -> None:
    for number in (1, 2):
        file = house.folder / "in" / f"{number}.csv"
        file.write_text(f"id,name\n{number},first\n")
        os.utime(file, (AT.timestamp() + number, AT.timestamp() + number))
    export = house.export(
        connection=folder, source={"table": "*.csv"}, columns=["id", "name"], type="delta", cursor={"overlap": 0}
    )
    assert export.columns == ["id", "name", "_modified"]
    mapping = [{"generate": name, "extract": f"$.{name}"} for name in ("id", "name")]
    flow = house.flow(export, house.import_(mode="upsert", key=["id"], mapping=mapping))
    first = run_flow(flow)
    assert (first.state, first.error_message, first.records_read) == (State.COMPLETED, "", 2)
    (house.folder / "in" / "3.csv").write_text("id,name\n2,second\n3,third\n")
    job = run_flow(flow)
    assert (job.state, job.error_message) == (State.COMPLETED, "")
    assert house.rows("id, name") == [(1, "first"), (2, "second"), (3, "third")]
    assert job.records_read in {2, 3}  # the newest file of the last run comes again with those of the same moment
