"""Pipelines run: tables of a real PostgreSQL into a real MariaDB and back, and what is told of it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pymysql
import pytest

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.flows.models import FlowStep
from apps.jobs.models import Job
from tests.api.databasin.conftest import Databasin
from tests.api.world import World

pytestmark = pytest.mark.django_db(transaction=True)

RunJobs = Callable[[], int]
TABLES = (
    "CREATE TABLE orders (id int PRIMARY KEY, total numeric(10, 2), changed timestamptz NOT NULL)",
    "CREATE TABLE customers (id int PRIMARY KEY, name varchar(40), note text)",
    "CREATE TABLE log (line varchar(40))",
    "INSERT INTO orders VALUES (1, 10.50, '2024-02-29 23:59:59+00'), (2, NULL, '2024-03-01 00:00:00+00')",
    "INSERT INTO customers VALUES (1, 'Zoë', E'two\\nlines'), (2, '', NULL), (3, 'naïve', '🚲')",
    "INSERT INTO log VALUES ('a'), ('a')",
)
CUSTOMERS = [(1, "Zoë", "two\nlines"), (2, "", None), (3, "naïve", "🚲")]


@pytest.fixture
def shop(world: World, postgresql: dict[str, Any]) -> Connection:
    in_postgresql(postgresql, *TABLES)
    return connect(world, "postgresql", postgresql)


@pytest.fixture
def warehouse(world: World, mariadb: dict[str, Any]) -> Connection:
    return connect(world, "mariadb", mariadb)


def connect(world: World, connector: str, values: dict[str, Any]) -> Connection:
    return connections.create(
        organization_id=world.organization.id,
        project_id=None,
        connector=connectors.connector(connector),
        name=connector,
        values={name: value for name, value in values.items() if name != "type"},
    )


def in_postgresql(values: dict[str, Any], *statements: str) -> list[Any]:
    where = {"host": values["host"], "port": values["port"], "user": values["user"], "dbname": values["database"]}
    with psycopg.connect(**where, password=values.get("password"), autocommit=True) as server:
        server.execute("SET timezone TO 'UTC'")
        for statement in statements:
            cursor = server.execute(statement)
        return cursor.fetchall() if cursor.description else []


def in_mariadb(values: dict[str, Any], *statements: str) -> list[Any]:
    where = {name: values[name] for name in ("host", "port", "user", "database")}
    server = pymysql.connect(**where, password=values.get("password", ""), autocommit=True)
    with server, server.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def make(databasin: Databasin, source: Connection, target: Connection, *items: dict[str, Any]) -> dict[str, Any]:
    body = {"pipelineName": "Copies", "sourceConnectorID": source.id, "targetConnectorID": target.id}
    made: dict[str, Any] = databasin.post("/api/pipeline", body | {"items": list(items)})
    return made


def run(databasin: Databasin, number: int, run_jobs: RunJobs) -> Job:
    told = databasin.post("/api/pipeline/run", {"pipelineID": number})
    Job.objects.exclude(uid=told["jobId"]).filter(state="queued").delete()  # that of the world, which leads nowhere
    assert run_jobs() == 1
    return Job.objects.get(uid=told["jobId"])


ORDERS = {
    "sourceTableName": "orders",
    "ingestionType": "delta",
    "mergeColumns": ["id"],
    "watermarkColumnName": ["changed"],
}


def test_three_tables_go_there_and_back(
    databasin: Databasin,
    shop: Connection,
    warehouse: Connection,
    postgresql: dict[str, Any],
    mariadb: dict[str, Any],
    run_jobs: RunJobs,
) -> None:
    there = make(databasin, shop, warehouse, ORDERS, {"sourceTableName": "customers"}, {"sourceTableName": "log"})
    job = run(databasin, there["pipelineID"], run_jobs)
    assert (job.state, job.error_message) == ("completed", "")
    assert (job.records_read, job.records_written, job.records_failed) == (7, 7, 0)
    assert in_mariadb(mariadb, "SELECT id, total FROM orders ORDER BY id") == [(1, Decimal("10.50")), (2, None)]
    assert in_mariadb(mariadb, "SELECT * FROM customers ORDER BY id") == CUSTOMERS
    assert in_mariadb(mariadb, "SELECT line FROM log") == [("a",), ("a",)]

    in_postgresql(
        postgresql,
        "UPDATE orders SET total = 11, changed = '2024-03-02' WHERE id = 1",
        "INSERT INTO orders VALUES (3, 3, '2024-03-03')",
        "DELETE FROM customers WHERE id = 2",
        "DELETE FROM log",
    )
    job = run(databasin, there["pipelineID"], run_jobs)
    assert (job.state, job.error_message) == ("completed", "")
    assert figures(databasin, there) == [3, 2, 0]  # of orders the two that changed, and the last minutes again
    assert in_mariadb(mariadb, "SELECT id, total FROM orders ORDER BY id") == [
        (1, Decimal(11)), (2, None), (3, Decimal(3)),
    ]  # fmt: skip
    assert in_mariadb(mariadb, "SELECT * FROM customers ORDER BY id") == [CUSTOMERS[0], CUSTOMERS[2]]
    assert in_mariadb(mariadb, "SELECT line FROM log") == []

    renamed = [{"sourceTableName": table, "targetTableName": f"{table}_back"} for table in ("orders", "customers")]
    back = make(databasin, warehouse, shop, *renamed)
    assert run(databasin, back["pipelineID"], run_jobs).state == "completed"
    moments = "SELECT id, total, changed::text FROM orders_back ORDER BY id"  # MariaDB's have no zone: they are in UTC
    assert in_postgresql(postgresql, moments) == [
        (1, 11, "2024-03-02 00:00:00"),
        (2, None, "2024-03-01 00:00:00"),
        (3, 3, "2024-03-03 00:00:00"),
    ]
    assert in_postgresql(postgresql, "SELECT * FROM customers_back ORDER BY id") == [CUSTOMERS[0], CUSTOMERS[2]]


def figures(databasin: Databasin, made: dict[str, Any]) -> list[int]:
    """What each artifact wrote in the latest run."""
    artifacts = [item["artifactID"] for item in made["items"]]
    return [databasin.get(f"/api/artifacts/history/{number}")[0]["recordsProcessed"] for number in artifacts]


def test_a_run_that_fails_half_way_tells_which_artifacts_are_whole(
    databasin: Databasin, shop: Connection, warehouse: Connection, mariadb: dict[str, Any], run_jobs: RunJobs
) -> None:
    in_mariadb(mariadb, "CREATE TABLE customers (id int PRIMARY KEY, name varchar(4), note text)")
    items = ({"sourceTableName": table, "ingestionType": "append"} for table in ("customers", "nowhere", "log"))
    made = make(databasin, shop, warehouse, *items)
    customers, nowhere, log = (item["artifactID"] for item in made["items"])
    job = run(databasin, made["pipelineID"], run_jobs)
    assert (job.state, job.error_code, job.records_failed) == ("failed", "unknown_table", 1)

    [entry] = databasin.get(f"/api/pipeline/history/{made['pipelineID']}")
    message = entry["errorMessage"]
    assert "nowhere" in message
    assert entry == entry | {
        "id": job.uid, "jobId": job.uid, "pipelineID": made["pipelineID"], "status": "Failed",
        "triggeredBy": "manual", "recordsProcessed": 2, "recordsRead": 3, "errors": 1,
    }  # fmt: skip
    assert entry["startTime"] <= entry["endTime"]
    assert 0 < entry["duration"] < 600_000
    shown = databasin.get(f"/api/pipeline/v2/{made['pipelineID']}")
    assert (shown["status"], shown["lastRunStatus"], shown["lastRunErrorMessage"]) == ("error", "Failed", message)

    told = [databasin.get(f"/api/artifacts/history/{number}") for number in (customers, nowhere, log)]
    shown = [(row["status"], row["recordsProcessed"], row["errors"], row["errorMessage"]) for [row] in told]
    assert shown == [("Successful", 2, 1, None), ("Failed", 0, 0, message), ("Stopped", 0, 0, None)]
    assert (told[0][0]["runId"], told[0][0]["artifactID"]) == (job.uid, customers)
    assert (told[2][0]["startedAt"], told[2][0]["completedAt"], told[2][0]["duration"]) == (None, None, None)

    lines = databasin.get("/api/artifacts/logs", artifactID=customers, currentRunID=0)
    assert {(line["artifactId"], line["runId"]) for line in lines} == {(str(customers), job.uid)}
    texts = [(line["level"], line["message"]) for line in lines]
    assert texts[:2] == [("INFO", "Waits for a worker."), ("INFO", "Runs.")]
    assert texts[-1] == ("ERROR", f"Failed: {message}")
    [refused] = [line for line in lines if line["message"].startswith("A record was refused: ")]
    assert (refused["level"], refused["metadata"]["code"]) == ("ERROR", "value_too_long")
    assert any(text.startswith("customers → customers: ") for _, text in texts)
    others = databasin.get("/api/artifacts/logs", artifactID=log)
    assert not any("customers" in line["message"] for line in others)
    assert databasin.get("/api/artifacts/logs", artifactID=customers, currentRunID=job.uid, limit=1) == lines[-1:]
    assert databasin.get("/api/artifacts/logs", 404, artifactID=customers, currentRunID="nothing")["status"] == 404
    assert databasin.get("/api/artifacts/logs", 400)["message"] == "Missing required parameter: artifactID"


def test_an_artifact_that_came_later_has_no_run_yet(databasin: Databasin, world: World) -> None:
    made = databasin.post(
        f"/api/pipeline/{world.flow.id}/artifacts",
        {"type": "table", "config": {"tableName": "customers", "schema": "public", "mode": "overwrite"}},
    )
    assert made["message"] == "Artifact added successfully"
    assert (made["type"], made["config"]["mode"], made["ingestionType"]) == ("table", "overwrite", "full")
    assert (made["sourceConnectionID"], made["targetTableName"]) == (world.connection.id, "customers")
    assert databasin.get("/api/artifacts/logs", artifactID=made["artifactID"]) == []
    assert databasin.get(f"/api/artifacts/history/{made['artifactID']}") == []
    [kept, added] = FlowStep.objects.filter(flow=world.flow, role="processor").order_by("index")
    assert (kept.track, added.track, str(added.id)) == (0, 1, made["id"])
    path = f"/api/pipeline/{world.flow.id}/artifacts/{made['id']}"
    assert databasin.delete(path) == {"message": "Artifact removed successfully", "status": "success"}
    databasin.delete(path, status=404)
    assert [step.id for step in FlowStep.objects.filter(flow=world.flow, role="processor")] == [kept.id]


def test_history_takes_limits_and_names_of_fields(databasin: Databasin, world: World) -> None:
    path = f"/api/pipeline/history/{world.flow.id}"
    assert [row["status"] for row in databasin.get(path, count="true")] == ["Pending", "Successful"]
    assert databasin.get(path, limit=1, fields="status,errors") == [{"status": "Pending", "errors": 0}]
    path = f"/api/artifacts/history/{FlowStep.objects.get(flow=world.flow, role='processor').id}"
    assert databasin.get(path, fields="recordsProcessed,errors") == [{"recordsProcessed": 2, "errors": 1}]
