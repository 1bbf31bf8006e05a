"""Looking through a system, and what of it is kept when."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.connections import services as connections
from apps.connections.models import Connection, Metadata, MetadataSchema, MetadataTable
from apps.connections.queries import metadata as kept
from apps.connections.services import metadata
from apps.connections.services import metadata_storing as storing
from apps.connectors.models import Connector
from apps.errors import Conflict, Invalid
from apps.jobs import services as jobs
from apps.jobs.models import Job, State
from engine import registry
from engine.errors import CredentialsError, FenceLost, Stopped, TransientError
from engine.registry import Entry
from tests.apps.connections.conftest import AT
from tests.apps.connections.surveyed_driver import SurveyedDriver, tables


@pytest.fixture
def connection(organization: Organization, surroundings: Settings, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """To a system with five tables, of which two are put down at a time."""
    monkeypatch.setitem(registry.DRIVERS, "surveyed", Entry("tests.apps.connections.surveyed_driver:SurveyedDriver"))
    monkeypatch.setattr(SurveyedDriver, "tables_told", tables(5))
    monkeypatch.setattr(SurveyedDriver, "before", {})
    monkeypatch.setattr(metadata, "BATCH", 2)
    connector = Connector.objects.create(name="surveyed", label="Surveyed", driver="surveyed", category="test")
    values = {"host": "db.example", "password": "CANARY"}
    organization_id = organization.id
    return connections.create(
        organization_id=organization_id, project_id=None, connector=connector, name="Shop", values=values
    )


def attempt(connection: Connection) -> Job:
    """One at a refresh, without the machine around it: what goes wrong is raised."""
    job = jobs.claim(job_id=connections.start_refresh(connection=connection, at=AT).id, worker="test")
    assert job is not None
    try:
        metadata.run(jobs.Work(job))
    finally:
        Job.objects.filter(id=job.id).update(state=State.COMPLETED)
    return Job.objects.get(id=job.id)


def fail(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def stored() -> tuple[int, int, int]:
    return Metadata.objects.count(), MetadataSchema.objects.count(), MetadataTable.objects.count()


def test_keeps_what_the_system_holds(connection):
    SurveyedDriver.tables_told = [*tables(3), *tables(2, schema="audit")]
    job = attempt(connection)
    assert bytes(job.result.body) == b'{"catalogs":1,"schemas":2,"tables":5}'
    assert job.records_read == 5
    assert kept.counts(connection) == {"catalogs": 1, "schemas": 2, "tables": 5}
    row = MetadataTable.objects.get(schema="audit", name="t1")
    assert (row.catalog, row.kind, row.rows, row.bytes) == ("shop", "table", 1, 8192)
    assert [(column["name"], column["key"], column["nullable"]) for column in row.columns] == [
        ("c0", True, False),
        ("c1", False, True),
    ]


def test_an_empty_system_has_nothing_to_keep(connection):
    SurveyedDriver.tables_told = []
    attempt(connection)
    assert kept.counts(connection) == {"catalogs": 0, "schemas": 0, "tables": 0}
    assert stored() == (1, 0, 0)


def test_the_new_takes_the_place_of_the_old(connection):
    attempt(connection)
    SurveyedDriver.tables_told = tables(1)
    attempt(connection)
    assert stored() == (1, 1, 1)
    assert kept.counts(connection)["tables"] == 1


@pytest.mark.parametrize("error", [TransientError("away"), ValueError("a fault"), Stopped("cancel")])
def test_a_failure_leaves_the_old_and_the_next_throws_away_what_it_left(connection, error):
    attempt(connection)
    before = list(MetadataTable.objects.order_by("id").values())
    SurveyedDriver.tables_told = tables(9, schema="new")
    SurveyedDriver.before = {7: fail(error)}
    with pytest.raises(type(error)):
        attempt(connection)
    current = kept.current(connection)
    assert kept.counts(connection) == {"catalogs": 1, "schemas": 1, "tables": 5}
    assert list(MetadataTable.objects.filter(metadata=current).order_by("id").values()) == before
    assert stored() == (2, 2, 5 + 6)

    SurveyedDriver.before = {}
    attempt(connection)
    assert stored() == (1, 1, 9)


def test_an_attempt_that_was_taken_over_changes_nothing_any_more(connection):
    SurveyedDriver.before = {3: lambda: Job.objects.update(fence=F("fence") + 1) and None}
    with pytest.raises(FenceLost):
        attempt(connection)
    assert kept.current(connection) is None


def test_a_refused_sign_in_takes_the_connection_offline_and_leaves_what_is_kept(connection):
    attempt(connection)
    SurveyedDriver.before = {0: fail(CredentialsError("The system refused the user."))}
    with pytest.raises(CredentialsError):
        attempt(connection)
    connection.refresh_from_db()
    assert (connection.is_offline, connection.offline_reason) == (True, "The system refused the user.")
    assert kept.counts(connection)["tables"] == 5

    Job.objects.all().delete()
    with pytest.raises(Conflict, match="The system refused the user"):
        connections.start_refresh(connection=connection, at=AT)
    assert not Job.objects.exists()


def test_what_is_found_of_a_connection_that_was_changed_meanwhile_is_not_kept(connection):
    SurveyedDriver.before = {
        3: lambda: connections.change(connection=connection, values={"host": "other.example"}) and None
    }
    with pytest.raises(Conflict) as refusal:
        attempt(connection)
    assert refusal.value.code == "connection_changed"
    assert stored() == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "is_kept"),
    [
        ({"name": "Another"}, True),
        ({"values": {"host": "db.example", "password": "******"}}, True),
        ({"values": {"host": "other.example"}}, False),
        ({"values": {"password": "another"}}, False),
    ],
)
def test_what_is_kept_is_dropped_with_a_change_of_what_leads_there(connection, change: dict[str, Any], is_kept):
    attempt(connection)
    connections.change(connection=connection, **change)
    assert (kept.current(connection) is not None) is is_kept


def test_it_goes_with_the_connection(connection):
    attempt(connection)
    connections.remove(connection=connection)
    assert stored() == (0, 0, 0)


def test_a_second_refresh_joins_the_one_that_waits_or_runs(connection):
    waits = connections.start_refresh(connection=connection, at=AT)
    assert connections.start_refresh(connection=connection, at=AT) == waits
    running = jobs.claim(job_id=waits.id, worker="test")
    assert connections.start_refresh(connection=connection, at=AT) == running
    jobs.cancel(job=running)
    assert connections.start_refresh(connection=connection, at=AT) != running
    assert Job.objects.count() == 2


def test_of_two_that_begin_at_once_one_joins_the_other(connection, transactional_db):
    barrier, started = Barrier(2), []

    def start() -> None:
        try:
            barrier.wait(10)
            started.append(connections.start_refresh(connection=connection, at=AT))
        finally:
            database.close()

    threads = [Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert started == [Job.objects.get()] * 2


def test_what_cannot_be_browsed_is_refused(create):
    with pytest.raises(Invalid) as refusal:
        connections.start_refresh(connection=create(), at=AT)
    assert refusal.value.code == "cannot_browse"
    assert not Job.objects.exists()


def test_a_thousand_tables_more_take_a_few_statements_more(connection, monkeypatch):
    monkeypatch.setattr(metadata, "BATCH", storing.BATCH)
    counts = []
    for thousands in (1, 2):
        SurveyedDriver.tables_told = tables(1_000 * thousands)
        with CaptureQueriesContext(database) as captured:
            attempt(connection)
        counts.append(len(captured))
    assert counts[1] - counts[0] <= 12, counts


def test_text_that_our_database_cannot_hold_is_shown_escaped(connection):
    SurveyedDriver.tables_told = [type(told)(told.table, told.kind, told.columns, comment="a\0b") for told in tables(1)]
    attempt(connection)
    assert MetadataTable.objects.get().comment == "a\\0b"


def test_wide_tables_are_put_down_fewer_at_a_time(connection, monkeypatch):
    monkeypatch.setattr(metadata, "BATCH", storing.BATCH)
    monkeypatch.setattr(metadata, "COLUMNS", 10)
    SurveyedDriver.tables_told = tables(7, columns=4)
    with CaptureQueriesContext(database) as captured:
        attempt(connection)
    assert sum("json_to_recordset" in query["sql"] for query in captured) == 3
    assert kept.counts(connection)["tables"] == 7
