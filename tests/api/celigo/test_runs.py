"""A flow's whole way through the API: connections, export, import, flow, run, job."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from apps.connections.models import Connection
from apps.jobs.models import Job
from tests.api.celigo.conftest import Celigo, problems
from tests.api.world import World

RunJobs = Callable[[], int]


def test_answers_with_the_job(celigo: Celigo, world: World) -> None:
    Job.objects.filter(id=world.queued.id).delete()
    job = celigo.post(f"/v1/flows/{world.flow.uid}/run")
    assert (job["type"], job["status"], job["_flowId"]) == ("flow", "queued", world.flow.uid)
    assert celigo.get(f"/v1/flows/{world.flow.uid}/jobs/latest") == [celigo.get(f"/v1/jobs/{job['_id']}")]


def test_a_second_run_is_the_one_that_waits(celigo: Celigo, world: World) -> None:
    assert celigo.post(f"/v1/flows/{world.flow.uid}/run")["_id"] == world.queued.uid


def test_needs_no_body(celigo: Celigo, world: World) -> None:
    response = celigo.client.post(f"/v1/flows/{world.flow.uid}/run", content_type="")
    assert response.status_code == 201


def test_the_same_idempotency_key_is_the_same_run(celigo: Celigo, world: World) -> None:
    Job.objects.filter(id=world.queued.id).delete()
    path, key = f"/v1/flows/{world.flow.uid}/run", {"Idempotency-Key": "order-4711"}
    first = celigo.post(path, **key)
    celigo.put(f"/v1/jobs/{first['_id']}/cancel")
    assert celigo.post(path, **key)["_id"] == first["_id"]
    assert celigo.post(path, **{"Idempotency-Key": "order-4712"})["_id"] != first["_id"]
    answer = celigo.post(path, status=422, **{"Idempotency-Key": "x" * 201})
    assert problems(answer) == [("invalid_field", "Idempotency-Key")]


@pytest.mark.parametrize(
    "body", [{"startDate": "2026-01-01"}, {"_exportIds": ["0" * 24]}, {"export": {"startDate": "2026-01-01"}}], ids=str
)
def test_refuses_what_a_run_cannot_be_told_yet(body: dict[str, Any], celigo: Celigo, world: World) -> None:
    before = Job.objects.count()
    answer = celigo.post(f"/v1/flows/{world.flow.uid}/run", body, 422)
    assert problems(answer) == [("invalid_field", next(iter(body)))]
    assert Job.objects.count() == before


def test_refuses_a_flow_with_nothing_to_run(celigo: Celigo) -> None:
    flow = celigo.post("/v1/flows", {"name": "Bare"})
    assert problems(celigo.post(f"/v1/flows/{flow['_id']}/run", status=422)) == [("incomplete_flow", "")]
    assert celigo.get(f"/v1/flows/{flow['_id']}/jobs/latest") == []


def test_refuses_to_run_over_a_connection_that_is_offline(celigo: Celigo, world: World) -> None:
    Connection.objects.filter(id=world.connection.id).update(is_offline=True)
    assert problems(celigo.post(f"/v1/flows/{world.flow.uid}/run", status=409)) == [("connection_offline", "")]


def connect(settings: dict[str, Any]) -> "psycopg.Connection[Any]":
    names = {"host": "host", "port": "port", "database": "dbname", "user": "user", "password": "password"}
    return psycopg.connect(**{names[name]: value for name, value in settings.items() if name in names}, autocommit=True)


@pytest.mark.django_db(transaction=True)
def test_carries_rows_from_one_table_to_another(celigo: Celigo, postgresql: dict[str, Any], run_jobs: RunJobs) -> None:
    with connect(postgresql) as database:
        database.execute("CREATE TABLE orders AS SELECT n AS id, n * 1.5 AS total FROM generate_series(1, 1000) n")
        database.execute("ALTER TABLE orders ADD PRIMARY KEY (id)")
        connection = celigo.post("/v1/connections", {"name": "Shop", "type": "rdbms", "rdbms": postgresql})["_id"]
        export = celigo.post(
            "/v1/exports",
            {"name": "x", "_connectionId": connection, "adaptorType": "RDBMSExport", "rdbms": {"table": "orders"}},
        )["_id"]
        import_ = celigo.post(
            "/v1/imports",
            {
                "name": "x",
                "_connectionId": connection,
                "adaptorType": "RDBMSImport",
                "rdbms": {"table": "copied", "mode": "upsert", "key": ["number"]},
                "mapping": {
                    "fields": [{"extract": "id", "generate": "number"}, {"extract": "total", "generate": "sum"}]
                },
            },
        )["_id"]
        database.execute("CREATE TABLE copied (number integer PRIMARY KEY, sum numeric)")
        flow = celigo.post("/v1/flows", {"name": "Copy", "_exportId": export, "_importId": import_})["_id"]
        job = celigo.post(f"/v1/flows/{flow}/run")["_id"]
        run_jobs()
        shown = celigo.get(f"/v1/jobs/{job}")
        assert (shown["status"], shown["numSuccess"], shown["numExport"], shown.get("errors")) == (
            "completed", 1000, 1000, None
        )  # fmt: skip
        copied = database.execute("SELECT count(*), sum(number), sum(sum) FROM copied").fetchone()
        assert copied == (1000, 500500, 750750)
        steps = celigo.get(f"/v1/jobs?_flowJobId={job}")
        assert {step["type"]: step["numExport"] + step["numSuccess"] for step in steps} == {
            "export": 1000,
            "import": 1000,
        }


@pytest.mark.django_db(transaction=True)
def test_tells_why_a_run_failed(celigo: Celigo, postgresql: dict[str, Any], run_jobs: RunJobs) -> None:
    connection = celigo.post("/v1/connections", {"name": "Shop", "type": "rdbms", "rdbms": postgresql})["_id"]
    export = {"name": "x", "_connectionId": connection, "adaptorType": "RDBMSExport", "rdbms": {"table": "nothing"}}
    import_ = {"name": "x", "_connectionId": connection, "adaptorType": "RDBMSImport", "rdbms": {"table": "copied"}}
    flow = celigo.post(
        "/v1/flows",
        {
            "name": "Copy",
            "_exportId": celigo.post("/v1/exports", export)["_id"],
            "_importId": celigo.post("/v1/imports", import_)["_id"],
        },
    )["_id"]
    job = celigo.post(f"/v1/flows/{flow}/run")["_id"]
    run_jobs()
    shown = celigo.get(f"/v1/jobs/{job}")
    assert (shown["status"], shown["errors"][0]["code"]) == ("failed", "unknown_table")
    assert "nothing" in shown["errors"][0]["message"]
    events = celigo.get(f"/api/jobs/{job}/events")["events"]
    assert [event["message"] for event in events if event["level"] == "state"] == ["queued", "running", "failed"]
