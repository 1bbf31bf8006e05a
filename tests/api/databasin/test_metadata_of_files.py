"""Metadata of stores of files: folders are schemas, files are tables, and only who asks for columns looks into one."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from apps.connections import services as connections
from apps.connectors import queries as connectors
from tests.api.databasin.conftest import Databasin
from tests.apps.connections import servers
from tests.conftest import Cast

pytestmark = pytest.mark.django_db(transaction=True)

DEEP = "/".join(["a-folder-with-a-name-of-forty-characters"] * 7)


@pytest.fixture
def folder(settings: Settings, cast: Cast, tmp_path: Path, worker: None) -> Path:
    """The organisation's own."""
    settings.JOB_WAIT_SECONDS = 30.0
    settings.FILE_ROOTS = [tmp_path]
    return tmp_path / cast.acme.uid


def path(cast: Cast, connector: str, **values: Any) -> str:
    connection = connections.create(
        organization_id=cast.acme.id,
        project_id=None,
        connector=connectors.connector(connector),
        name="Files",
        values=values,
    )
    return f"/api/connector/{connection.id}"


def test_folders_and_files(databasin: Databasin, cast: Cast, folder: Path) -> None:
    for name in ("stock.csv", "in/orders.csv", f"{DEEP}/far.csv"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("id,note\n1,a\n")
    store = path(cast, "folder")
    counts = databasin.post(f"{store}/refresh", {})
    assert (counts["catalogCount"], counts["tableCount"]) == (1, 3)
    assert {"", "in", DEEP} < {row["schemaName"] for row in databasin.get(f"{store}/schemas")}
    assert databasin.get(f"{store}/tables", schema="in") == [
        {
            "tableName": "orders.csv",
            "tableType": "FILE",
            "rowCount": None,
            "sizeInBytes": None,
            "schemaName": "in",
            "catalogName": "",
            "description": "",
        }
    ]
    assert databasin.get(f"{store}/tables", schema=DEEP)[0]["tableName"] == "far.csv"
    columns = databasin.get(f"{store}/columns", schema="in", table="orders.csv")
    assert [(column["columnName"], column["dataType"]) for column in columns] == [("id", "TEXT"), ("note", "TEXT")]


def test_a_store_that_lists_nothing_says_so(databasin: Databasin, cast: Cast, folder: Path) -> None:
    store = path(cast, "http_files", url="https://files.example/")
    refusal = databasin.post(f"{store}/refresh", {}, 400)
    assert refusal["message"] == "This store cannot list its files: name one."
    assert databasin.get(f"{store}/tables", 400)["message"] == refusal["message"]


def test_a_database_in_a_file(databasin: Databasin, cast: Cast, folder: Path) -> None:
    with servers.sqlite(folder) as values:
        store = path(cast, "sqlite", **values)
        counts = databasin.post(f"{store}/refresh", {})
        assert (counts["catalogCount"], counts["schemaCount"], counts["tableCount"]) == (1, 1, 1)
        assert databasin.get(f"{store}/schemas")[0]["schemaName"] == "main"
        columns = databasin.get(f"{store}/columns", table="orders")
        assert [column["dataType"] for column in columns] == ["INTEGER", "DECIMAL(8, 2)", "TEXT"]
        assert columns == databasin.get(f"{store}/columns", table="orders", live="1")
