from dataclasses import replace
from typing import Any

import pytest

from apps.connections.models import Connection
from apps.connectors.models import Connector
from engine import registry
from tests.api.celigo.conftest import Celigo, problems
from tests.api.endpoints import CONNECTION
from tests.api.world import World

RDBMS = CONNECTION["rdbms"]


def test_reads_back_what_was_sent_with_a_star_for_the_password(celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", CONNECTION)
    assert {name: made.pop(name) for name in ("_id", "createdAt", "lastModified")}.keys()
    assert made == {
        "name": "Another",
        "type": "rdbms",
        "offline": False,
        "rdbms": {**RDBMS, "password": "******", "port": 5432, "sslmode": "prefer"},
    }


def test_is_the_same_in_a_list_and_alone(celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", {**CONNECTION, "externalId": "crm", "settings": {"a": [1, {"b": None}]}})
    assert made in celigo.get("/v1/connections")
    assert made == celigo.get(f"/v1/connections/{made['_id']}")


@pytest.mark.parametrize(
    "kept",
    [
        {"settings": {"colour": "blue"}},
        {"queues": [{"name": "main", "size": 8}]},
        {"_integrationId": "5e03061cda20740022300f09"},
        {"debugDate": "2030-01-01T00:00:00.000Z"},
        {"assistant": "postgresql"},
        {"rdbms": {**RDBMS, "concurrencyLevel": 5, "targetConcurrencyLevel": 10}},
    ],
    ids=lambda kept: next(iter(kept)),
)
def test_keeps_documented_fields_as_they_are(kept: dict[str, Any], celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", CONNECTION | kept)
    for name, value in kept.items():
        shown = made[name]
        assert shown == value if name != "rdbms" else {**shown, **value, "password": "******"} == shown


def test_ignores_fields_that_nobody_documents(celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", {**CONNECTION, "colour": "blue", "http": {"auth": {"token": {"token": "x"}}}})
    assert not {"colour", "http"} & set(made)
    assert Connection.objects.get(uid=made["_id"]).document == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": ""}, [("missing_required_field", "name")]),
        ({"name": "x" * 201}, [("invalid_field", "name")]),
        ({"name": None}, [("missing_required_field", "name")]),
        ({"type": "http"}, [("invalid_field", "type")]),
        ({"type": "netsuite", "name": ""}, [("missing_required_field", "name"), ("invalid_field", "type")]),
        ({"rdbms": None}, [("missing_required_field", "rdbms")]),
        ({"rdbms": []}, [("invalid_field", "rdbms")]),
        ({"rdbms": {}}, [("missing_required_field", "rdbms.type")]),
        ({"rdbms": {"type": "dbase"}}, [("invalid_field", "rdbms.type")]),
        ({"rdbms": {"type": ["postgresql"]}}, [("invalid_field", "rdbms.type")]),
        ({"rdbms": {**RDBMS, "port": "many"}}, [("invalid_field", "rdbms.port")]),
        ({"rdbms": {**RDBMS, "service": "x"}}, [("unknown_field", "rdbms.service")]),
        ({"rdbms": {**RDBMS, "ssl": {"key": "x"}}}, [("unknown_field", "rdbms.ssl")]),
        ({"_agentId": "5e03061cda20740022300f09"}, [("invalid_field", "_agentId")]),
    ],
    ids=str,
)
def test_refuses(change: dict[str, Any], expected: list[tuple[str, str]], celigo: Celigo) -> None:
    before = Connection.objects.count()
    assert problems(celigo.post("/v1/connections", CONNECTION | change, 422)) == expected
    assert Connection.objects.count() == before


def test_names_the_supported_types(celigo: Celigo) -> None:
    Connector.objects.filter(name="mysql").update(is_enabled=False)
    answer = celigo.post("/v1/connections", {**CONNECTION, "rdbms": {"type": "dbase"}}, 422)
    assert answer["errors"][0]["message"] == (
        "rdbms.type is one of bigquery, clickhouse, databricks, duckdb, mariadb, mssql, oracle, postgresql, redshift, "
        "snowflake, sqlite, trino."
    )
    answer = celigo.post("/v1/connections", {**CONNECTION, "type": "salesforce"}, 422)
    assert answer["errors"][0]["message"] == "Only these types are supported yet: rdbms, ftp, s3, filesystem."


def test_says_what_to_install(celigo: Celigo, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = replace(registry.DRIVERS["postgresql"], needs=("not_here",), extra="postgresql")
    monkeypatch.setitem(registry.DRIVERS, "postgresql", entry)
    answer = celigo.post("/v1/connections", CONNECTION, 422)
    assert problems(answer) == [("driver_not_installed", "rdbms.type")]
    assert "install postgresql" in answer["errors"][0]["message"]


def test_takes_what_celigo_shows_of_options_that_nobody_set(celigo: Celigo) -> None:
    unset = {"disableStrictSSL": False, "options": [], "ssl": {}, "instanceName": "", "version": None}
    celigo.post("/v1/connections", {**CONNECTION, "rdbms": {**RDBMS, **unset}})


def test_connects_to_a_file_of_sqlite(celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", {**CONNECTION, "rdbms": {"type": "sqlite", "path": "shop.db"}})
    assert made["rdbms"] == {"type": "sqlite", "path": "shop.db"}


def test_put_erases_what_is_left_out(celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", {**CONNECTION, "externalId": "crm", "settings": {"a": 1}})
    changed = celigo.put(f"/v1/connections/{made['_id']}", {**CONNECTION, "name": "Less"})
    assert changed["name"] == "Less"
    assert not {"externalId", "settings"} & set(changed)


def test_put_of_what_get_answered_changes_nothing(celigo: Celigo, world: World) -> None:
    path = f"/v1/connections/{world.connection.uid}"
    before = celigo.get(path)
    after = celigo.put(path, before)
    assert before | {"lastModified": after["lastModified"]} == after


def test_put_refuses_another_system(celigo: Celigo, world: World) -> None:
    body = {**CONNECTION, "rdbms": {**RDBMS, "type": "mysql"}}
    answer = celigo.put(f"/v1/connections/{world.connection.uid}", body, 422)
    assert problems(answer) == [("invalid_field", "rdbms.type")]
    assert Connection.objects.get(uid=world.connection.uid).connector.name == "postgresql"


@pytest.mark.parametrize(
    "patch",
    [
        {"name": "New", "settings": {"b": 2}},
        [{"op": "replace", "path": "/name", "value": "New"}, {"op": "add", "path": "/settings/b", "value": 2}],
    ],
    ids=["merged", "operations"],
)
def test_patch_changes_what_it_names(patch: Any, celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", {**CONNECTION, "externalId": "crm", "settings": {"a": 1}})
    path = f"/v1/connections/{made['_id']}"
    changed = celigo.patch(path, patch)
    expected = made | {"name": "New", "settings": {"a": 1, "b": 2}, "lastModified": changed["lastModified"]}
    assert changed == expected == celigo.get(path)


@pytest.mark.parametrize("patch", [{"settings": None}, [{"op": "remove", "path": "/settings"}]], ids=str)
def test_patch_takes_a_field_away(patch: Any, celigo: Celigo) -> None:
    made = celigo.post("/v1/connections", {**CONNECTION, "settings": {"a": 1}})
    assert "settings" not in celigo.patch(f"/v1/connections/{made['_id']}", patch)


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"type": "http"}, [("invalid_field", "type")]),
        ({"_id": "x", "offline": True}, [("invalid_field", "_id"), ("invalid_field", "offline")]),
        ({"name": None}, [("missing_required_field", "name")]),
        ({"rdbms": {"type": "mysql"}}, [("invalid_field", "rdbms.type")]),
        ([{"op": "copy", "from": "/name", "path": "/externalId"}], [("invalid_body", "")]),
        ([{"op": "replace", "value": 1}], [("invalid_body", "path")]),
        ([{"op": "replace", "path": "/", "value": 1}], [("invalid_body", "path")]),
    ],
    ids=str,
)
def test_patch_refuses(patch: Any, expected: list[tuple[str, str]], celigo: Celigo, world: World) -> None:
    path = f"/v1/connections/{world.connection.uid}"
    before = celigo.get(path)
    assert problems(celigo.patch(path, patch, 422)) == expected
    assert celigo.get(path) == before


def test_delete_refuses_what_is_used(celigo: Celigo, world: World) -> None:
    answer = celigo.delete(f"/v1/connections/{world.connection.uid}", 409)
    assert answer["errors"][0]["code"] == "in_use"
    celigo.get(f"/v1/connections/{world.connection.uid}")
    spare = world.uids["spare_connection"]
    celigo.delete(f"/v1/connections/{spare}")
    celigo.get(f"/v1/connections/{spare}", 404)


def test_clone_takes_a_name(celigo: Celigo, world: World) -> None:
    assert celigo.post(f"/v1/connections/{world.connection.uid}/clone", {"name": "Copy"})["name"] == "Copy"
