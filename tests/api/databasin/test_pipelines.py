"""Pipelines: made, changed, listed and removed, each the flow that the other dialects show."""

from typing import Any

import pytest

from apps.accounts import services as accounts
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.flows.models import Export, Flow, Import
from apps.jobs.models import Job, Schedule, State
from tests.api.conftest import snapshot
from tests.api.databasin.conftest import Databasin
from tests.api.world import World, make_world
from tests.conftest import Cast, ClientOf

JOB_DETAILS = {
    "tags": ["nightly"],
    "jobClusterSize": "M",
    "emailNotifications": ["olga@acme.example"],
    "jobRunSchedule": "0 10 * * *",
    "jobRunTimeZone": "Europe/Berlin",
    "jobTimeout": "43200",
}


@pytest.fixture
def warehouse(world: World) -> Connection:
    return connections.create(
        organization_id=world.organization.id,
        project_id=None,
        connector=connectors.connector("mariadb"),
        name="Warehouse",
        values={"host": "db.example", "database": "analytics", "user": "writer"},
    )


@pytest.fixture
def body(world: World, warehouse: Connection) -> dict[str, Any]:
    """As the vendor's own client sends it: connectors are named by the items alone."""
    return {
        "institutionID": world.organization.id,
        "internalID": world.project.internal_id,
        "ownerID": 0,
        "pipelineName": "Shop to warehouse",
        "isPrivate": 0,
        "sourceNamingConvention": True,
        "ingestionPattern": "data warehouse",
        "createCatalogs": False,
        "connectorTechnology": ["postgres"],
        "targetCatalogName": "analytics",
        "targetSchemaName": "",
        "jobDetails": JOB_DETAILS,
        "items": [item(world, warehouse, "orders"), item(world, warehouse, "customers", ingestionType="full")],
    }


def item(world: World, warehouse: Connection, table: str, **values: Any) -> dict[str, Any]:
    sent = {
        "sourceTableName": table,
        "sourceSchemaName": "public",
        "sourceColumnNames": None,
        "mergeColumns": ["id"],
        "watermarkColumnName": ["updated_at"],
        "ingestionType": "delta",
        "sourceConnectionID": world.connection.id,
        "targetConnectionID": warehouse.id,
        "artifactType": 1,
        "autoExplode": False,
        "detectDeletes": True,
        "backloadNumDays": 7,
        "snapshotRetentionPeriod": 3,
        "columnHeaderLineNumber": 0,
        "containsHeader": False,
        "sourceDatabaseName": "shop",
        "targetDatabaseName": "analytics",
        "targetSchemaName": "",
    }
    return sent | values


def test_what_is_sent_is_what_is_made(databasin: Databasin, cast: Cast, world: World, body: dict[str, Any]) -> None:
    made = databasin.post("/api/pipeline", body)
    flow = Flow.objects.get(id=made["pipelineID"])
    assert made["message"] == "Pipeline created successfully"
    assert (flow.name, flow.is_enabled, flow.owner, flow.project) == (
        "Shop to warehouse", True, cast.editor, world.project,
    )  # fmt: skip
    schedule = Schedule.objects.get(kind="flow", subject_id=flow.id)
    assert (schedule.cron, schedule.timezone, schedule.is_enabled) == ("0 10 * * *", "Europe/Berlin", True)
    steps = flow.steps.order_by("role", "index")
    assert [(step.role, step.index, step.track) for step in steps] == [
        ("generator", 0, 0), ("generator", 1, 1), ("processor", 0, 0), ("processor", 1, 1),
    ]  # fmt: skip
    export, import_ = Export.objects.get(name="public.orders"), Import.objects.get(name="analytics.orders")
    assert (export.type, export.source) == ("delta", {"schema": "public", "table": "orders"})
    assert export.cursor == {"column": "updated_at", "overlap": 604_800}
    assert (import_.mode, import_.key, import_.target) == ("upsert", ["id"], {"schema": "analytics", "table": "orders"})
    replaced = Import.objects.get(name="analytics.customers")
    assert (replaced.mode, replaced.allow_empty, Export.objects.get(name="public.customers").type) == (
        "replace", True, "all",
    )  # fmt: skip


def test_what_is_made_is_shown_with_what_was_only_kept(
    databasin: Databasin, cast: Cast, world: World, warehouse: Connection, body: dict[str, Any]
) -> None:
    made = databasin.post("/api/pipeline", body)
    shown = databasin.get(f"/api/pipeline/v2/{made['pipelineID']}")
    assert shown == {key: value for key, value in made.items() if key != "message"}
    owned = {"institutionID": world.organization.id, "internalID": "proj-acme", "ownerID": cast.editor.id}
    flags = {"enabled": True, "isActive": 1, "isPrivate": 0, "status": "active", "deleted": False}
    ends = {"sourceConnectorId": world.connection.id, "targetConnectorId": warehouse.id}
    assert shown == shown | owned | flags | ends | {"connectorTechnology": ["postgres"], "lastRunDate": None}
    assert shown["jobDetails"] == {**JOB_DETAILS, "intervalMinutes": None}
    assert shown["nextRunDate"].endswith(":00Z")
    first = shown["items"][0]
    sent = body["items"][0] | {"targetSchemaName": "analytics", "targetTableName": "orders"}
    assert first == {**sent, "artifactID": first["artifactID"]}
    assert [artifact["config"] for artifact in shown["artifacts"]] == [
        {"tableName": "orders", "schema": "public", "mode": "upsert"},
        {"tableName": "customers", "schema": "public", "mode": "overwrite"},
    ]
    assert shown["artifacts"][0] | {"config": {}} == {"id": str(first["artifactID"]), "type": "table", "config": {}}


def test_what_was_shown_changes_nothing_when_it_is_sent_back(databasin: Databasin, body: dict[str, Any]) -> None:
    made = databasin.post("/api/pipeline", body)
    path = f"/api/pipeline/v2/{made['pipelineID']}"
    shown = databasin.get(path)
    databasin.put(f"/api/pipeline/{made['pipelineID']}", shown)
    assert {**databasin.get(path), "updatedAt": "", "lastModifiedDate": ""} == {
        **shown, "updatedAt": "", "lastModifiedDate": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "changed"),
    [
        ({"pipelineName": "Renamed"}, {"pipelineName": "Renamed"}),
        ({"enabled": False}, {"enabled": False, "isActive": 0, "status": "inactive", "nextRunDate": None}),
        ({"isActive": 0}, {"enabled": False, "isActive": 0, "status": "inactive", "nextRunDate": None}),
        ({"status": "inactive"}, {"enabled": False, "isActive": 0, "status": "inactive", "nextRunDate": None}),
        ({"isPrivate": 1}, {"isPrivate": 1}),
        ({"items": []}, {}),
        ({"_comment": "nothing", "pipelineID": 4711, "internalID": ""}, {}),
        ({"targetCatalogName": "lake"}, {"targetCatalogName": "lake"}),
    ],
)
def test_changes_what_is_sent_and_nothing_else(
    sent: dict[str, Any], changed: dict[str, Any], databasin: Databasin, body: dict[str, Any]
) -> None:
    made = databasin.post("/api/pipeline", body)
    told = databasin.put(f"/api/pipeline/{made['pipelineID']}", sent)
    before = {**made, "message": "Pipeline updated successfully", **changed}
    assert {**told, "updatedAt": "", "lastModifiedDate": ""} == {**before, "updatedAt": "", "lastModifiedDate": ""}


@pytest.mark.parametrize(
    ("sent", "rhythm"),
    [
        ({"jobDetails": {"jobRunSchedule": "5 * * * *"}}, ("5 * * * *", "Europe/Berlin")),
        ({"jobDetails": {"jobRunTimeZone": "UTC"}}, ("0 10 * * *", "UTC")),
        ({"configuration": {"schedule": "7 * * * *"}}, ("7 * * * *", "Europe/Berlin")),
        ({"jobDetails": {"tags": []}}, ("0 10 * * *", "Europe/Berlin")),
        ({"jobDetails": {"jobRunSchedule": None}}, (None, "Europe/Berlin")),
        ({"jobDetails": {"jobRunSchedule": ""}}, (None, "Europe/Berlin")),
    ],
)
def test_a_schedule_is_changed_and_taken_away(
    sent: dict[str, Any], rhythm: tuple[str | None, str], databasin: Databasin, body: dict[str, Any]
) -> None:
    made = databasin.post("/api/pipeline", body)
    told = databasin.put(f"/api/pipeline/{made['pipelineID']}", sent)["jobDetails"]
    assert (told["jobRunSchedule"], told["jobRunTimeZone"]) == rhythm
    stored = Schedule.objects.filter(kind="flow", subject_id=made["pipelineID"]).first()
    assert (stored and stored.cron) == rhythm[0]
    assert (told["tags"], told["jobTimeout"]) == (sent.get("jobDetails", {}).get("tags", ["nightly"]), "43200")


def test_items_that_stay_keep_their_numbers_and_others_go(
    databasin: Databasin, world: World, warehouse: Connection, body: dict[str, Any]
) -> None:
    made = databasin.post("/api/pipeline", body)
    orders = made["items"][0]
    wanted = [item(world, warehouse, "items"), {"artifactID": orders["artifactID"], "ingestionType": "snapshot"}]
    told = databasin.put(f"/api/pipeline/{made['pipelineID']}", {"items": wanted})
    assert [row["sourceTableName"] for row in told["items"]] == ["items", "orders"]
    assert told["items"][1] == orders | {
        "ingestionType": "snapshot", "watermarkColumnName": [], "backloadNumDays": 0,
    }  # fmt: skip
    names = set(Export.objects.values_list("name", flat=True)) - {"Orders", "Spare"}
    assert names == {"public.items", "public.orders"}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"pipelineName": ""}, "Missing required field: pipelineName"),
    ({"pipelineName": 7.5}, "pipelineName must be one line of at most 255 characters."),
    ({"ingestionPattern": "swamp"}, "ingestionPattern 'swamp' is not known; these are: data warehouse, datalake."),
    ({"targetCatalogName": ""}, "ingestionPattern 'data warehouse' needs targetCatalogName."),
    ({"ingestionPattern": "datalake"}, "ingestionPattern 'datalake' needs targetSchemaName."),
    ({"enabled": "perhaps"}, "enabled must be true or false."),
    ({"items": {"sourceTableName": "orders"}}, "items must be a list of at most 10,000 objects."),
    ({"jobDetails": []}, "jobDetails must be an object of at most 20,000 bytes."),
    ({"jobDetails": {"jobRunSchedule": "0 0 10 * * ?"}}, "'0 0 10 * * ?' is not a cron expression"),
    ({"jobDetails": {"jobRunTimeZone": "Nowhere"}}, "There is no time zone named 'Nowhere'."),
    ({"ownerID": "x"}, "ownerID must be a whole number."),
]


def test_says_what_is_wrong_and_makes_nothing(databasin: Databasin, body: dict[str, Any]) -> None:
    before = snapshot()
    for wrong, message in WRONG:
        told = databasin.post("/api/pipeline", body | wrong, 400)
        assert told["message"].startswith(message), wrong
        assert {**told, "message": ""} == {"error": "Bad Request", "message": "", "status": 400}
    assert snapshot() == before


WRONG_ITEMS: list[tuple[dict[str, Any], str]] = [
    ({"sourceTableName": None}, "Missing required field: sourceTableName"),
    ({"sourceConnectionID": None}, "Missing required field: sourceConnectionID"),
    ({"ingestionType": "stored_procedure"}, "ingestionType 'stored_procedure' is not supported"),
    ({"ingestionType": "cdc", "mergeColumns": [], "watermarkColumnName": []}, "ingestionType cdc needs mergeColumns"),
    ({"watermarkColumnName": ["a", "b"]}, "More than one watermarkColumnName is not supported."),
    ({"mergeColumns": [7]}, "mergeColumns must be a list of at most 2,000 names of columns."),
    ({"sourceDatabaseName": "other"}, "sourceDatabaseName must be 'shop', the database that the connector 'Shop'"),
    ({"targetSchemaName": "public"}, "MariaDB has databases and no schemas in them"),
    ({"type": "api"}, "An artifact of the type 'api' is not supported"),
    ({"backloadNumDays": 40_000}, "backloadNumDays must be at most 36,500."),
]


def test_says_what_is_wrong_with_an_item(databasin: Databasin, body: dict[str, Any]) -> None:
    before = snapshot()
    for wrong, message in WRONG_ITEMS:
        told = databasin.post("/api/pipeline", body | {"items": [body["items"][0] | wrong]}, 400)
        assert told["message"].startswith(message), wrong
    assert snapshot() == before


def test_what_belongs_to_strangers_is_not_there(
    databasin: Databasin, cast: Cast, body: dict[str, Any], world: World
) -> None:
    theirs = make_world(cast.globex)
    before = snapshot()
    told = databasin.post("/api/pipeline", body | {"institutionID": cast.globex.id}, 404)
    assert told["message"] == f"Institution with ID {cast.globex.id} not found"
    databasin.post("/api/pipeline", body | {"internalID": theirs.project.internal_id}, 404)
    body["items"][1]["targetConnectionID"] = theirs.connection.id
    told = databasin.post("/api/pipeline", body, 404)
    assert told["message"] == f"Connector with ID {theirs.connection.id} not found"
    databasin.post("/api/pipeline/run", {"pipelineID": theirs.flow.id}, 404)
    databasin.get("/api/pipeline", 404, internalID=theirs.project.internal_id)
    databasin.delete(
        f"/api/pipeline/{world.flow.id}/artifacts/{theirs.flow.steps.get(role='processor').id}", status=404
    )
    assert snapshot() == before


def test_lists_the_pipelines_of_a_project_by_what_is_asked(
    databasin: Databasin, cast: Cast, world: World, warehouse: Connection, body: dict[str, Any]
) -> None:
    first = databasin.post("/api/pipeline", body)["pipelineID"]
    secret = databasin.post("/api/pipeline", body | {"pipelineName": "Mine", "isPrivate": 1})["pipelineID"]
    empty = databasin.post("/api/pipeline", body | {"pipelineName": "Empty", "enabled": False, "items": []})[
        "pipelineID"
    ]

    def listed(**query: Any) -> list[int]:
        rows = databasin.get("/api/pipeline", internalID=world.project.internal_id, **query)
        return [row["pipelineID"] for row in rows]

    assert listed() == listed(institutionID=cast.acme.id) == [empty, secret, first]
    assert listed(ownerID=cast.editor.id) == [empty, secret, first]
    assert listed(ownerID=cast.owner.id) == [empty, first]
    assert listed(enabled="false") == [empty]
    assert [row["pipelineID"] for row in databasin.get("/api/pipeline?internalID=proj-acme&status=inactive")] == [empty]
    assert listed(sourceConnectorId=world.connection.id) == listed(targetConnectorId=warehouse.id) == [secret, first]
    assert listed(targetConnectorId=world.connection.id) == []
    assert listed(limit=1) == [empty]
    assert listed(limit=1, offset=1) == [secret]
    told = databasin.get("/api/pipeline", internalID=world.project.id, fields="pipelineID, status", limit=1)
    assert told == [{"pipelineID": empty, "status": "inactive"}]
    [row] = databasin.get("/api/pipeline", internalID="proj-acme", includeArtifacts="true", limit=1, offset=2)
    assert len(row["artifacts"]) == len(row["items"]) == 2
    databasin.get("/api/pipeline?internalID=proj-acme&status=asleep", 400)
    told = databasin.get("/api/pipeline", 400)
    assert told["message"] == "Missing required parameter: internalID, the project whose pipelines to list"


def test_a_flow_made_elsewhere_is_a_pipeline_too(databasin: Databasin, world: World) -> None:
    query = Export.objects.get(organization=world.organization, name="Orders")
    query.source = {"query": "SELECT * FROM orders"}
    query.save()
    shown = databasin.get(f"/api/pipeline/v2/{world.flow.id}")
    assert (shown["pipelineName"], shown["internalID"], shown["status"]) == ("Nightly", "", "pending")
    assert [row["pipelineID"] for row in databasin.get("/api/pipeline", internalID="")] == [
        world.task.flow_id, world.flow.id,
    ]  # fmt: skip
    [found] = shown["items"]
    assert (found["sourceTableName"], found["sourceQuery"], found["targetTableName"]) == (
        "", "SELECT * FROM orders", "orders",
    )  # fmt: skip
    assert shown["artifacts"][0] == {
        "id": str(found["artifactID"]),
        "type": "query",
        "config": {"query": "SELECT * FROM orders", "mode": "upsert"},
    }
    databasin.put(f"/api/pipeline/{world.flow.id}", {"pipelineName": "Renamed", "items": shown["items"]})
    query.refresh_from_db()
    assert (query.source, Flow.objects.get(id=world.flow.id).name) == ({"query": "SELECT * FROM orders"}, "Renamed")


def test_celigo_shows_and_changes_a_pipeline_and_leaves_its_tracks(
    databasin: Databasin, cast: Cast, client_of: ClientOf, body: dict[str, Any]
) -> None:
    made = databasin.post("/api/pipeline", body)
    flow = Flow.objects.get(id=made["pipelineID"])
    celigo, path = client_of(cast.editor), f"/v1/flows/{flow.uid}"
    shown = celigo.get(path).json()
    assert (len(shown["pageGenerators"]), len(shown["pageProcessors"]), shown["schedule"]) == (2, 2, "? 0 10 ? * *")
    assert "jobClusterSize" not in str(shown)
    celigo.put(path, shown | {"name": "Renamed"}, content_type="application/json")
    changed = databasin.get(f"/api/pipeline/v2/{flow.id}")
    assert changed["pipelineName"] == "Renamed"
    assert (changed["items"], changed["jobDetails"]) == (made["items"], made["jobDetails"])


def test_a_pipeline_goes_with_its_exports_and_imports_unless_it_runs(
    databasin: Databasin, body: dict[str, Any]
) -> None:
    made = databasin.post("/api/pipeline", body)
    path = f"/api/pipeline/{made['pipelineID']}"
    Flow.objects.filter(id=made["pipelineID"]).update(is_enabled=True)
    job = databasin.post("/api/pipeline/run", {"pipelineID": made["pipelineID"]})
    Job.objects.filter(uid=job["jobId"]).update(state=State.RUNNING)
    assert databasin.delete(path, status=409)["message"] == "The flow is running: cancel its job first."
    assert databasin.get(f"/api/pipeline/v2/{made['pipelineID']}")["status"] == "running"
    Job.objects.filter(uid=job["jobId"]).update(state=State.COMPLETED)
    assert databasin.delete(path) == {"message": "Pipeline deleted successfully", "status": "success"}
    assert set(Export.objects.values_list("name", flat=True)) == {"Orders", "Spare"}
    assert set(Import.objects.values_list("name", flat=True)) == {"Orders", "Spare"}
    databasin.get(f"/api/pipeline/v2/{made['pipelineID']}", 404)


def test_a_run_waits_once_and_not_at_all_where_it_could_not_succeed(
    databasin: Databasin, warehouse: Connection, body: dict[str, Any]
) -> None:
    number = databasin.post("/api/pipeline", body)["pipelineID"]
    run = {"pipelineID": number, "runType": "manual"}
    told = databasin.post("/api/pipeline/run", run)
    assert told == {"status": "queued", "jobId": told["jobId"], "message": "The pipeline waits for a worker."}
    assert databasin.post("/api/pipeline/run", run) == told
    assert databasin.get(f"/api/pipeline/v2/{number}")["status"] == "pending"
    Job.objects.all().delete()
    before = snapshot()
    assert databasin.post("/api/pipeline/run", {}, 400)["message"] == "Missing required field: pipelineID"
    connections.mark_offline(connection=warehouse, reason="The password was refused.", at=warehouse.created_at)
    before = snapshot()
    assert "'Warehouse' is offline" in databasin.post("/api/pipeline/run", run, 409)["message"]
    assert snapshot() == before
    databasin.put(f"/api/pipeline/{number}", {"enabled": False})
    told = databasin.post("/api/pipeline/run", run, 400)
    assert told["message"] == "The pipeline 'Shop to warehouse' is disabled: enable it first."
    assert not Job.objects.exists()


def test_a_connector_that_was_deleted_is_named_when_the_pipeline_is_run(
    databasin: Databasin, warehouse: Connection, body: dict[str, Any]
) -> None:
    number = databasin.post("/api/pipeline", body)["pipelineID"]
    databasin.delete(f"/api/connector/{warehouse.id}")
    told = databasin.post("/api/pipeline/run", {"pipelineID": number}, 409)
    assert told["message"] == "The connection 'Warehouse' was removed."


def test_a_pipeline_moves_to_another_project_with_what_is_its_own(
    databasin: Databasin, cast: Cast, world: World, body: dict[str, Any]
) -> None:
    number = databasin.post("/api/pipeline", body)["pipelineID"]
    web = accounts.create_project(organization=cast.acme, name="Web", internal_id="web")
    assert databasin.put(f"/api/pipeline/{number}", {"internalID": "web"})["internalID"] == "web"
    assert Export.objects.get(name="public.orders").project == web
    assert Schedule.objects.get(kind="flow", subject_id=number).project == web


def test_any_file_is_an_artifact_as_well(databasin: Databasin, cast: Cast, warehouse: Connection) -> None:
    files = connections.create(
        organization_id=cast.acme.id,
        project_id=None,
        connector=connectors.connector("folder"),
        name="Files",
        values={"path": "in"},
    )
    artifact = {
        "sourceConnectionID": files.id,
        "targetConnectionID": warehouse.id,
        "sourceFileName": "daily/*.txt",
        "sourceFileFormat": "txt",
        "sourceFileDelimiter": "|",
        "containsHeader": True,
        "columnHeaderLineNumber": 3,
        "targetTableName": "daily",
        "ingestionType": "full",
    }
    made = databasin.post("/api/pipeline", {"pipelineName": "Files", "items": [artifact]})
    source = {"schema": "daily", "table": "*.txt"}
    format_ = {"type": "csv", "delimiter": "|", "header": True, "skip_rows": 2}
    assert Export.objects.get(name="daily.*.txt").source == {**source, "format": format_}
    [shown] = made["items"]
    assert shown == shown | artifact | {"sourceFileFormat": "csv", "artifactType": 3}
    assert made["artifacts"][0]["config"] == {"filePath": "daily/*.txt", "format": "csv", "mode": "overwrite"}


def test_a_system_without_databases_takes_none_or_its_only_one(databasin: Databasin, cast: Cast, world: World) -> None:
    file = connections.create(
        organization_id=cast.acme.id,
        project_id=None,
        connector=connectors.connector("sqlite"),
        name="File",
        values={"path": "shop.db"},
    )
    artifact = {"sourceTableName": "orders", "sourceConnectionID": world.connection.id, "targetConnectionID": file.id}
    body = {"pipelineName": "To a file", "ingestionPattern": "data warehouse", "items": [artifact]}
    [made] = databasin.post("/api/pipeline", body | {"targetCatalogName": "main"})["items"]
    assert Import.objects.get(name="orders", connection=file).target == {"table": "orders"}
    assert made["targetTableName"] == "orders"
    told = databasin.post("/api/pipeline", body | {"targetCatalogName": "lake"}, 400)
    assert told["message"] == ("SQLite has no databases above its schemas: targetDatabaseName must be 'main' or empty.")


def test_a_list_of_pipelines_sends_no_more_statements_for_more(
    databasin: Databasin, world: World, body: dict[str, Any], django_assert_num_queries: Any
) -> None:
    for count in (1, 3):
        for _ in range(count):
            databasin.post("/api/pipeline", body)
        with django_assert_num_queries(2):  # the project and the list: the caller is known
            databasin.get("/api/pipeline", internalID=world.project.internal_id, includeArtifacts="true")
