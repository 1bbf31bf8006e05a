"""Whatever goes wrong, and wherever, leaves in the words of the path's dialect."""

import logging
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from apps.accounts.services import callers
from apps.dialects.paths import Dialect
from tests.api.world import World
from tests.conftest import Cast, ClientOf

PATHS = {
    Dialect.PLATFORM: "/api/nothing",
    Dialect.CELIGO: "/v1/nothing",
    Dialect.DATABASIN: "/api/connector/nothing",
    Dialect.DATABITE: "/api/connectors/nothing",
    Dialect.DBSYNC: "/v1/records/nothing",
    Dialect.SOURCES: "/v1/source-connections/nothing",
}
TEXT = "There is nothing here."
NOT_FOUND: dict[Dialect, dict[str, Any]] = {
    Dialect.PLATFORM: {"error": "Not Found", "message": TEXT, "status": 404},
    Dialect.CELIGO: {"errors": [{"code": "not_found", "message": TEXT}]},
    Dialect.DATABASIN: {"error": "Not Found", "message": TEXT, "status": 404},
    Dialect.DATABITE: {"error": TEXT},
    Dialect.DBSYNC: {"error": {"code": 404, "message": TEXT}},
    Dialect.SOURCES: {"success": False, "error": "not_found", "message": TEXT, "details": []},
}


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("ending", ["/nothing", "//nothing", "/./nothing"])
def test_a_path_that_is_not_there(dialect: Dialect, ending: str) -> None:
    response = Client().get(PATHS[dialect].replace("/nothing", ending))
    body = response.json()
    if dialect == Dialect.SOURCES:
        assert body.pop("requestId") == response["X-Request-Id"]
    assert (response.status_code, body) == (404, NOT_FOUND[dialect])
    assert int(response["Content-Length"]) == len(response.content)


@pytest.mark.parametrize("path", ["/v2/flows", "/nothing", "/apis"])
def test_outside_the_api_a_page_stays_a_page(path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    "path", ["/api/HEALTH", "/API/health", "/api//health", "/api/./health", "/v1/connections//", "/v1/flows/run/"]
)
def test_a_path_that_is_spelt_another_way_is_another_path(path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/api/health/", "/v1/tokenInfo/", "/readyz/", "/api/schema/", "/docs/"])
def test_one_trailing_slash_makes_no_difference(path: str, cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.viewer)
    assert client.get(path).status_code == client.get(path.rstrip("/")).status_code != 404


@pytest.mark.parametrize("dialect", Dialect)
def test_a_host_that_is_not_ours(dialect: Dialect) -> None:
    response = Client(headers={"Host": "evil.example"}).get(PATHS[dialect])
    assert response.status_code == 400
    assert set(response.json()) >= ({"errors"} if dialect == Dialect.CELIGO else {"error"})
    assert "evil" not in response.content.decode()


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "*/*;q=0"])
def test_accept_changes_nothing(accept: str) -> None:
    response = Client(headers={"Accept": accept}).get("/api/health?format=xml")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_body_that_claims_to_be_something_else(content_type: str, cast: Cast, client_of: ClientOf) -> None:
    response = client_of(cast.editor).generic("POST", "/v1/exports", "name=x", content_type=content_type)
    assert response.status_code == 415
    assert response.json()["errors"][0]["code"] == "unsupported_media_type"


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/merge-patch+json", ""])
def test_json_by_its_other_names(content_type: str, cast: Cast, client_of: ClientOf) -> None:
    response = client_of(cast.editor).generic("POST", "/v1/exports", "{}", content_type=content_type)
    assert response.status_code == 422


@pytest.mark.parametrize("path", ["/v1/exports", "/v1/nothing"])
def test_a_body_that_is_too_large(path: str, cast: Cast, client_of: ClientOf, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client = client_of(cast.editor)
    response = client.generic("POST", path, "[" * 1001, content_type="application/json")
    assert response.status_code == 413
    assert response.json() == {"errors": [{"code": "too_large", "message": "The body is larger than 1000 bytes."}]}
    assert client.generic("POST", path, "[" * 1000, content_type="application/json").status_code != 413


@pytest.mark.parametrize("path", ["/v1/jobs?_flowId=%00", "/v1/jobs/%00", "/api/health?a=b&c=%00d"])
def test_an_address_with_nul(path: str, cast: Cast, client_of: ClientOf) -> None:
    assert client_of(cast.editor).get(path).status_code == 400


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "BREW"])
def test_a_method_that_no_endpoint_has(method: str, cast: Cast, client_of: ClientOf) -> None:
    response = client_of(cast.editor).generic(method, "/v1/exports")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override"])
def test_a_method_that_a_header_claims_is_not_believed(header: str, cast: Cast, client_of: ClientOf) -> None:
    response = client_of(cast.editor).get("/v1/exports", headers={header: "DELETE"})
    assert response.status_code == 200


def test_a_fault_of_ours_tells_the_request_and_nothing_else(
    cast: Cast, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_of(cast.editor)
    client.raise_request_exception = False
    monkeypatch.setattr("apps.accounts.api.celigo.allowed_scopes", lambda _caller: 1 / 0)
    response = client.get("/v1/tokenInfo")
    request_id = response["X-Request-Id"]
    assert response.status_code == 500
    assert response.json() == {
        "errors": [{"code": "internal", "message": f"An internal error occurred. Request id: {request_id}"}]
    }
    assert request_id in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_fault_below_the_views_does_so_too(cast: Cast, settings: Settings) -> None:
    settings.MIDDLEWARE = [*django_settings.MIDDLEWARE, "tests.api.test_envelopes.broken"]
    response = Client(raise_request_exception=False).get("/v1/tokenInfo")
    assert response.status_code == 500
    assert response["X-Request-Id"] in response.json()["errors"][0]["message"]


def broken(_get_response: Any) -> Any:
    def respond(_request: Any) -> Any:
        raise ZeroDivisionError

    return respond


def test_a_database_that_is_away_is_503(cast: Cast, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(cast.editor)

    def away(*_arguments: Any) -> None:
        raise OperationalError("connection refused, password=CANARY")

    monkeypatch.setattr(callers, "_look_up_key", away)
    response = client.get("/v1/connections")
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response.json()["errors"][0]["code"] == "unavailable"
    assert "CANARY" not in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_503(cast: Cast, world: World, client_of: ClientOf) -> None:
    client = client_of(cast.editor)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 1")
    try:
        with connection.execute_wrapper(slowly):
            assert client.get("/v1/connections").status_code == 503
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")
    assert client.get("/v1/connections").status_code == 200


def slowly(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if "connections_connection" in sql:
        sql = f"SELECT pg_sleep(1), found.* FROM ({sql}) found"
    return execute(sql, params, many, context)


def test_plain_http_is_refused_and_not_redirected_where_https_is_spoken(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = Client().get("/v1/tokenInfo")
    assert response.status_code == 403
    assert response.json()["errors"][0]["code"] == "https_required"
    assert "Location" not in response
    assert Client().get("/admin/").status_code == 301


def test_every_answer_has_a_request_id_of_its_own() -> None:
    client = Client(headers={"X-Request-Id": "mine"})
    ids = {client.get(path)["X-Request-Id"] for path in ("/api/health", "/api/health", "/v1/nothing", "/")}
    assert len(ids) == 4
    assert "mine" not in ids


def test_preflights_are_answered_for_known_origins_alone(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    for origin, allowed in (("https://app.example", True), ("https://evil.example", False), ("null", False)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        response = Client().options("/v1/exports", headers=headers)
        assert ("Access-Control-Allow-Origin" in response) is allowed
        assert "Access-Control-Allow-Credentials" not in response
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    allowed = Client().options("/v1/exports", headers=headers)["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "x-api-key", "idempotency-key", "if-none-match"} <= set(allowed)
    exposed = Client().get("/api/health", headers=headers)["Access-Control-Expose-Headers"].split(", ")
    figures = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    ages = {"Age", "X-Metadata-Refreshed-At"}
    assert {"ETag", "Link", "Location", "Retry-After", "X-Request-Id", *figures, *ages} == set(exposed)


def test_the_root_leads_to_the_console() -> None:
    for path in ("/", "/admin"):
        assert Client().get(path)["Location"] == "/admin/"


def test_an_unlogged_failure_is_not_a_fault(cast: Cast, client_of: ClientOf, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    client_of(cast.editor).post("/v1/exports", {}, content_type="application/json")
    assert caplog.text == ""
