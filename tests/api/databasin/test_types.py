"""The files that the vendor's client reads, and the one list of what can be read from and written to."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from apps.connectors.api.databasin.subtypes import SUBTYPES
from apps.connectors.models import Connector
from apps.connectors.services import CATALOGUE
from engine import registry
from engine.registry import Entry
from tests.api.databasin.conftest import Databasin
from tests.conftest import Cast

TYPES = "/config/connectors/v2/types/DatabasinConnector"
CATEGORIES = {
    "RDBMS": (1, "RDBMS"),
    "BigDataNoSQL": (2, "Big Data & NoSQL"),
    "FileAPI": (3, "File & API"),
    "Marketing": (4, "Marketing"),
    "CRMERP": (5, "CRM & ERP"),
    "ECommerce": (6, "E-Commerce"),
    "Accounting": (7, "Accounting"),
    "Collaboration": (8, "Collaboration"),
    "AILLM": (9, "AI & LLM"),
}


def types_of(category: str) -> dict[str, Any]:
    """By name, of a client without any token."""
    rows = Client().get(f"{TYPES}{category}.json").json()["availableConnectors"]
    return {row["connectorName"]: row for row in rows}


def test_every_connector_of_the_catalogue_has_a_name_here() -> None:
    assert set(CATALOGUE) <= {subtype.connector for subtype in SUBTYPES}


def test_serves_nine_categories(cast: Cast) -> None:
    for file, (number, name) in CATEGORIES.items():
        answer = Client().get(f"{TYPES}{file}.json").json()
        assert (answer["id"], answer["connectorType"]) == (number, name)
        assert isinstance(answer["availableConnectors"], list)
    assert types_of("Marketing") == {}


def test_says_what_a_database_asks_for(cast: Cast) -> None:
    postgres, mysql, sqlite = (types_of("RDBMS")[name] for name in ("Postgres", "MySQL", "SQLite"))
    for row in (postgres, mysql):
        assert (row["connectorRequiredFields"], row["connectorOptionalFields"]) == ([1, 2, 3, 4], [1, 2])
        assert (row["connectorAuthTypes"][0], row["testConnectorSupport"], row["active"]) == (2, True, True)
        assert (row["pipelineSource"], row["pipelineTarget"], row["missing"]) == (True, True, "")
    assert postgres["pipelineRequiredScreens"] == [6, 7, 2, 3, 4, 5]
    assert mysql["pipelineRequiredScreens"] == [1, 2, 3, 4, 5]
    assert sqlite["connectorRequiredFields"] == [1, 20]


def test_says_what_a_file_store_asks_for(cast: Cast) -> None:
    stores = types_of("FileAPI")
    assert stores["Amazon S3"]["connectorRequiredFields"] == [1, 10]
    assert stores["Amazon S3"]["connectorAuthTypes"][0] == 7
    assert stores["SFTP"]["connectorRequiredFields"] == [1, 2, 3]
    assert (stores["HTTP"]["connectorRequiredFields"], stores["HTTP"]["pipelineTarget"]) == ([1, 31], False)


def test_lists_what_is_not_installed_as_inactive(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Entry("engine.drivers.sql.postgresql.driver:PostgresqlDriver", needs=("not_here",), extra="oracle")
    monkeypatch.setitem(registry.DRIVERS, "not_here", entry)
    Connector.objects.update_or_create(
        name="oracle", defaults={"label": "Oracle", "driver": "not_here", "category": "database"}
    )
    oracle = types_of("RDBMS")["Oracle"]
    assert (oracle["active"], oracle["testConnectorSupport"]) == (False, False)
    assert oracle["connectorRequiredFields"] == [1, 2, 3, 4]
    assert "install oracle" in oracle["missing"]


def test_leaves_out_what_the_operator_switched_off(cast: Cast, databasin: Databasin) -> None:
    Connector.objects.filter(name="mysql").update(is_enabled=False)
    assert "MySQL" not in types_of("RDBMS")
    assert "MySQL" not in {row["name"] for row in databasin.get("/api/config")["sourceConnectors"]}


def test_an_unknown_file_is_a_404_in_json(cast: Cast) -> None:
    for path in (f"{TYPES}Nothing.json", "/config/pipelines/Nothing.json", "/config/nothing"):
        answer = Client().get(path)
        assert (answer.status_code, answer.json()["error"], answer.json()["status"]) == (404, "Not Found", 404)


def test_shows_the_screens(cast: Cast) -> None:
    screens = Client().get("/config/pipelines/FlowbasinPipelineScreens.json").json()["pipelineRequiredScreens"]
    assert [screen["screenID"] for screen in screens] == list(range(1, 11))
    used = {number for subtype in SUBTYPES for number in subtype.screens}
    assert used <= {screen["screenID"] for screen in screens if screen["active"]}


def test_says_where_the_api_is(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["crossdock.example"]
    assert Client().get("/config", headers={"Host": "crossdock.example"}).json() == {
        "apiUrl": "http://crossdock.example"
    }
    assert Client().get("/config", headers={"Host": "evil.example"}).status_code == 400


def test_says_so_behind_a_proxy_that_is_trusted(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["crossdock.example"]
    headers = {"Host": "crossdock.example:8443", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    assert Client().get("/config", headers=headers).json() == {"apiUrl": "http://crossdock.example:8443"}
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert Client().get("/config", headers=headers).json() == {"apiUrl": "https://crossdock.example:8443"}


def test_tells_sources_from_targets(databasin: Databasin) -> None:
    answer = databasin.get("/api/config")
    sources, targets = ({row["name"] for row in answer[side]} for side in ("sourceConnectors", "targetConnectors"))
    assert {"Postgres", "MariaDB", "HTTP"} <= sources
    assert targets < sources
    assert "HTTP" not in targets
    assert (answer["key"], answer["hostingEnvironment"]) == ("crossdock", "self-hosted")
