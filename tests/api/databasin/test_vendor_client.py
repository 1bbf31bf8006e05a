"""The vendor's own client works unchanged: each of its subcommands gets what it needs, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from apps.accounts import services as accounts
from tests.api.databasin.vendor_client import ApiError, VendorClient
from tests.api.world import World
from tests.apps.connections import servers
from tests.conftest import Cast, ClientOf, key_of

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = "proj-001"


@pytest.fixture
def client(cast: Cast, live_server: LiveServer, worker: None, settings: Settings) -> Iterator[VendorClient]:
    settings.JOB_WAIT_SECONDS = 25.0
    accounts.create_project(organization=cast.acme, name="Shop", internal_id=PROJECT)
    client = VendorClient(live_server.url, key_of(cast.editor))
    yield client
    client.close()


@pytest.fixture(params=["Postgres", "MariaDB"])
def database(request: pytest.FixtureRequest, loopback_allowed: None) -> Iterator[dict[str, Any]]:
    """One with a table, whose user sees no other."""
    server = servers.postgresql if request.param == "Postgres" else servers.mariadb
    with server() as values:
        yield {"subtype": request.param, **values}


def file_of(values: dict[str, Any]) -> dict[str, Any]:
    """As an unedited template gives it, but for where the database is."""
    return {
        "_comment": "Fill in the connection's details.",
        "connectorName": "Production",
        "connectorType": "RDBMS",
        "connectorSubType": values["subtype"],
        "connectorHost": values["host"],
        "connectorPort": str(values["port"]),
        "connectorDatabaseName": values["database"],
        "connectorUsername": values["user"],
        "connectorPassword": values["password"],
        "connectorAuthType": 2,
        "institutionID": 0,
        "internalID": "",
        "ownerID": 0,
    }


def test_from_a_template_to_its_columns(client: VendorClient, database: dict[str, Any]) -> None:
    made = client.create(file_of(database), PROJECT)
    assert made == made | {"connectorName": "Production", "connectorType": "RDBMS", "status": "success"}
    connector = made["connectorID"]
    assert [row["connectorID"] for row in client.connectors(internalID=PROJECT)] == [connector]
    assert client.test(connector)["success"] is True

    catalog = database["database"]
    schema = "public" if database["subtype"] == "Postgres" else catalog
    assert client.catalogs(connector) == [catalog]
    assert client.schemas(connector, catalog) == [schema]
    assert client.tables(connector, catalog, schema) == ["orders"]
    columns = client.columns(connector, catalog, schema, "orders")
    assert [(column["name"], column["nullable"]) for column in columns] == [
        ("id", False),
        ("total", True),
        ("note", True),
    ]
    learned = client.inspect(connector)
    assert learned["works"] is True
    assert learned["holds"][catalog, schema] == ["orders"]
    assert learned["connector"]["connectorSubType"].lower() in {"postgres", "mariadb"}


def test_changes_and_deletes(client: VendorClient, database: dict[str, Any]) -> None:
    connector = client.create(file_of(database), PROJECT)["connectorID"]
    changed = client.update(connector, {"connectorName": "Renamed"})
    assert changed == {"connectorName": "Renamed", "status": "success"}
    assert [row["connectorID"] for row in client.search("renam")] == [connector]
    client.delete(connector)
    assert client.search("renam") == []
    with pytest.raises(ApiError, match="API Error \\(404\\): Not Found"):
        client.get(f"/api/connector/{connector}")


def test_a_wizard_that_gives_no_owner(client: VendorClient, database: dict[str, Any]) -> None:
    configuration = {name: database[name] for name in ("host", "port", "database")}
    body = {
        "connectorName": f"{database['subtype']} from the wizard",
        "connectorType": "database",
        "internalID": PROJECT,
        "configuration": {**configuration, "username": database["user"], "password": database["password"]},
        "status": "active",
    }
    made = client.create(body)
    assert made["status"] == "success"
    assert client.get(f"/api/connector/{made['connectorID']}")["internalID"] == PROJECT


def test_says_that_a_database_refuses_us(client: VendorClient, database: dict[str, Any]) -> None:
    file = file_of(database) | {"connectorUsername": "nobody_known"}
    answer = client.test(client.create(file, PROJECT)["connectorID"])
    assert (answer["success"], answer["status"], answer["error"]) == (False, "error", "Authentication failure")
    assert answer["message"].startswith("Connection failed: ")


def test_refreshes_with_no_body_at_all(client: VendorClient, database: dict[str, Any]) -> None:
    connector = client.create(file_of(database), PROJECT)["connectorID"]
    answer = client.post(f"/api/connector/{connector}/refresh")
    assert answer == answer | {"message": "Metadata refresh initiated", "status": "success", "tableCount": 1}


def test_a_token_that_nobody_knows(live_server: LiveServer, db: None) -> None:
    stranger = VendorClient(live_server.url, "xd_unknown")
    with pytest.raises(ApiError, match="API Error \\(401\\): Unauthorized"):
        stranger.connectors()
    stranger.close()


@pytest.mark.parametrize("body", ["", "{}"])
def test_curl_need_not_say_that_a_body_is_json(cast: Cast, world: World, client_of: ClientOf, body: str) -> None:
    path, form = f"/api/connector/{world.connection.id}", "application/x-www-form-urlencoded"
    client = client_of(cast.editor)
    assert client.generic("POST", f"{path}/test", body, content_type=form).status_code == 202
    renamed = client.generic("PUT", path, '{"connectorName": "Renamed"}', content_type=form)
    assert renamed.json()["connectorName"] == "Renamed"
    assert client.generic("PUT", path, "connectorName=Renamed", content_type=form).status_code == 400
