"""GET /sources: what this installation can connect, in the words of the seed."""

from typing import Any

import pytest

from apps.connectors.models import Connector
from apps.connectors.queries import missing
from tests.api.sources.conftest import Sources

KEYS = {"id", "name", "shortName", "description", "authMethods", "labels", "supportsContinuous"}
TYPES = {"string", "number", "password", "boolean", "select"}


def fields(sources: Sources, short_name: str) -> dict[str, dict[str, Any]]:
    source = sources.get(f"/sources/{short_name}")["source"]
    return {field["name"]: field for field in source["authFields"]}


def test_lists_every_connector_that_can_be_used_and_the_one_to_push_to(sources: Sources) -> None:
    found = sources.get("/sources")["sources"]
    usable = {connector.name for connector in Connector.objects.all() if not missing(connector)}
    assert {source["shortName"] for source in found} == usable | {"push"}
    assert all(set(source) == KEYS for source in found)
    labels = {source["shortName"]: source["labels"] for source in found}
    assert (labels["mysql"], labels["sftp"], labels["push"]) == (["database"], ["file store"], ["push"])


def test_leaves_out_what_the_operator_switched_off(sources: Sources) -> None:
    Connector.objects.filter(name="sftp").update(is_enabled=False)
    assert "sftp" not in {source["shortName"] for source in sources.get("/sources")["sources"]}
    sources.get("/sources/sftp", 404)


def test_one_source_says_all_that_the_list_does(sources: Sources) -> None:
    for listed in sources.get("/sources")["sources"]:
        source = sources.get(f"/sources/{listed['shortName']}")["source"]
        assert {name: source[name] for name in KEYS} == listed
        assert {field["type"] for field in source["authFields"]} <= TYPES
        assert "user" not in {field["name"] for field in source["authFields"]}


def test_tells_what_a_form_needs_to_know(sources: Sources) -> None:
    found = fields(sources, "postgresql")
    assert found["port"] == {"name": "port", "type": "number", "required": True, "default": 5432}
    assert found["password"] == {"name": "password", "type": "password", "required": True, "secret": True}
    assert (found["sslmode"]["type"], found["sslmode"]["default"]) == ("select", "prefer")
    assert found["sslmode"]["options"] == ["disable", "prefer", "require", "verify-ca", "verify-full"]
    assert found["host"]["description"] == "Name or address of the database server."
    assert "secret" not in found["username"]


@pytest.mark.parametrize(
    ("short_name", "required"),
    [("sqlite", {"path"}), ("sftp", {"host", "username"}), ("folder", set()), ("push", set())],
)
def test_asks_for_no_more_than_a_source_needs(short_name: str, required: set[str], sources: Sources) -> None:
    found = fields(sources, short_name)
    assert {name for name, field in found.items() if field["required"]} == required


def test_tells_what_can_be_configured(sources: Sources) -> None:
    def config(short_name: str) -> set[str]:
        source = sources.get(f"/sources/{short_name}")["source"]
        return {field["name"] for field in source["configFields"]}

    assert {"schemas", "tables", "columns", "cursorField", "rowLimit"} <= config("postgresql")
    assert config("sftp") - config("postgresql") == {"format"}
    assert config("push") == set()
