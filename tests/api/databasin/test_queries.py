"""POST /api/connector/{id}/query, with real databases behind it."""

import logging
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from pytest_django import Settings

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.jobs.models import Job, JobEvent, Result
from tests.api.databasin.conftest import Databasin
from tests.api.world import World
from tests.conftest import Cast, ClientOf

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(cast: Cast, postgresql: dict[str, Any], settings: Settings, worker: None) -> Connection:
    settings.JOB_WAIT_SECONDS = 30.0
    with psycopg.connect(host=postgresql["host"], dbname=postgresql["database"], user=postgresql["user"]) as server:
        server.execute("CREATE TABLE customers AS SELECT n AS id, 'name ' || n AS name FROM generate_series(1, 1500) n")
    return stored(cast, postgresql, may_query=True)


def stored(cast: Cast, values: dict[str, Any], *, may_query: bool) -> Connection:
    return connections.create(
        organization_id=cast.acme.id,
        project_id=None,
        connector=connectors.connector(values["type"]),
        name="Shop",
        values={name: value for name, value in values.items() if name != "type"},
        may_query=may_query,
    )


def path(connection: Connection) -> str:
    return f"/api/connector/{connection.id}/query"


def test_answers_what_its_own_client_reads(databasin: Databasin, shop: Connection) -> None:
    sql = "SELECT id, name FROM customers ORDER BY id DESC LIMIT 2"
    answer = databasin.post(path(shop), {"sql": sql})
    assert isinstance(answer.pop("executionTime"), int)
    assert len(answer.pop("timestamp")) == len("2025-01-15T10:30:00Z")
    assert answer == {
        "success": True,
        "sql": sql,
        "columns": ["id", "name"],
        "rows": [{"id": 1500, "name": "name 1500"}, {"id": 1499, "name": "name 1499"}],
        "rowCount": 2,
        "truncated": False,
    }


def test_says_that_there_was_more_than_the_limit(databasin: Databasin, shop: Connection) -> None:
    sql = "SELECT id FROM customers"
    answers = [databasin.post(path(shop), {"sql": sql} | limit) for limit in ({}, {"limit": 1500})]
    assert [(answer["rowCount"], answer["truncated"]) for answer in answers] == [(1000, True), (1500, False)]


def test_a_refused_statement_is_an_answer_and_changes_nothing(databasin: Databasin, shop: Connection) -> None:
    refused = databasin.post(path(shop), {"sql": "WITH gone AS (DELETE FROM customers RETURNING *) SELECT * FROM gone"})
    mistaken = databasin.post(path(shop), {"sql": "SELECT nmae FROM customers"})
    for answer in (refused, mistaken):
        assert (answer["success"], answer["columns"], answer["rows"], answer["rowCount"]) == (False, [], [], 0)
    assert mistaken["error"] == 'A column does not exist: column "nmae" does not exist'
    counted = databasin.post(path(shop), {"sql": "SELECT count(*) AS n FROM customers"})
    assert counted["rows"] == [{"n": 1500}]


def test_what_takes_too_long_says_so(databasin: Databasin, shop: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.connections.services.querying.SECONDS", 0.2)
    answer = databasin.post(path(shop), {"sql": "SELECT pg_sleep(30)"})
    assert answer["error"] == "The statement took longer than 0.2 seconds and was ended."


def test_leaves_who_when_and_how_much_but_neither_statement_nor_rows(
    databasin: Databasin, cast: Cast, shop: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(2):
        databasin.post(path(shop), {"sql": "SELECT 'CANARY of a row' AS note, name FROM customers WHERE id = 1"})
    first, second = Job.objects.filter(kind="connection_query").order_by("id")
    assert first.labels == second.labels
    assert first.labels | {"digest": "", "key": ""} == {
        "connection": shop.uid,
        "user": cast.editor.uid,
        "key": "",
        "digest": "",
    }
    assert (first.records_read, first.sealed_params, first.params) == (1, "", {"rows": 1000})
    assert not Result.objects.filter(job__kind="connection_query").exists()
    [line] = JobEvent.objects.filter(job=first, level="info")
    assert line.data == {"digest": first.labels["digest"]}
    logged = [record for record in caplog.records if record.name == "apps.connections.services.querying"]
    assert [f"by user {cast.editor.uid} key" in record.getMessage() for record in logged] == [True, True]
    assert "CANARY of a row" not in caplog.text + line.message + str(first.labels)


def test_is_off_until_somebody_allows_it(databasin: Databasin, cast: Cast, world: World) -> None:
    before = Job.objects.count()
    answer = databasin.post(path(world.connection), {"sql": "SELECT 1"}, status=403)
    assert answer["error"] == "Forbidden"
    assert "allowQuery: true" in answer["message"]
    assert Job.objects.count() == before


def test_one_that_is_switched_off_is_not_queried(databasin: Databasin, world: World) -> None:
    spare = Connection.objects.get(name="Spare")
    connections.switch_off(connection=spare)
    answer = databasin.post(path(spare), {"sql": "SELECT 1"}, status=409)
    assert "switched off" in answer["message"]
    assert not Job.objects.filter(kind="connection_query").exists()


def test_reading_alone_does_not_suffice(cast: Cast, world: World, client_of: ClientOf) -> None:
    spare = Connection.objects.get(name="Spare")
    for client in (client_of(cast.viewer), client_of(cast.editor, "read", "write")):
        response = client.post(path(spare), {"sql": "SELECT 1"}, content_type="application/json")
        assert response.status_code == 403
    assert not Job.objects.filter(kind="connection_query").exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "sql must be a text"),
        ({"sql": 1}, "sql must be a text"),
        ({"sql": "  "}, "at most 100,000 characters"),
        ({"sql": "x" * 100_001}, "at most 100,000 characters"),
        ({"sql": "SELECT 1", "limit": 0}, "from 1 to 10,000"),
        ({"sql": "SELECT 1", "limit": 10_001}, "from 1 to 10,000"),
        ({"sql": "SELECT 1", "limit": True}, "from 1 to 10,000"),
        ({"sql": "SELECT 1", "limit": "many"}, "from 1 to 10,000"),
    ],
)
def test_refuses_a_body_that_asks_nothing(
    body: dict[str, Any], message: str, databasin: Databasin, world: World
) -> None:
    answer = databasin.post(path(Connection.objects.get(name="Spare")), body, status=400)
    assert message in answer["message"]
    assert not Job.objects.filter(kind="connection_query").exists()


def test_files_are_not_queried(databasin: Databasin, cast: Cast) -> None:
    folder = connections.create(
        organization_id=cast.acme.id,
        project_id=None,
        connector=connectors.connector("folder"),
        name="Files",
        values={"path": "."},
        may_query=True,
    )
    answer = databasin.post(path(folder), {"sql": "SELECT 1"}, status=400)
    assert answer["message"].endswith("cannot be queried with SQL.")


def test_one_that_takes_long_is_polled(
    databasin: Databasin, cast: Cast, postgresql: dict[str, Any], settings: Settings, run_jobs: Callable[[], int]
) -> None:
    settings.JOB_WAIT_SECONDS = 0.0
    answer = databasin.post(path(stored(cast, postgresql, may_query=True)), {"sql": "SELECT 1 AS one"}, status=202)
    assert (answer["success"], answer["status"], answer["rowCount"]) == (False, "success", 0)
    run_jobs()
    result = databasin.get(f"/api/jobs/{answer['jobId']}")["result"]
    assert (result["ok"], result["rows"]) == (True, [{"one": 1}])


def test_is_ended_when_it_was_forbidden_meanwhile(
    databasin: Databasin, cast: Cast, postgresql: dict[str, Any], settings: Settings, run_jobs: Callable[[], int]
) -> None:
    settings.JOB_WAIT_SECONDS = 0.0
    connection = stored(cast, postgresql, may_query=True)
    job = databasin.post(path(connection), {"sql": "SELECT 1"}, status=202)["jobId"]
    Connection.objects.filter(id=connection.id).update(may_query=False)
    run_jobs()
    shown = databasin.get(f"/api/jobs/{job}")
    assert (shown["state"], shown["error"]["code"], shown["result"]) == ("failed", "query_not_allowed", None)


def test_a_refused_sign_in_takes_the_connector_offline(
    databasin: Databasin, cast: Cast, mariadb: dict[str, Any], settings: Settings, worker: None
) -> None:
    settings.JOB_WAIT_SECONDS = 30.0
    connection = stored(cast, mariadb | {"user": "cd_nobody", "password": "wrong password"}, may_query=True)
    answer = databasin.post(path(connection), {"sql": "SELECT 1"})
    assert answer["error"] == "The database refused the user 'cd_nobody' or the password."
    assert Connection.objects.get(id=connection.id).is_offline


def test_mariadb_answers_in_its_own_order(
    databasin: Databasin, cast: Cast, mariadb: dict[str, Any], settings: Settings, worker: None
) -> None:
    settings.JOB_WAIT_SECONDS = 30.0
    connection = stored(cast, mariadb, may_query=True)
    answer = databasin.post(path(connection), {"sql": "SELECT 1 AS n UNION SELECT 3 UNION SELECT 2 ORDER BY n DESC"})
    assert [row["n"] for row in answer["rows"]] == [3, 2, 1]
