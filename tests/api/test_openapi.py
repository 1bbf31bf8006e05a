import json
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from config import schema
from tests.api.endpoints import ENDPOINTS
from tests.api.test_five_questions import without_ids

NO_BODY = {"204", "304"}


def document(name: str = "") -> dict[str, Any]:
    response = Client().get(f"/api/schema/{name}".rstrip("/"))
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    found: dict[str, Any] = response.json()
    return found


def operations(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {without_ids(path)}": operation
        for path, item in found["paths"].items()
        for method, operation in item.items()
    }


def test_is_made_without_a_warning(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))
    assert capsys.readouterr().err == ""


def test_describes_every_endpoint() -> None:
    described = set(operations(document()))
    assert described == {without_ids(f"{each.method} {each.path}") for each in ENDPOINTS}


def test_the_dialects_make_up_the_whole() -> None:
    whole = set(operations(document()))
    parts = [set(operations(document(name))) for name in schema.DIALECTS]
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)


def test_an_unknown_dialect_is_404() -> None:
    assert Client().get("/api/schema/nothing").status_code == 404


def test_names_every_operation_once() -> None:
    names = [operation["operationId"] for operation in operations(document()).values()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch("[a-z_]+", name) for name in names)


@pytest.mark.parametrize(("name", "operation"), operations(json.loads(schema._document(""))).items())
def test_shows_an_example_of_every_body(name: str, operation: dict[str, Any]) -> None:
    bodies = [
        content
        for status, response in operation["responses"].items()
        if status not in NO_BODY
        for content in response["content"].values()
    ]
    if "requestBody" in operation:
        bodies += operation["requestBody"]["content"].values()
    undescribed = [body for body in bodies if "schema" not in body]
    assert not undescribed
    without = [body for body in bodies if not body.get("examples")]
    assert not without, name


def test_tells_which_operations_need_a_key() -> None:
    public = {name for name, operation in operations(document()).items() if not operation.get("security")}
    assert public == {
        "GET /api/health",
        "POST /api/token",
        "POST /api/token/refresh",
        "GET /config",
        "GET /config/connectors/v2/types/<>",
        "GET /config/pipelines/FlowbasinPipelineScreens.json",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/refresh",
    }


def test_an_answer_holds_no_field_that_is_not_described(cast: Any, world: Any, client_of: Any) -> None:
    found = document()
    for endpoint in ENDPOINTS:
        if endpoint.method == "DELETE" or endpoint.status >= 400:
            continue
        answer = endpoint.call(client_of(cast.editor), world.uids)
        if answer.status_code != endpoint.status:
            continue  # an earlier endpoint has ended the job
        operation = operations(found)[without_ids(f"{endpoint.method} {endpoint.path}")]
        content = operation["responses"][str(endpoint.status)]["content"]["application/json"]["schema"]
        check(answer.json(), content, found, str(endpoint))


def check(value: Any, expected: dict[str, Any], found: dict[str, Any], place: str) -> None:
    """As far as objects and lists go: fields that are described, and those that are required."""
    for part in expected.get("allOf", []):
        check(value, part, found, place)
    if "$ref" in expected:
        expected = found["components"]["schemas"][expected["$ref"].rpartition("/")[2]]
    if isinstance(value, list) and "items" in expected:
        for item in value:
            check(item, expected["items"], found, place)
    if isinstance(value, dict) and "properties" in expected:
        assert not set(value) - set(expected["properties"]), place
        written = {name for name, field in expected["properties"].items() if field.get("writeOnly")}
        assert not set(expected.get("required", [])) - written - set(value), place
        for name, part in value.items():
            check(part, expected["properties"][name], found, f"{place} {name}")


def test_the_pages_load_nothing_from_elsewhere() -> None:
    for path in ("/docs", "/docs/redoc"):
        page = Client().get(path).content.decode()
        sources = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
        assert sources
        assert all(source.startswith(("/static/", "/api/", "data:")) for source in sources)
        assert "/api/schema" in page
