"""What cannot be done is said clearly on the job, and the destination stays as it was."""

from typing import Any

import pytest
from django.utils import timezone

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.flows import services as flows
from apps.flows.models import Flow
from apps.jobs import services as jobs
from apps.jobs.models import Job
from config.embedded import start_demo
from tests.faults.scenario import CAST, at, fill, make_flow

pytestmark = pytest.mark.usefixtures("transactional_db")


def run(flow: Flow) -> Job:
    job = flows.run_flow(flow=flow, at=timezone.now())
    claimed = jobs.claim(job_id=job.id, worker="test")
    while claimed is not None:  # a transient fault is tried again, without the pause that a worker makes
        jobs.run(claimed)
        Job.objects.filter(id=job.id, state="running").update(not_before=None)
        claimed = jobs.claim(job_id=job.id, worker="test")
    job.refresh_from_db()
    return job


def change_source(flow: Flow, **settings: Any) -> None:
    export = flow.steps.get(role="generator").export
    connection = Connection.objects.get(id=export.connection_id)
    connection.settings |= settings
    connection.save()


def rows_of(database: str) -> list[Any]:
    with at(database) as connection:
        return connection.execute("SELECT * FROM events ORDER BY id").fetchall()


def test_says_that_a_host_is_unknown(systems: tuple[str, str]) -> None:
    fill(systems[0], 10)
    flow = make_flow(systems)
    change_source(flow, host="nowhere.invalid")

    job = run(flow)

    assert (job.state, job.error_code) == ("failed", "unknown_host")
    assert "nowhere.invalid" in job.error_message


def test_says_that_a_database_is_unknown(systems: tuple[str, str]) -> None:
    flow = make_flow(systems)
    change_source(flow, database="no_such_database")

    job = run(flow)

    assert (job.state, job.error_code) == ("failed", "unknown_database")
    assert "no_such_database" in job.error_message


def test_says_that_a_table_is_missing(systems: tuple[str, str]) -> None:
    job = run(make_flow(systems))

    assert (job.state, job.error_code) == ("failed", "unknown_table")
    assert "events" in job.error_message


def test_says_that_a_column_was_dropped(systems: tuple[str, str]) -> None:
    fill(systems[0], 10)
    flow = make_flow(systems, mapping=CAST, mode="upsert", key=["id"])
    assert run(flow).state == "completed"
    before = rows_of(systems[1])
    with at(systems[0]) as source:
        source.execute("ALTER TABLE events DROP COLUMN amount")

    job = run(flow)

    assert (job.state, job.error_code) == ("failed", "unknown_column")
    assert "amount" in job.error_message
    assert rows_of(systems[1]) == before


def test_says_that_an_upsert_needs_a_key_at_the_destination(systems: tuple[str, str]) -> None:
    fill(systems[0], 10)
    with at(systems[1]) as target:
        target.execute("CREATE TABLE events (id bigint, name text, amount numeric(12,2), at timestamptz)")

    job = run(make_flow(systems, mode="upsert", key=["id"]))

    assert (job.state, job.error_code) == ("failed", "no_unique_key")
    assert rows_of(systems[1]) == []


def test_leaves_the_table_when_the_source_is_empty(systems: tuple[str, str]) -> None:
    fill(systems[0], 10)
    flow = make_flow(systems, mode="replace")
    assert run(flow).state == "completed"
    before = rows_of(systems[1])
    with at(systems[0]) as source:
        source.execute("DELETE FROM events")

    job = run(flow)

    assert (job.state, job.error_code) == ("failed", "empty_source")
    assert rows_of(systems[1]) == before


def test_says_that_a_password_is_wrong(systems: tuple[str, str]) -> None:
    server = start_demo()  # the external one may trust everybody
    flow = make_flow(systems)
    connection = flow.steps.get(role="generator").export.connection
    login = {"host": server.host, "port": server.port, "database": "postgres", "user": server.user}
    connections.change(connection=connection, values={**login, "password": "not-the-password"})

    job = run(flow)

    assert (job.state, job.error_code) == ("failed", "auth_failed")
    assert "not-the-password" not in job.error_message
    connection.refresh_from_db()
    assert connection.is_offline


def test_goes_on_row_by_row_where_a_range_has_a_bad_row(systems: tuple[str, str]) -> None:
    fill(systems[0], 150_000)
    with at(systems[1]) as target:
        target.execute(
            "CREATE TABLE events (id bigint PRIMARY KEY CHECK (id <> 77777), name text, amount numeric(12,2),"
            " at timestamptz)"
        )

    job = run(make_flow(systems))

    assert (job.state, job.records_read, job.records_written, job.records_failed) == ("completed", 150_000, 149_999, 1)
    error = job.record_errors.get()
    assert (error.code, error.record["id"]) == ("check", 77_777)
    assert len(rows_of(systems[1])) == 149_999
    assert job.steps.get(role="import").lane == "rows"
