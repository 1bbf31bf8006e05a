"""Every button is a POST with a token that calls one service; here with the real machine behind it."""

from collections.abc import Callable

from django.contrib.admin.models import LogEntry
from django.test import Client

from apps.accounts.models import User
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.flows import services as flows
from apps.flows.models import Flow, FlowStep, Import
from apps.jobs.models import Job, RecordError, State
from tests.api.world import World
from tests.conftest import Cast
from tests.console.conftest import Rows, SignIn
from tests.console.pages import PRESSED

JSON = {"Accept": "application/json"}
RunJobs = Callable[[], int]


def test_every_button_is_pressed_by_post_alone(operator: User, rows: Rows, desk: SignIn) -> None:
    client = desk(operator)
    for page in PRESSED:
        response = client.get(page.url(rows[page.model]))
        assert (response.status_code, response["Allow"]) == (405, "POST"), page


def test_every_button_is_refused_without_its_token(operator: User, rows: Rows) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    for page in PRESSED:
        assert client.post(page.url(rows[page.model])).status_code == 403, page


def test_tests_a_connection_and_shows_the_verdict(
    operator: User, shop: Connection, desk: SignIn, run_jobs: RunJobs
) -> None:
    client = desk(operator)
    said = client.post(f"/admin/connections/connection/{shop.pk}/test/", headers=JSON).json()
    assert run_jobs() == 1
    seen = client.get(said["watch"]).json()
    assert (seen["ended"], seen["answer"]["ok"], seen["state"]) == (True, True, "completed")
    page = client.get(f"/admin/connections/connection/{shop.pk}/change/").content.decode()
    assert 'data-state="online"' in page


def test_a_refused_test_takes_the_connection_offline(
    operator: User, shop: Connection, desk: SignIn, run_jobs: RunJobs
) -> None:
    connections.change(connection=shop, values={"database": "nowhere"})
    client = desk(operator)
    said = client.post(f"/admin/connections/connection/{shop.pk}/test/", headers=JSON).json()
    run_jobs()
    assert client.get(said["watch"]).json()["answer"]["ok"] is False
    assert 'data-state="offline"' in client.get(f"/admin/connections/connection/{shop.pk}/change/").content.decode()


def test_browses_a_system_level_by_level(operator: User, shop: Connection, desk: SignIn, run_jobs: RunJobs) -> None:
    client, url = desk(operator), f"/admin/connections/connection/{shop.pk}/browse/"
    catalog = shop.settings["database"]
    levels: list[tuple[dict[str, str], str]] = [
        ({}, "catalogs"),
        ({"catalog": catalog}, "schemas"),
        ({"catalog": catalog, "schema": "public"}, "tables"),
        ({"catalog": catalog, "schema": "public", "table": "orders"}, "columns"),
    ]
    answers = {}
    for place, key in levels:
        said = client.post(url, place, headers=JSON).json()
        run_jobs()
        answers[key] = client.get(said["watch"]).json()["answer"][key]
    assert catalog in answers["catalogs"]
    assert "public" in answers["schemas"]
    assert answers["tables"] == [{"name": "orders"}]
    assert [(column["name"], column["key"], column["nullable"]) for column in answers["columns"]] == [
        ("id", True, False),
        ("total", False, False),
    ]
    assert not LogEntry.objects.exists()  # looking is no change


def test_runs_a_flow_and_leads_to_its_job(operator: User, flow: Flow, desk: SignIn, run_jobs: RunJobs) -> None:
    client = desk(operator)
    response = client.post(f"/admin/flows/flow/{flow.pk}/run/")
    job = Job.objects.get(kind="flow", subject_id=flow.pk)
    assert (response.status_code, response["Location"]) == (302, f"/admin/jobs/job/{job.pk}/change/")
    assert run_jobs() == 1
    seen = client.get(f"/admin/jobs/job/{job.pk}/live/").json()
    assert (seen["state"], seen["figures"]["read"], seen["figures"]["written"]) == ("completed", 3, 2)
    assert seen["refused"] == [{"code": "out_of_range", "total": 1, "open": 1}]
    assert seen["buttons"] == ["retry", "resolve"]
    assert [(step["role"], step["lane"]) for step in seen["steps"]] == [("export", ""), ("import", "rows")]
    assert LogEntry.objects.get().change_message == "Run now"


def test_tries_refused_records_again(operator: User, flow: Flow, desk: SignIn, run_jobs: RunJobs) -> None:
    client = desk(operator)
    client.post(f"/admin/flows/flow/{flow.pk}/run/")
    run_jobs()
    job = Job.objects.get(subject_id=flow.pk)
    error = RecordError.objects.get(job=job)
    import_ = Import.objects.get(name="Copy")
    flows.change_import(import_=import_, values={"mapping": []})
    response = client.post(f"/admin/jobs/recorderror/{error.pk}/retry/")
    child = Job.objects.get(parent=job)
    assert response["Location"] == f"/admin/jobs/job/{child.pk}/change/"
    run_jobs()
    child.refresh_from_db()
    assert child.state == State.COMPLETED


def test_restarts_a_flow_from_the_beginning(cast: Cast, world: World, desk: SignIn) -> None:
    Job.objects.all().delete()
    desk(cast.editor).post(f"/admin/flows/flow/{world.flow.pk}/restart/")
    assert set(FlowStep.objects.filter(flow=world.flow).values_list("generation", flat=True)) == {1}


def test_says_why_a_service_refuses(cast: Cast, world: World, desk: SignIn) -> None:
    Job.objects.filter(pk=world.job.pk).update(state=State.RUNNING)
    client = desk(cast.editor)
    refused = client.post(f"/admin/flows/flow/{world.flow.pk}/restart/", headers=JSON)
    assert refused.status_code == 409
    assert refused.json()["message"] == "The flow is running: cancel its job first."
    page = client.post(f"/admin/flows/flow/{world.flow.pk}/restart/", follow=True).content.decode()
    assert "The flow is running: cancel its job first." in page


def test_cancels_a_waiting_job(cast: Cast, world: World, desk: SignIn) -> None:
    desk(cast.editor).post(f"/admin/jobs/job/{world.queued.pk}/cancel/")
    world.queued.refresh_from_db()
    assert world.queued.state == State.CANCELLED


def test_resolves_every_error_of_a_job(cast: Cast, world: World, desk: SignIn) -> None:
    desk(cast.editor).post(f"/admin/jobs/job/{world.job.pk}/resolve/")
    world.error.refresh_from_db()
    assert world.error.resolved_at is not None
    assert world.error.resolved_by == cast.editor.email


def test_resolves_the_chosen_errors(cast: Cast, world: World, desk: SignIn) -> None:
    values = {"action": "resolve_chosen", "_selected_action": [world.error.pk]}
    page = desk(cast.editor).post("/admin/jobs/recorderror/", values, follow=True).content.decode()
    world.error.refresh_from_db()
    assert world.error.resolved_at is not None
    assert "1 errors are marked as resolved." in page


def test_tries_the_chosen_errors_again(cast: Cast, world: World, desk: SignIn) -> None:
    values = {"action": "retry_chosen", "_selected_action": [world.error.pk]}
    desk(cast.editor).post("/admin/jobs/recorderror/", values)
    world.error.refresh_from_db()
    assert world.error.retry is not None
    assert world.error.retry.parent == world.job


def test_ends_a_persons_sessions(operator: User, cast: Cast, desk: SignIn) -> None:
    desk(operator).post(f"/admin/accounts/user/{cast.owner.pk}/end-sessions/")
    assert User.objects.get(pk=cast.owner.pk).token_version == 2


def test_a_removal_that_is_refused_is_told(cast: Cast, world: World, desk: SignIn) -> None:
    Job.objects.filter(pk=world.job.pk).update(state=State.RUNNING)
    response = desk(cast.editor).post(f"/admin/flows/flow/{world.flow.pk}/delete/", {"post": "yes"}, follow=True)
    assert "The flow is running: cancel its job first." in response.content.decode()
    assert Flow.objects.filter(pk=world.flow.pk).exists()


def test_removes_a_flow_with_its_schedule(cast: Cast, world: World, desk: SignIn) -> None:
    desk(cast.editor).post(f"/admin/flows/flow/{world.flow.pk}/delete/", {"post": "yes"})
    assert not Flow.objects.filter(pk=world.flow.pk).exists()
