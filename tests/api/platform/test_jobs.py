from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.jobs.models import Job, JobEvent, Result
from tests.api.world import World
from tests.conftest import Cast, ClientOf


@pytest.fixture
def client(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.viewer)


def test_shows_how_far_a_run_is(client: Client, world: World) -> None:
    began = timezone.now() - timedelta(seconds=100_000)
    figures = {"records_read": 50_000, "records_expected": 200_000}
    Job.objects.filter(id=world.job.id).update(state="running", started_at=began, ended_at=None, **figures)
    job = client.get(f"/api/jobs/{world.job.uid}").json()
    assert (job["id"], job["kind"], job["state"], job["subjectId"]) == (
        world.job.uid, "flow", "running", world.flow.uid
    )  # fmt: skip
    progress = job["progress"]
    assert (progress["recordsRead"], progress["recordsExpected"]) == (50_000, 200_000)
    assert progress["recordsPerSecond"] == 0.5
    assert round(progress["secondsLeft"], -4) == 300_000
    assert (job["error"], job["result"], job["parentId"]) == (None, None, None)


def test_shows_why_a_run_failed(client: Client, world: World) -> None:
    Job.objects.filter(id=world.job.id).update(state="failed", error_code="poison", error_message="Given up.")
    job = client.get(f"/api/jobs/{world.job.uid}").json()
    assert job["error"] == {"code": "poison", "message": "Given up."}


@pytest.mark.parametrize(("minutes", "shown"), [(1, {"ok": True}), (-1, None)])
def test_shows_an_answer_while_it_is_kept(minutes: int, shown: object, client: Client, world: World) -> None:
    Result.objects.create(
        job=world.job,
        content_type="application/json",
        body=b'{"ok":true}',
        expires_at=timezone.now() + timedelta(minutes=minutes),
    )
    assert client.get(f"/api/jobs/{world.job.uid}").json()["result"] == shown


def test_lists_events_after_the_one_seen_last(client: Client, world: World) -> None:
    path = f"/api/jobs/{world.job.uid}/events"
    for number in (1, 2, 3):
        JobEvent.objects.create(
            job=world.job, number=number, at=timezone.now(), level="info", message=f"Line {number}", data={"n": number}
        )
    answer = client.get(path).json()
    assert [event["message"] for event in answer["events"]] == ["Line 1", "Line 2", "Line 3"]
    assert answer["events"][2]["data"] == {"n": 3}
    assert answer["after"] == 3
    assert [event["number"] for event in client.get(f"{path}?after=2").json()["events"]] == [3]
    assert client.get(f"{path}?after=3").json() == {"events": [], "after": 3}
    assert client.get(f"{path}?after=x").status_code == 400


def change_state(job: Job) -> None:
    Job.objects.filter(id=job.id).update(state="failed")


def add_event(job: Job) -> None:
    Job.objects.filter(id=job.id).update(event_count=9)


def move_on(job: Job) -> None:
    Job.objects.filter(id=job.id).update(records_read=9, updated_at=timezone.now())


@pytest.mark.parametrize(
    ("path", "change"),
    [("", change_state), ("", add_event), ("", move_on), ("/events", add_event)],
)
def test_answers_304_until_something_changes(
    path: str, change: Callable[[Job], None], client: Client, world: World
) -> None:
    url = f"/api/jobs/{world.job.uid}{path}"
    etag = client.get(url)["ETag"]
    unchanged = client.get(url, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content, unchanged["ETag"]) == (304, b"", etag)
    change(world.job)
    changed = client.get(url, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed["ETag"] != etag
