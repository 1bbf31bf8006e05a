"""While a sync is active nothing that it reads by can change: held by the database, whoever is first."""

import re
from collections import Counter
from typing import Any

import pytest

from apps.jobs.models import Job, State
from apps.sources.models import SourceConnection, Stream
from tests.api.conftest import snapshot
from tests.api.sources.conftest import Docs, Sources
from tests.api.sources.world import make_stream, make_sync
from tests.api.world import World
from tests.apps.jobs.threads import at_once
from tests.conftest import Cast, ClientOf, key_of

CONFIG = {"tables": ["public.articles"]}
CREDENTIALS = {"host": "db.example", "database": "docs", "username": "other"}


@pytest.fixture
def busy(world: World) -> str:
    """The path of a source connection whose sync waits."""
    return f"/source-connections/{world.landed.uids['busy_source']}"


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.CANCELLING])
@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("POST", "/run", {}),
        ("PUT", "/credentials", CREDENTIALS),
        ("PUT", "/config", CONFIG),
        ("DELETE", "", None),
        ("DELETE", "?deleteData=true", None),
        ("DELETE", "/data", None),
    ],
)
def test_every_changing_call_during_a_sync_names_it(
    method: str, rest: str, body: Any, state: State, sources: Sources, world: World, busy: str
) -> None:
    Job.objects.filter(id=world.landed.busy_sync.id).update(state=state)
    before = snapshot()
    response = sources.client.generic(
        method, f"/api/v1{busy}{rest}", "" if body is None else f"{body}".replace("'", '"'), "application/json"
    )
    said = response.json()
    assert (response.status_code, said["error"], said["success"]) == (409, "sync_in_progress", False)
    assert said["syncId"] == world.landed.uids["busy_sync"]
    assert response["Retry-After"] == "5"
    assert snapshot() == before


def test_a_collection_in_which_a_sync_is_active_stays(sources: Sources, world: World) -> None:
    before = snapshot()
    said = sources.delete(f"/collections/{world.landed.uids['collection']}", 409)
    assert (said["error"], said["syncId"]) == ("sync_in_progress", world.landed.uids["busy_sync"])
    assert snapshot() == before


def test_reading_and_testing_go_on_during_a_sync(sources: Sources, busy: str) -> None:
    assert sources.get(busy)["sourceConnection"]["status"] == "syncing"
    sources.get(f"{busy}/syncs")
    sources.get(f"{busy}/events")
    sources.get(f"{busy}/discover", 202)
    sources.post(f"{busy}/test", status=202)


@pytest.mark.django_db(transaction=True)
def test_of_fifty_runs_at_once_one_is_started(world: World, cast: Cast, client_of: ClientOf) -> None:
    path, key = f"/api/v1/source-connections/{world.landed.uids['source']}/run", key_of(cast.editor)

    def run(_: int) -> tuple[int, str, str]:
        response = client_of(key).post(path, {}, content_type="application/json")
        return response.status_code, response.json().get("error", ""), response.json()["syncId"]

    answers = at_once(50, run)
    assert Counter((status, error) for status, error, _ in answers) == {(202, ""): 1, (409, "sync_in_progress"): 49}
    assert len({sync for _, _, sync in answers}) == 1
    started = Job.objects.filter(kind="source_sync", subject_id=world.landed.source.id, state=State.QUEUED)
    assert started.count() == 1


def test_an_idempotency_key_answers_the_same_sync(sources: Sources, world: World) -> None:
    path = f"/source-connections/{world.landed.uids['source']}/run"
    first = sources.post(path, {}, 202, **{"Idempotency-Key": "nightly"})
    assert sources.post(path, {}, 202, **{"Idempotency-Key": "nightly"}) == first
    assert sources.post(path, {}, 409, **{"Idempotency-Key": "other"})["syncId"] == first["syncId"]
    said = sources.post(path, {"mode": "full"}, 409, **{"Idempotency-Key": "nightly"})
    assert said["error"] == "idempotency_key_reused"
    assert "syncId" not in said


@pytest.mark.parametrize("rest", ["?cancel=true", "/data?cancel=true"])
def test_cancels_what_waits_and_goes_on_where_that_is_asked_for(
    rest: str, sources: Sources, world: World, busy: str
) -> None:
    make_stream(world.landed.busy_source)
    Stream.objects.filter(source_connection=world.landed.busy_source).update(record_count=0)
    assert sources.delete(f"{busy}{rest}")["success"] is True
    assert Job.objects.get(id=world.landed.busy_sync.id).state == State.CANCELLED


def test_what_does_not_end_in_time_stays_in_the_way(sources: Sources, world: World, busy: str) -> None:
    Job.objects.filter(id=world.landed.busy_sync.id).update(state=State.RUNNING)
    assert sources.delete(f"{busy}?cancel=true", 409)["syncId"] == world.landed.uids["busy_sync"]
    assert SourceConnection.objects.filter(id=world.landed.busy_source.id).exists()
    assert Job.objects.get(id=world.landed.busy_sync.id).state == State.CANCELLING


def test_a_collection_goes_once_its_syncs_are_cancelled(sources: Sources, world: World) -> None:
    path = f"/collections/{world.landed.uids['collection']}"
    assert sources.delete(f"{path}?cancel=true") == {"success": True, "deletedRecords": 4}
    assert sources.get(path, 404)["error"] == "not_found"
    assert sources.get("/source-connections")["sourceConnections"] == []


def test_cancels_a_sync_once(sources: Sources, world: World, busy: str) -> None:
    path = f"{busy}/syncs/{world.landed.uids['busy_sync']}/cancel"
    assert sources.post(path) == {
        "success": True,
        "syncId": world.landed.uids["busy_sync"],
        "status": "cancelled",
    }
    assert sources.post(path, status=409)["error"] == "job_ended"


def test_a_sync_of_another_source_connection_is_not_there(sources: Sources, world: World, busy: str) -> None:
    for rest in ("", "/cancel"):
        path = f"{busy}/syncs/{world.landed.uids['sync']}{rest}"
        said = sources.post(path, status=404) if rest else sources.get(path, 404)
        assert said["message"] == "Sync not found"


@pytest.mark.django_db(transaction=True)
def test_a_sync_that_runs_ends_when_it_is_cancelled(sources: Sources, docs: Docs, world: World, patient: None) -> None:
    docs.say("INSERT INTO articles SELECT n, 'Article ' || n FROM generate_series(4, 200000) n")
    made = sources.post("/source-connections", docs.body(world.landed.uids["spare_collection"], sync=True), 201)
    path = f"/source-connections/{made['sourceConnection']['id']}"
    while sources.get(f"{path}/syncs/{made['syncId']}")["sync"]["status"] == "queued":
        pass
    answer = sources.delete(f"{path}?cancel=true&deleteData=true")
    assert re.fullmatch("cancelled|completed", Job.objects.get(uid=made["syncId"].removeprefix("sync_")).state)
    assert answer["retainedRecords"] == 0
    assert sources.get(path, 404)["error"] == "not_found"


def test_statuses_are_told_from_the_rows(sources: Sources, world: World) -> None:
    landed, path = world.landed, f"/source-connections/{world.landed.uids['source']}"
    connection = landed.source.connection
    assert connection is not None

    def status() -> tuple[str, str]:
        shown = sources.get(path)["sourceConnection"]
        return shown["status"], shown["statusMessage"]

    assert status() == ("connected", "")
    connection.is_offline, connection.offline_reason, connection.offline_code = True, "Refused.", "auth_failed"
    connection.save()
    assert status() == ("needs_reauth", "Refused.")
    connection.offline_code = "unknown_database"
    connection.save()
    assert status() == ("error", "Refused.")
    connection.is_offline = False
    connection.save()
    make_sync(landed.source, State.FAILED, error_code="timeout", error_message="It took too long.")
    assert status() == ("error", "It took too long.")
    make_sync(landed.source, State.CANCELLED)
    assert status() == ("error", "It took too long.")
    make_sync(landed.source, State.RUNNING)
    assert status()[0] == "syncing"
    shown = sources.get(f"/source-connections/{landed.uids['spare_source']}")["sourceConnection"]
    assert (shown["status"], shown["lastSync"]) == ("pending", None)
