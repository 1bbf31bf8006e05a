"""A connection's password is in no answer of any endpoint, in no log line, and in no table as it was typed."""

import logging

import pytest
from django.db import connection

from apps.connections.models import Connection
from tests.api.endpoints import ENDPOINTS
from tests.api.world import CANARY, World
from tests.conftest import Cast, ClientOf


def test_no_answer_shows_a_password(
    cast: Cast, world: World, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client, uids = client_of(cast.editor), world.uids
    shown = []
    for endpoint in ENDPOINTS:
        if endpoint.method == "DELETE":
            continue
        body = endpoint.body
        if isinstance(body, dict) and "rdbms" in body and "password" in body["rdbms"]:
            body = {**body, "rdbms": {**body["rdbms"], "password": CANARY}}
        response = endpoint.call(client, uids, body)
        shown += [response.content.decode(), str(response.headers)]
    assert len(shown) > 80
    assert not any(CANARY in text for text in shown)
    assert CANARY not in caplog.text
    assert not any(CANARY in text for text in tables())


def test_an_error_names_the_field_and_not_its_value(cast: Cast, client_of: ClientOf) -> None:
    body = {"name": "x", "type": "rdbms", "rdbms": {"type": "postgresql", "password": [CANARY], CANARY: 1}}
    response = client_of(cast.editor).post("/v1/connections", body, content_type="application/json")
    assert response.status_code == 422
    values = [error["message"] for error in response.json()["errors"] if error["field"] == "rdbms.password"]
    assert values
    assert not any(CANARY in value for value in values)


def test_stars_leave_a_password_as_it_is_and_another_replaces_it(cast: Cast, world: World, client_of: ClientOf) -> None:
    client, path = client_of(cast.editor), f"/v1/connections/{world.connection.uid}"
    shown = client.get(path).json()
    assert shown["rdbms"]["password"] == "******"
    before = Connection.objects.get(uid=world.connection.uid).sealed
    assert client.put(path, shown, content_type="application/json").status_code == 200
    assert Connection.objects.get(uid=world.connection.uid).sealed == before
    shown["rdbms"]["password"] = "another"
    assert client.put(path, shown, content_type="application/json").json()["rdbms"]["password"] == "******"
    assert Connection.objects.get(uid=world.connection.uid).sealed != before


def test_a_put_that_leaves_the_password_out_erases_it(cast: Cast, world: World, client_of: ClientOf) -> None:
    client, path = client_of(cast.editor), f"/v1/connections/{world.connection.uid}"
    shown = client.get(path).json()
    del shown["rdbms"]["password"]
    assert "password" not in client.put(path, shown, content_type="application/json").json()["rdbms"]
    assert Connection.objects.get(uid=world.connection.uid).sealed == ""


def test_another_host_clears_the_password(cast: Cast, world: World, client_of: ClientOf) -> None:
    path = f"/v1/connections/{world.connection.uid}"
    body = {"rdbms": {"host": "evil.example"}}
    shown = client_of(cast.editor).patch(path, body, content_type="application/json").json()
    assert "password" not in shown["rdbms"]
    assert shown["offline"] is True


def test_a_clone_comes_without_the_password(cast: Cast, world: World, client_of: ClientOf) -> None:
    path = f"/v1/connections/{world.connection.uid}/clone"
    shown = client_of(cast.editor).post(path, {}, content_type="application/json").json()
    assert shown["name"] == "Clone of Shop"
    assert "password" not in shown["rdbms"]
    assert Connection.objects.get(uid=shown["_id"]).sealed == ""


def tables() -> list[str]:
    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True):
            cursor.execute(f"SELECT row::text FROM {table} row")
            texts += [text for (text,) in cursor.fetchall()]
    return texts
