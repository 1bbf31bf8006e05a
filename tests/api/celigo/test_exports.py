from typing import Any

import pytest

from apps.flows.models import Export
from tests.api.celigo.conftest import Celigo, problems
from tests.api.endpoint import filled
from tests.api.endpoints import EXPORT
from tests.api.world import World

RULES = ["greaterthan", ["number", ["extract", "total"]], 10]
FILTER = {"type": "expression", "expression": {"version": "1", "rules": RULES}}


def body(world: World, **change: Any) -> dict[str, Any]:
    return {name: value for name, value in (filled(EXPORT, world.uids) | change).items() if value is not None}


@pytest.mark.parametrize(
    ("change", "stored"),
    [
        ({}, {"type": "all", "source": {"schema": "public", "table": "orders"}, "page_size": 5000, "limit": None}),
        ({"rdbms": {"query": "SELECT 1"}}, {"source": {"query": "SELECT 1"}}),
        ({"rdbms": {"query": "SELECT '{{1,2},{3,4}}'::int[]", "key": ["id"]}}, {"key": ["id"]}),
        ({"rdbms": {"table": "orders", "columns": ["id", "total"]}}, {"columns": ["id", "total"]}),
        (
            {"rdbms": {"schema": " s ", "table": " orders ", "columns": [" id"], "key": [" id"]}},
            {"source": {"schema": " s ", "table": " orders "}, "columns": [" id"], "key": [" id"]},
        ),
        ({"pageSize": 20}, {"page_size": 20}),
        ({"description": "All of them"}, {"description": "All of them"}),
        (
            {"type": "delta", "delta": {"dateField": "updated_at"}},
            {"type": "delta", "cursor": {"column": "updated_at"}},
        ),
        (
            {"type": "delta", "delta": {"dateField": "updated_at", "lagOffset": 1500}},
            {"cursor": {"column": "updated_at", "overlap": 1.5}},
        ),
        ({"type": "delta", "delta": {"dateField": "id", "lagOffset": 0}}, {"cursor": {"column": "id", "overlap": 0.0}}),
        ({"type": "test", "test": {"limit": 7}}, {"type": "test", "limit": 7}),
        ({"filter": FILTER}, {"filter": RULES}),
        (
            {"settings": {"a": 1}, "traceKeyTemplate": "{{id}}"},
            {"document": {"settings": {"a": 1}, "traceKeyTemplate": "{{id}}"}},
        ),
    ],
    ids=str,
)
def test_reads_back_what_was_sent(change: dict[str, Any], stored: dict[str, Any], celigo: Celigo, world: World) -> None:
    sent = body(world, **change)
    made = celigo.post("/v1/exports", sent)
    given = {name: made.pop(name) for name in ("_id", "createdAt", "lastModified")}
    assert made == {"pageSize": 5000, **sent}
    row = Export.objects.get(uid=given["_id"])
    assert {name: getattr(row, name) for name in stored} == stored
    assert celigo.put(f"/v1/exports/{given['_id']}", made)["rdbms"] == sent["rdbms"]


@pytest.mark.parametrize("form", [{"type": "expression", "rules": RULES}, {"version": "1", "rules": RULES}], ids=str)
def test_takes_filters_in_their_older_forms(form: dict[str, Any], celigo: Celigo, world: World) -> None:
    assert celigo.post("/v1/exports", body(world, filter=form))["filter"] == FILTER


def test_a_test_export_reads_one_record_unless_it_says_more(celigo: Celigo, world: World) -> None:
    assert celigo.post("/v1/exports", body(world, type="test"))["test"] == {"limit": 1}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"adaptorType": "HTTPExport"}, [("invalid_field", "adaptorType")]),
        ({"adaptorType": None}, [("missing_required_field", "adaptorType")]),
        ({"_connectionId": None}, [("missing_required_field", "_connectionId")]),
        ({"_connectionId": "5e03061cda20740022300f09"}, [("invalid_ref", "_connectionId")]),
        ({"_connectionId": "not an id"}, [("invalid_ref", "_connectionId")]),
        ({"type": "webhook"}, [("invalid_field", "type")]),
        ({"type": "delta"}, [("missing_required_field", "delta.dateField")]),
        ({"type": "delta", "delta": {}}, [("missing_required_field", "delta.dateField")]),
        ({"type": "delta", "delta": {"dateField": "a,b"}}, [("invalid_field", "delta.dateField")]),
        ({"delta": {"dateField": "a", "startDate": "2020-01-01"}}, [("invalid_field", "delta.startDate")]),
        ({"delta": {"dateField": "a", "lagOffset": 10**15}}, [("invalid_field", "delta.lagOffset")]),
        ({"type": "test", "test": {"limit": 101}}, [("invalid_field", "test.limit")]),
        ({"rdbms": {}}, [("missing_required_field", "rdbms.query")]),
        ({"rdbms": {"query": "SELECT 1", "table": "orders"}}, [("invalid_field", "rdbms.query")]),
        ({"rdbms": {"query": "SELECT {{lastExportDateTime}}"}}, [("invalid_field", "rdbms.query")]),
        ({"rdbms": {"query": "SELECT {{{ record.id }}}"}}, [("invalid_field", "rdbms.query")]),
        ({"rdbms": {"table": "orders", "columns": "id"}}, [("invalid_field", "rdbms.columns")]),
        ({"pageSize": 0}, [("invalid_field", "pageSize")]),
        ({"pageSize": 10**30}, [("invalid_field", "pageSize")]),
        ({"filter": {"type": "script"}}, [("invalid_field", "filter")]),
        ({"filter": {"rules": ["frobnicate", 1]}}, [("invalid_field", "filter")]),
        ({"filter": {"rules": "id > 1"}}, [("invalid_field", "filter")]),
        ({"transform": {"type": "expression"}}, [("invalid_field", "transform")]),
        ({"hooks": {"preSavePage": {"function": "f"}}}, [("invalid_field", "hooks")]),
        ({"isLookup": True}, [("invalid_field", "isLookup")]),
    ],
    ids=str,
)
def test_refuses(change: dict[str, Any], expected: list[tuple[str, str]], celigo: Celigo, world: World) -> None:
    before = Export.objects.count()
    assert problems(celigo.post("/v1/exports", body(world, **change), 422)) == expected
    assert Export.objects.count() == before


def test_takes_later_fields_that_ask_for_nothing(celigo: Celigo, world: World) -> None:
    celigo.post("/v1/exports", body(world) | {"isLookup": False, "hooks": {}, "transform": None, "oneToMany": False})


def test_patch_takes_an_export_from_all_records_to_changes(celigo: Celigo, world: World) -> None:
    path = f"/v1/exports/{world.export.uid}"
    patched = celigo.patch(path, {"type": "delta", "delta": {"dateField": "updated_at"}})
    assert (patched["type"], patched["delta"]) == ("delta", {"dateField": "updated_at"})
    assert "type" not in celigo.patch(path, {"type": None, "delta": None})


def test_delete_refuses_what_a_flow_uses(celigo: Celigo, world: World) -> None:
    assert celigo.delete(f"/v1/exports/{world.export.uid}", 409)["errors"][0]["code"] == "in_use"
    celigo.delete(f"/v1/exports/{world.uids['spare_export']}")


def test_clone_may_use_another_connection(celigo: Celigo, world: World) -> None:
    spare = world.uids["spare_connection"]
    path = f"/v1/exports/{world.export.uid}/clone"
    copy = celigo.post(path, {"connectionMap": {world.connection.uid: spare}})
    assert (copy["name"], copy["_connectionId"]) == ("Clone of Orders", spare)
    answer = celigo.post(path, {"connectionMap": {world.connection.uid: "0" * 24}}, 422)
    assert problems(answer) == [("invalid_ref", f"connectionMap.{world.connection.uid}")]
