"""Does a connector's system let us in? Asked of real systems, in the words of the seed."""

import re
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from apps.connections.models import Connection
from engine import registry
from tests.api.databasin.conftest import Databasin
from tests.api.world import World

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "CANARY-5128-password"
WORKS = {"success": True, "status": "success", "message": "Connection test successful"}


@pytest.fixture
def patient(settings: Settings, worker: None) -> None:
    settings.JOB_WAIT_SECONDS = 30.0


def flat(system: dict[str, Any], **change: Any) -> dict[str, Any]:
    """The settings of a real system as the seed writes a connector."""
    return {
        "connectorName": f"The {system['type']} of the tests",
        "connectorType": "RDBMS",
        "connectorSubType": system["type"],
        "connectorHost": system["host"],
        "connectorPort": str(system["port"]),
        "connectorDatabaseName": system["database"],
        "connectorUsername": system["user"],
        "connectorPassword": system.get("password", ""),
        "connectorAuthType": 2,
        **change,
    }


@pytest.mark.parametrize("system", ["postgresql", "mariadb"])
def test_a_system_that_lets_us_in(
    system: str, request: pytest.FixtureRequest, databasin: Databasin, patient: None
) -> None:
    body = flat(request.getfixturevalue(system))
    number = databasin.post("/api/connector", body)["connectorID"]
    assert databasin.get(f"/api/connector/{number}")["connectorHealthStatus"] == "pending"
    for sent in ({}, None):
        answer = databasin.post(f"/api/connector/{number}/test", sent)
        details = answer.pop("details")
        assert answer == WORKS
        assert details["connectorType"] == "RDBMS"
        assert re.fullmatch(r"\d+\.\ds", details["testDuration"])
    shown = databasin.get(f"/api/connector/{number}")
    assert (shown["connectorHealthStatus"], shown["active"]) == ("active", True)
    assert shown["lastTestedDate"] >= shown["createdDate"]


@pytest.mark.parametrize("system", ["postgresql", "mariadb"])
def test_every_way_of_asking(system: str, request: pytest.FixtureRequest, databasin: Databasin, patient: None) -> None:
    number = databasin.post("/api/connector", flat(request.getfixturevalue(system)))["connectorID"]
    for path, body in [
        (f"/api/connector/{number}/test", ""),
        ("/api/connector/test", f'{{"connectorID": {number}}}'),
        ("/api/connector/test", f'{{"connectorID": "{number}"}}'),
    ]:
        answer = databasin.client.generic("POST", path, body, content_type="")  # as curl without a header
        assert (answer.status_code, answer.json()["success"]) == (200, True)
    databasin.post("/api/connector/test", {}, 400)
    databasin.post(f"/api/connector/{number}/test", [], 400)


@pytest.mark.parametrize("system", ["postgresql", "mariadb"])
def test_says_what_is_wrong_and_nothing_of_our_network(
    system: str, request: pytest.FixtureRequest, databasin: Databasin, settings: Settings, patient: None
) -> None:
    real = request.getfixturevalue(system)
    host, port, name, user = real["host"], real["port"], real["database"], real["user"]
    nobody, nowhere = {"connectorUsername": "nobody_here", "connectorPassword": SECRET}, "no-such-host.invalid"
    no_database = {
        "postgresql": f"There is no database 'no_such_database' at {host}:{port}.",
        "mariadb": f"There is no database 'no_such_database' that {user!r} may use.",
    }[system]
    refused = "The database refused the user 'nobody_here' or the password."
    tls = {
        "postgresql": f"{host}:{port} did not agree to the TLS settings.",
        "mariadb": "The server did not agree to the TLS settings.",
    }[system]
    found = {}
    for change, error, message in [
        (nobody, "Authentication failure", refused),
        (
            {"connectorPort": "1", "connectorSubType": real["type"]},
            "Host unreachable",
            f"{host}:1 could not be reached.",
        ),
        ({"connectorHost": nowhere}, "Unknown host", f"The host '{nowhere}' is not known."),
        ({"connectorDatabaseName": "no_such_database"}, "Unknown database", no_database),
        ({"connectorAdditionalDetails": "sslmode=verify-full"}, "TLS refused", tls),
    ]:
        number = databasin.post("/api/connector", flat(real, **change))["connectorID"]
        answer = databasin.post(f"/api/connector/{number}/test", {})
        found[error] = answer
        assert (answer["error"], answer["message"]) == (error, f"Connection failed: {message}")
        assert (answer["success"], answer["status"], SECRET in str(answer)) == (False, "error", False)
    assert name not in str(found)
    settings.EGRESS_ALLOW = []
    number = databasin.post("/api/connector", flat(real))["connectorID"]
    answer = databasin.post(f"/api/connector/{number}/test", {})
    assert (answer["error"], answer["message"]) == (
        "Destination not allowed",
        "Connection failed: Connecting to this destination is not allowed.",
    )


def test_a_refusal_shows_on_the_connector_until_it_is_mended(
    databasin: Databasin, mariadb: dict[str, Any], patient: None
) -> None:
    number = databasin.post("/api/connector", flat(mariadb, connectorPassword=SECRET))["connectorID"]
    path = f"/api/connector/{number}"
    answer = databasin.post(f"{path}/test", {})
    shown = databasin.get(path)
    assert (answer["success"], shown["active"], shown["isActive"], shown["status"]) == (False, False, 0, "error")
    assert shown["statusMessage"] in answer["message"]
    databasin.put(path, {"connectorPassword": mariadb.get("password") or None})
    assert databasin.post(f"{path}/test", {})["success"] is True
    assert databasin.get(path)["status"] == "active"


def test_one_that_takes_long_is_polled(databasin: Databasin, world: World) -> None:
    response = databasin.client.post(f"/api/connector/{world.connection.id}/test", {}, content_type="application/json")
    assert response.status_code == 202
    body = response.json()
    assert (body["status"], body["message"]) == ("success", "The test goes on: poll the job.")
    assert databasin.get(response["Location"])["id"] == body["jobId"]


def test_secrets_that_cannot_be_read_are_an_answer(databasin: Databasin, world: World, patient: None) -> None:
    Connection.objects.filter(id=world.connection.id).update(sealed="v1.gone.AAAA")
    answer = databasin.post(f"/api/connector/{world.connection.id}/test", {})
    assert (answer["success"], answer["error"]) == (False, "Authentication failure")
    assert answer["message"].startswith("Connection failed: The stored secrets of this connection cannot be read.")


def test_a_library_that_is_gone_is_an_answer(
    databasin: Databasin, world: World, monkeypatch: pytest.MonkeyPatch, patient: None
) -> None:
    entry = replace(registry.DRIVERS["postgresql"], needs=("not_here",), extra="postgresql")
    monkeypatch.setitem(registry.DRIVERS, "postgresql", entry)
    answer = databasin.post(f"/api/connector/{world.connection.id}/test", {})
    assert (answer["success"], answer["error"]) == (False, "Driver not installed")
    assert "install postgresql" in answer["message"]
