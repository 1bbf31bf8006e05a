"""Exports and imports over file stores, and flows between files and tables."""

from typing import Any

import pytest

from apps.connections.models import Connection
from apps.errors import Invalid
from apps.flows.models import Export, Import
from apps.jobs.models import State
from tests.apps.flows.house import House, run_flow


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
