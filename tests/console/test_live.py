"""A job's page asks every second; it is told only what is new."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from apps.connections.models import Connection
from apps.jobs.models import Job, JobEvent, Result, State
from apps.jobs.services import events
from apps.jobs.services.dispatching import PRESENCE_LOCK
from tests.api.world import World
from tests.conftest import Cast
from tests.console.conftest import SignIn


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.viewer)


@pytest.fixture
def dispatcher(db: None) -> None:
    """Holds what a dispatcher holds, for the length of the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [PRESENCE_LOCK])


def url(job: Job) -> str:
    return f"/admin/jobs/job/{job.pk}/live/"


def test_answers_304_until_there_is_news(client: Client, world: World) -> None:
    version = client.get(url(world.job))["ETag"]
    same = client.get(url(world.job), headers={"If-None-Match": version})
    assert (same.status_code, same["ETag"], same.content) == (304, version, b"")
    events.append(world.job.id, JobEvent.Level.INFO, "News")
    assert client.get(url(world.job), headers={"If-None-Match": version}).status_code == 200


def test_figures_are_news(client: Client, world: World) -> None:
    version = client.get(url(world.job))["ETag"]
    Job.objects.filter(pk=world.job.pk).update(records_read=9, updated_at=F("updated_at") + timedelta(seconds=1))
    assert client.get(url(world.job), headers={"If-None-Match": version}).json()["figures"]["read"] == 9


def test_sends_only_the_lines_behind_the_last_one_seen(client: Client, world: World) -> None:
    for number in range(3):
        events.append(world.job.id, JobEvent.Level.INFO, f"Line {number}")
    assert [line["message"] for line in client.get(url(world.job)).json()["events"]] == ["Line 0", "Line 1", "Line 2"]
    assert [line["number"] for line in client.get(f"{url(world.job)}?after=2").json()["events"]] == [3]


@pytest.mark.parametrize("after", ["x", "-1", "²", "", "9" * 30])
def test_takes_no_number_for_the_beginning(after: str, client: Client, world: World) -> None:
    assert client.get(url(world.job), {"after": after}).status_code == 200


def test_says_that_no_dispatcher_runs(client: Client, world: World) -> None:
    seen = client.get(url(world.queued)).json()
    assert seen["ended"] is False
    assert seen["waits"].startswith("No dispatcher is running, so nothing starts")


def test_says_that_another_run_comes_first(client: Client, world: World, dispatcher: None) -> None:
    Job.objects.filter(pk=world.job.pk).update(state=State.RUNNING, lease_until=timezone.now() + timedelta(minutes=1))
    assert client.get(url(world.queued)).json()["waits"] == "Waits for the run before it to end."


def test_says_that_no_worker_takes_it(client: Client, world: World, dispatcher: None) -> None:
    assert client.get(url(world.queued)).json()["waits"] == ""
    Job.objects.filter(pk=world.queued.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    assert client.get(url(world.queued)).json()["waits"].startswith("No worker has taken it yet")


def test_says_that_it_was_handed_back(client: Client, world: World) -> None:
    Job.objects.filter(pk=world.job.pk).update(state=State.RUNNING, lease_until=None)
    assert client.get(url(world.job)).json()["waits"].startswith("Handed back")


def test_says_that_its_worker_is_silent(client: Client, world: World) -> None:
    Job.objects.filter(pk=world.job.pk).update(state=State.RUNNING, lease_until=timezone.now() - timedelta(seconds=1))
    assert client.get(url(world.job)).json()["waits"].startswith("Its worker has gone silent")


def test_tells_rate_and_time_left_while_it_runs(client: Client, world: World) -> None:
    begun = timezone.now() - timedelta(seconds=10)
    Job.objects.filter(pk=world.job.pk).update(
        state=State.RUNNING, started_at=begun, ended_at=None, records_read=1000, records_expected=3000
    )
    figures = client.get(url(world.job)).json()["figures"]
    assert figures["perSecond"] == pytest.approx(100, rel=0.2)
    assert figures["secondsLeft"] == pytest.approx(20, rel=0.2)


def test_shows_the_answer_of_a_test_that_has_ended(client: Client, world: World) -> None:
    test = Job.objects.create(
        kind="connection_test",
        subject_id=world.connection.id,
        subject_uid=world.connection.uid,
        organization=world.organization,
        queue="interactive",
        state=State.COMPLETED,
    )
    assert client.get(url(test)).json()["answer"] is None
    body = b'{"ok": true}'
    Result.objects.create(job=test, content_type="application/json", body=body, expires_at=timezone.now())
    assert client.get(url(test)).json()["answer"] == {"ok": True}


def test_names_what_a_job_is_about(client: Client, world: World) -> None:
    page = client.get(f"/admin/jobs/job/{world.job.pk}/change/").content.decode()
    assert f'href="/admin/flows/flow/{world.flow.pk}/change/">Nightly</a>' in page
    assert "Flow run · Nightly" in page
    assert "Nightly" in client.get("/admin/jobs/job/").content.decode()


def test_a_job_outlives_what_it_was_about(client: Client, world: World) -> None:
    world.flow.delete()
    Connection.objects.filter(pk=world.connection.pk).update(name="Other")
    assert client.get(f"/admin/jobs/job/{world.job.pk}/change/").status_code == 200
    assert client.get("/admin/jobs/job/").status_code == 200
