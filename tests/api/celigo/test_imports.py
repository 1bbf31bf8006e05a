from typing import Any

import pytest

from apps.flows.models import Import
from tests.api.celigo.conftest import Celigo, problems
from tests.api.celigo.test_exports import FILTER, RULES
from tests.api.endpoint import filled
from tests.api.endpoints import IMPORT
from tests.api.world import World

INSERT = {"queryType": ["bulk_insert"], "bulkInsert": {"tableName": "public.orders"}}
LOAD = {"queryType": ["bulk_load"], "bulkLoad": {"tableName": "orders", "primaryKeys": ["id", "line"]}}
MAPPINGS = [{"generate": "total", "extract": "$.amount", "dataType": "number", "status": "Active"}]


def body(world: World, **change: Any) -> dict[str, Any]:
    return {name: value for name, value in (filled(IMPORT, world.uids) | change).items() if value is not None}


@pytest.mark.parametrize(
    ("change", "stored"),
    [
        ({}, {"target": {"table": "orders"}, "mode": "upsert", "key": ["id"], "allow_empty": False}),
        (
            {"rdbms": {"schema": "Odd one", "table": 'a"b', "mode": "replace", "allowEmpty": True}},
            {"target": {"schema": "Odd one", "table": 'a"b'}, "mode": "replace", "allow_empty": True},
        ),
        ({"rdbms": INSERT}, {"target": {"schema": "public", "table": "orders"}, "mode": "append", "key": []}),
        (
            {"rdbms": {**INSERT, "bulkInsert": {"tableName": "orders", "batchSize": "500"}}},
            {"target": {"table": "orders"}, "mode": "append"},
        ),
        ({"rdbms": LOAD}, {"target": {"table": "orders"}, "mode": "upsert", "key": ["id", "line"]}),
        (
            {"rdbms": {"queryType": ["bulk_load"], "bulkLoad": {"tableName": '"odd.schema"."Orders ""x"""'}}},
            {"target": {"schema": "odd.schema", "table": 'Orders "x"'}, "mode": "append", "key": []},
        ),
        ({"rdbms": {"table": " orders ", "mode": "upsert", "key": [" id"]}}, {"target": {"table": " orders "}}),
        ({"mappings": MAPPINGS}, {"mapping": MAPPINGS}),
        ({"filter": FILTER}, {"filter": RULES}),
        (
            {"description": "Nightly", "settings": {"a": 1}},
            {"description": "Nightly", "document": {"settings": {"a": 1}}},
        ),
    ],
    ids=str,
)
def test_reads_back_what_was_sent(change: dict[str, Any], stored: dict[str, Any], celigo: Celigo, world: World) -> None:
    sent = body(world, **change)
    made = celigo.post("/v1/imports", sent)
    given = {name: made.pop(name) for name in ("_id", "createdAt", "lastModified")}
    assert made == sent
    row = Import.objects.get(uid=given["_id"])
    assert {name: getattr(row, name) for name in stored} == stored
    assert celigo.put(f"/v1/imports/{given['_id']}", made)["rdbms"] == sent["rdbms"]


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        ({"extract": "amount", "generate": "total"}, {"generate": "total", "extract": "$.amount"}),
        ({"extract": "customer.name", "generate": "who"}, {"generate": "who", "extract": "$.customer.name"}),
        ({"hardCodedValue": "EUR", "generate": "currency"}, {"generate": "currency", "extract": "EUR"}),
        ({"hardCodedValue": "", "generate": "note"}, {"generate": "note", "extract": ""}),
        (
            {"extract": "amount", "generate": "total", "dataType": "number"},
            {"generate": "total", "extract": "$.amount", "dataType": "number"},
        ),
        (
            {"extract": "amount", "generate": "total", "discardIfEmpty": True},
            {"generate": "total", "extract": "$.amount", "conditional": {"when": "extract_not_empty"}},
        ),
    ],
    ids=str,
)
def test_puts_mapping_1_into_the_words_of_2_and_reads_it_back_in_its_own(
    field: dict[str, Any], rule: dict[str, Any], celigo: Celigo, world: World
) -> None:
    made = celigo.post("/v1/imports", body(world, mapping={"fields": [field]}))
    row = Import.objects.get(uid=made["_id"])
    assert row.mapping == [rule | {"status": "Active"}]
    assert made["mapping"] == {"fields": [field]}
    assert "mappings" not in made


def test_shows_the_stored_rules_once_they_are_changed_elsewhere(celigo: Celigo, world: World) -> None:
    made = celigo.post("/v1/imports", body(world, mapping={"fields": [{"extract": "a", "generate": "b"}]}))
    Import.objects.filter(uid=made["_id"]).update(mapping=MAPPINGS)
    shown = celigo.get(f"/v1/imports/{made['_id']}")
    assert shown["mappings"] == MAPPINGS
    assert "mapping" not in shown


def test_shows_the_stored_target_once_it_is_changed_elsewhere(celigo: Celigo, world: World) -> None:
    made = celigo.post("/v1/imports", body(world, rdbms=INSERT))
    Import.objects.filter(uid=made["_id"]).update(mode="replace")
    shown = celigo.get(f"/v1/imports/{made['_id']}")
    assert shown["rdbms"] == {"schema": "public", "table": "orders", "mode": "replace"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"adaptorType": "HTTPImport"}, [("invalid_field", "adaptorType")]),
        ({"_connectionId": "0" * 24}, [("invalid_ref", "_connectionId")]),
        ({"rdbms": {}}, [("missing_required_field", "rdbms.table")]),
        ({"rdbms": {"table": "orders", "mode": "merge"}}, [("invalid_field", "rdbms.mode")]),
        ({"rdbms": {"table": "orders", "mode": "upsert"}}, [("missing_required_field", "rdbms.key")]),
        ({"rdbms": {"queryType": ["per_record"], "query": ["x"]}}, [("invalid_field", "rdbms.queryType")]),
        ({"rdbms": {"queryType": ["per_page"]}}, [("invalid_field", "rdbms.queryType")]),
        ({"rdbms": {"queryType": ["first_page"]}}, [("invalid_field", "rdbms.queryType")]),
        ({"rdbms": {"queryType": ["bulk_insert", "bulk_load"]}}, [("invalid_field", "rdbms.queryType")]),
        ({"rdbms": {"queryType": ["bulk_insert"]}}, [("missing_required_field", "rdbms.bulkInsert.tableName")]),
        (
            {"rdbms": {"queryType": ["bulk_load"], "bulkLoad": {}}},
            [("missing_required_field", "rdbms.bulkLoad.tableName")],
        ),
        (
            {"rdbms": {**INSERT, "bulkInsert": {"tableName": "a.b.c"}}},
            [("invalid_field", "rdbms.bulkInsert.tableName")],
        ),
        ({"rdbms": {**INSERT, "table": "orders"}}, [("invalid_field", "rdbms.queryType")]),
        (
            {"rdbms": {**LOAD, "bulkLoad": {"tableName": "a", "overrideMergeQuery": True}}},
            [("invalid_field", "rdbms.bulkLoad.overrideMergeQuery")],
        ),
        ({"mappings": MAPPINGS, "mapping": {"fields": [{"generate": "a"}]}}, [("invalid_field", "mapping")]),
        ({"mappings": "x"}, [("invalid_field", "mappings")]),
        ({"mappings": ["x"]}, [("invalid_field", "mappings.0")]),
        ({"mappings": [{"extract": "$.a"}]}, [("missing_required_field", "mappings.0.generate")]),
        ({"mappings": [{"generate": "a", "extract": "$.a[*]"}]}, [("invalid_field", "mappings")]),
        (
            {"mappings": [{"generate": "a", "lookupName": "x", "conditional": {"when": "record_created"}}]},
            [("invalid_field", "mappings.0.lookupName"), ("invalid_field", "mappings.0.conditional.when")],
        ),
        ({"mapping": {"fields": [{"generate": "a", "extract": "x[*].y"}]}}, [("invalid_field", "mappings")]),
        (
            {"mapping": {"fields": [{"generate": "a", "hardCodedValue": "$5"}]}},
            [("invalid_field", "mapping.fields.0.hardCodedValue")],
        ),
        ({"mapping": {"fields": [], "lists": [{}]}}, [("invalid_field", "mapping.lists")]),
        ({"lookups": [{"name": "x"}]}, [("invalid_field", "lookups")]),
        ({"ignoreExisting": True}, [("invalid_field", "ignoreExisting")]),
    ],
    ids=str,
)
def test_refuses(change: dict[str, Any], expected: list[tuple[str, str]], celigo: Celigo, world: World) -> None:
    before = Import.objects.count()
    assert problems(celigo.post("/v1/imports", body(world, **change), 422)) == expected
    assert Import.objects.count() == before


def test_delete_refuses_what_a_flow_uses(celigo: Celigo, world: World) -> None:
    assert celigo.delete(f"/v1/imports/{world.import_.uid}", 409)["errors"][0]["code"] == "in_use"
    celigo.delete(f"/v1/imports/{world.uids['spare_import']}")


def test_clone_is_a_copy_under_another_name(celigo: Celigo, world: World) -> None:
    original = celigo.get(f"/v1/imports/{world.import_.uid}")
    copy = celigo.post(f"/v1/imports/{world.import_.uid}/clone", {"name": "Copy"})
    own = ("_id", "createdAt", "lastModified", "name")
    assert {**copy, **{name: original[name] for name in own}} == original
