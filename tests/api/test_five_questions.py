"""Of every endpoint: does it work, and what of a wrong method, no token, a stranger's row and a malformed body?"""

import re

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.dialects.paths import Dialect, dialect_of
from tests.api.conftest import snapshot
from tests.api.endpoint import Endpoint, filled
from tests.api.endpoints import ENDPOINTS
from tests.api.world import World, make_world
from tests.conftest import Cast, ClientOf

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PRIVATE = [endpoint for endpoint in ENDPOINTS if endpoint.scope]
ROWS = [endpoint for endpoint in ENDPOINTS if endpoint.has_row]
BODIES = [endpoint for endpoint in ENDPOINTS if isinstance(endpoint.body, dict)]
REFERENCES = [endpoint for endpoint in BODIES if {"_connectionId", "pageGenerators"} & set(endpoint.body)]
NO_JSON = ("{", "\0", '{"name": "a\\u0000b"}', "[" * 65 + "]" * 65, "[" * 2000, "NaN", '{"name": "\\ud800"}', "1e999")
NO_OBJECTS = ("null", "7", '"text"', "[7]", "true")
PATHS = sorted({endpoint.path for endpoint in ENDPOINTS})


def error_keys(dialect: Dialect) -> set[str]:
    return {"errors"} if dialect == Dialect.CELIGO else {"error"}


def assert_in_envelope(body: dict[str, object], path: str) -> None:
    assert set(body) >= error_keys(dialect_of(path) or Dialect.PLATFORM)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_works(endpoint: Endpoint, cast: Cast, world: World, client_of: ClientOf) -> None:
    client = client_of(cast.editor) if endpoint.scope else Client()
    response = endpoint.call(client, world.uids)
    assert response.status_code == endpoint.status, response.content
    assert len(response["X-Request-Id"]) == 16


@pytest.mark.parametrize("path", PATHS)
def test_answers_a_wrong_method_by_405_and_what_is_allowed(
    path: str, cast: Cast, world: World, client_of: ClientOf
) -> None:
    allowed = {endpoint.method for endpoint in ENDPOINTS if without_ids(endpoint.path) == without_ids(path)}
    wrong = next(method for method in METHODS if method not in allowed)
    response = client_of(cast.editor).generic(wrong, filled(path, world.uids))
    assert response.status_code == 405, response.content
    assert set(response["Allow"].split(", ")) - {"HEAD"} == allowed
    assert_in_envelope(response.json(), path)


@pytest.mark.parametrize("endpoint", PRIVATE, ids=str)
def test_answers_401_without_a_token(endpoint: Endpoint, world: World) -> None:
    before = snapshot()
    response = endpoint.call(Client(), world.uids)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    assert_in_envelope(response.json(), endpoint.path)
    assert snapshot() == before


@pytest.mark.parametrize("endpoint", ROWS, ids=str)
def test_answers_404_for_a_strangers_row_and_changes_nothing(
    endpoint: Endpoint, cast: Cast, world: World, client_of: ClientOf
) -> None:
    uids, before = world.uids, snapshot()
    response = endpoint.call(client_of(cast.stranger), uids)
    assert response.status_code == 404
    assert_in_envelope(response.json(), endpoint.path)
    told = set(uids.values()) - set(world.numbers.values())  # Databasin says back the number that it was asked for
    assert not any(uid in response.content.decode() for uid in told)
    assert snapshot() == before


@pytest.mark.parametrize("endpoint", REFERENCES, ids=str)
def test_refuses_ids_of_a_strangers_rows_in_a_body(
    endpoint: Endpoint, cast: Cast, world: World, client_of: ClientOf
) -> None:
    theirs = make_world(cast.globex)
    before = snapshot()
    response = endpoint.call(client_of(cast.editor), world.uids, filled(endpoint.body, theirs.uids))
    assert response.status_code == 422
    assert {error["code"] for error in response.json()["errors"]} == {"invalid_ref"}
    assert snapshot() == before


@pytest.mark.parametrize("endpoint", BODIES, ids=str)
def test_refuses_a_malformed_body_and_changes_nothing(
    endpoint: Endpoint, cast: Cast, world: World, client_of: ClientOf
) -> None:
    client, before = client_of(cast.editor), snapshot()
    for body in NO_JSON:
        response = endpoint.call(client, world.uids, body)
        assert response.status_code == 400, body
        assert_in_envelope(response.json(), endpoint.path)
    for body in NO_OBJECTS:
        response = endpoint.call(client, world.uids, body)
        assert response.status_code in {400, 422}, body
        assert_in_envelope(response.json(), endpoint.path)
    assert snapshot() == before


def test_asks_of_every_endpoint_there_is() -> None:
    asked = {without_ids(endpoint.path) for endpoint in ENDPOINTS}
    asked |= {path.removeprefix("/api") for path in asked if path.startswith("/api/v1/")}  # the same views
    assert {route for route in routes() if dialect_of(route) or route == "/readyz"} - asked == {
        "/api/schema",
        "/api/schema/<>",
    }


def without_ids(path: str) -> str:
    return re.sub(r"\{\w+\}|<[^>]+>", "<>", path.partition("?")[0])


def routes(patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "/") -> set[str]:
    found: set[str] = set()
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            found |= routes(pattern.url_patterns, path)
        else:
            found.add(without_ids(path))
    return found
