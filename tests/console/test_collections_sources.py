"""Source connections: their page, and what their buttons do, with the real machine behind them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from apps.jobs.models import Job, Schedule, State
from apps.sources import services as sources
from apps.sources.models import SourceConnection, Stream
from tests.api.sources.world import make_run
from tests.api.world import World
from tests.apps.sources.shop import Shop, start, sync, synced
from tests.conftest import Cast
from tests.console.conftest import SignIn, errors

JSON = {"Accept": "application/json"}
RunJobs = Callable[[], int]


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.editor)


@pytest.fixture
def source(landed: Shop) -> SourceConnection:
    landed.add(1, 2, 3)
    return landed.connect()


def page_of(source: SourceConnection, name: str = "change") -> str:
    return f"/admin/sources/sourceconnection/{source.pk}/{name}/"


def text_of(client: Client, source: SourceConnection, name: str = "change") -> str:
    return " ".join(client.get(page_of(source, name)).content.decode().split())


def test_shows_what_each_sync_did_to_each_stream(client: Client, source: SourceConnection, landed: Shop) -> None:
    synced(source)
    landed.execute("UPDATE orders SET note = 'later' WHERE id = 1")
    landed.execute("DELETE FROM orders WHERE id = 2")
    synced(source)
    context = client.get(page_of(source)).context
    counts = ("inserted", "updated", "deleted", "kept", "failed")
    assert [[getattr(job, name) for name in counts] for job in context["syncs"]] == [[0, 1, 1, 1, 0], [3, 0, 0, 0, 0]]
    assert [(each.label, each.record_count, each.last.updated) for each in context["streams"]] == [("orders", 2, 1)]
    job = Job.objects.filter(kind="source_sync").latest("id")
    assert f'href="/admin/jobs/job/{job.pk}/change/"' in text_of(client, source)


def test_shows_why_the_last_sync_failed(client: Client, landed: Shop) -> None:
    source = landed.connect(path="nowhere.db")
    assert sync(source).state == State.FAILED
    text = text_of(client, source)
    assert 'data-state="error">error</span>' in text
    assert "There is no file" in text


def test_syncs_and_is_followed_on_the_jobs_page(client: Client, source: SourceConnection, run_jobs: RunJobs) -> None:
    said = client.post(page_of(source, "sync"), headers=JSON).json()
    job = Job.objects.get(kind="source_sync")
    assert (said["page"], job.params["mode"]) == (f"/admin/jobs/job/{job.pk}/change/", "")
    assert 'data-state="syncing">syncing</span>' in text_of(client, source)
    run_jobs()
    assert Stream.objects.get().record_count == 3
    assert "Sync · Shop" in client.get(said["page"]).content.decode()
    assert [entry.change_message for entry in LogEntry.objects.all()] == ["Sync now"]


def test_syncs_everything_anew(client: Client, source: SourceConnection) -> None:
    client.post(page_of(source, "sync_fully"))
    assert Job.objects.get().params["mode"] == "full"


def test_says_that_a_sync_is_under_way(client: Client, source: SourceConnection) -> None:
    start(source)
    refused = client.post(page_of(source, "sync"), headers=JSON)
    assert (refused.status_code, refused.json()["message"]) == (409, "This cannot be changed while a sync is active.")
    assert Job.objects.count() == 1


def test_stops_a_sync(client: Client, source: SourceConnection) -> None:
    job = start(source)
    client.post(page_of(source, "stop"))
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert client.post(page_of(source, "stop"), headers=JSON).json()["message"] == "No sync is under way."


def test_offers_what_makes_sense_now(client: Client, source: SourceConnection, landed: Shop) -> None:
    push = sources.create_push(collection=landed.collection, name="Pushed")
    assert shown(client, source) == {"sync", "sync_fully", "test", "clear"}
    start(source)
    assert shown(client, source) == {"stop", "test", "clear"}
    assert shown(client, push) == {"clear"}


def shown(client: Client, source: SourceConnection) -> set[str]:
    placed = client.get(page_of(source)).context["buttons"]
    return {each["button"].name for each in placed if each["is_shown"]}


def test_tests_its_connection(client: Client, source: SourceConnection, run_jobs: RunJobs) -> None:
    said = client.post(page_of(source, "test"), headers=JSON).json()
    assert run_jobs() == 1
    assert client.get(said["watch"]).json()["answer"]["ok"] is True
    assert 'data-state="connected"' in text_of(client, source)


def test_asks_with_the_number_of_records_before_it_clears(
    client: Client, source: SourceConnection, landed: Shop
) -> None:
    landed.add(*range(4, 1_235))
    synced(source)
    assert "1,234 records of Shop go, for every search at once. The next sync reads them again." in text_of(
        client, source
    )
    said = client.post(page_of(source, "clear"), headers=JSON).json()
    assert said["message"] == "1,234 records went. The next sync reads from the beginning."
    assert Stream.objects.get().record_count == 0


def test_does_not_clear_while_a_sync_is_active(client: Client, source: SourceConnection) -> None:
    synced(source)
    start(source)
    assert client.post(page_of(source, "clear"), headers=JSON).status_code == 409
    assert Stream.objects.get().record_count == 3


def test_removes_one_and_keeps_its_records(client: Client, source: SourceConnection) -> None:
    synced(source)
    text = text_of(client, source, "delete")
    assert "Remove it and keep 3 records" in text
    assert "Remove it and delete 3 records" in text
    said = client.post(page_of(source, "delete"), {"post": "yes", "records": "keep"}, follow=True)
    assert "3 records stay, and can be purged on the collection&#x27;s page." in said.content.decode()
    assert not SourceConnection.objects.exists()
    assert Stream.objects.get(removed_at=None).record_count == 3


def test_removes_one_with_its_records(client: Client, source: SourceConnection) -> None:
    synced(source)
    said = client.post(page_of(source, "delete"), {"post": "yes", "records": "delete"}, follow=True)
    assert "3 records went." in said.content.decode()
    assert not SourceConnection.objects.exists()
    assert not Stream.objects.filter(removed_at=None).exists()


def test_does_not_remove_one_while_a_sync_is_active(client: Client, source: SourceConnection) -> None:
    start(source)
    said = client.post(page_of(source, "delete"), {"post": "yes", "records": "delete"}, follow=True)
    assert "while a sync is active" in said.content.decode()
    assert SourceConnection.objects.get() == source


def test_changes_its_name_and_when_it_syncs(client: Client, source: SourceConnection) -> None:
    values: dict[str, Any] = {"name": "Store", "rhythm": "every", "interval_0": 2, "interval_1": 3_600}
    client.post(page_of(source), values | {"timezone": "UTC"})
    source.refresh_from_db()
    assert (source.name, source.config) == ("Store", {"schedule": {"interval": 7_200}})
    assert Schedule.objects.get(kind="source_sync").interval == 7_200
    client.post(page_of(source), {"name": "Store", "rhythm": "continuously", "timezone": "UTC"})
    source.refresh_from_db()
    assert source.config == {"continuous": True}
    assert "continuously" in text_of(client, source)
    client.post(page_of(source), {"name": "Store", "rhythm": "by hand", "timezone": "UTC"})
    source.refresh_from_db()
    assert source.config == {}
    assert not Schedule.objects.exists()


def test_says_at_its_field_what_is_wrong_with_a_schedule(client: Client, source: SourceConnection) -> None:
    values = {"name": "Store", "rhythm": "cron", "cron": "every day", "timezone": "UTC"}
    assert set(errors(client.post(page_of(source), values))) <= {"cron", "rhythm"}
    source.refresh_from_db()
    assert (source.name, source.config) == ("Shop", {})


def test_only_the_name_changes_of_one_that_is_pushed_to(client: Client, landed: Shop) -> None:
    push = sources.create_push(collection=landed.collection, name="Pushed")
    client.post(page_of(push), {"name": "Chats"})
    push.refresh_from_db()
    assert push.name == "Chats"
    assert client.get(page_of(push, "reads")).status_code == 404


def test_an_error_of_a_stream_is_shown_as_it_is(client: Client, world: World) -> None:
    stream = Stream.objects.get(label="public.articles")
    failing = {"error_code": "gone", "error_message": "There is no table public.articles any more."}
    make_run(world.landed.busy_sync, stream, failed=1_234, **failing)
    text = text_of(client, world.landed.source)
    assert "There is no table public.articles any more." in text
    assert '<td class="cd-number cd-bad">1,234</td>' in text


def test_a_refused_record_is_not_tried_again_by_itself(client: Client, world: World) -> None:
    Job.objects.filter(pk=world.job.pk).update(kind="source_sync", subject_id=world.landed.source.pk)
    url = f"/admin/jobs/recorderror/{world.error.pk}/"
    assert [each["button"].name for each in client.get(f"{url}change/").context["buttons"] if each["is_shown"]] == [
        "resolve"
    ]
    assert client.post(f"{url}retry/", headers=JSON).status_code == 409
    client.post(f"{url}resolve/")
    world.error.refresh_from_db()
    assert world.error.resolved_at is not None
