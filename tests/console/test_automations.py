"""Automations in the console: the form, the buttons, and the page of a run."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.flows.models import Automation, AutomationTask, Flow
from apps.jobs.models import Job, Schedule, State
from tests.api.world import World
from tests.conftest import Cast
from tests.console.conftest import SignIn, errors

ADD = "/admin/flows/automation/add/"
RunJobs = Callable[[], int]


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.editor)


def page(automation: Automation, name: str = "change") -> str:
    return f"/admin/flows/automation/{automation.pk}/{name}/"


def values(cast: Cast, *flows: Flow, **changes: Any) -> dict[str, Any]:
    shown = {"organization": cast.acme.pk, "name": "Every night", "is_enabled": "on", "rhythm": "by hand"}
    return {**shown, "timezone": "UTC", "tasks": [flow.pk for flow in flows], **changes}


def test_makes_an_automation_of_flows_in_their_order(cast: Cast, client: Client, world: World) -> None:
    sent = values(cast, world.task.flow, world.flow, world.task.flow, rhythm="cron", cron="30 2 * * *")
    assert client.post(ADD, sent).status_code == 302
    automation = Automation.objects.get(name="Every night")
    assert [task.flow for task in automation.tasks.all()] == [world.task.flow, world.flow, world.task.flow]
    schedule = Schedule.objects.get(kind="automation")
    assert (schedule.subject_id, schedule.cron, schedule.is_enabled) == (automation.id, "30 2 * * *", True)
    form = client.get(page(automation)).context["adminform"].form
    assert (form["rhythm"].value(), form["cron"].value()) == ("cron", "30 2 * * *")


def test_a_schedule_that_is_none_is_shown_at_its_field(cast: Cast, client: Client, world: World) -> None:
    response = client.post(ADD, values(cast, world.flow, rhythm="cron", cron="nightly"))
    assert set(errors(response)) == {"rhythm"}
    assert not Automation.objects.filter(name="Every night").exists()


def test_a_task_that_stays_keeps_what_the_form_does_not_show(cast: Cast, client: Client, world: World) -> None:
    AutomationTask.objects.filter(pk=world.task.pk).update(name="Load", is_enabled=False, document={"kept": 1})
    client.post(page(world.task.automation), values(cast, world.flow, world.task.flow))
    kept = AutomationTask.objects.get(pk=world.task.pk)
    assert (kept.index, kept.name, kept.is_enabled, kept.document) == (1, "Load", False, {"kept": 1})


def test_lists_how_the_last_run_went_and_when_the_next_is_due(cast: Cast, client: Client, world: World) -> None:
    client.post(
        page(world.task.automation), values(cast, world.task.flow, rhythm="every", interval_0=2, interval_1=3600)
    )
    client.post(page(world.task.automation, "run"))
    Job.objects.filter(kind="automation").update(state=State.FAILED)
    shown = client.get("/admin/flows/automation/").content.decode()
    assert "Failed" in shown
    assert "every 2 hours" in shown


def test_runs_one_and_its_page_follows_the_tasks(cast: Cast, flow: Flow, client: Client, run_jobs: RunJobs) -> None:
    client.post(ADD, values(cast, flow))
    automation = Automation.objects.get()
    response = client.post(page(automation, "run"))
    job = Job.objects.get(kind="automation")
    assert response["Location"] == f"/admin/jobs/job/{job.pk}/change/"
    live = f"/admin/jobs/job/{job.pk}/live/"
    assert client.get(live).json()["tasks"] == []
    run_jobs()
    child = job.children.get()
    seen = client.get(live).json()
    assert seen["tasks"] == [
        {
            "name": "Copy orders",
            "url": f"/admin/jobs/job/{child.pk}/change/",
            "state": "completed",
            "label": "Completed",
            "read": 3,
            "written": 2,
            "failed": 1,
        }
    ]
    assert (seen["state"], seen["figures"]["written"], seen["figures"]["failed"]) == ("completed", 2, 1)
    assert seen["buttons"] == []  # what was refused is dealt with where it was
    assert ">an automation's run</a>" in client.get(f"/admin/jobs/job/{child.pk}/change/").content.decode()
    assert 'data-state="completed"' in client.get(page(automation)).content.decode()


def test_says_what_a_run_waits_for_and_stops_it(cast: Cast, client: Client, world: World) -> None:
    assert client.post(page(world.task.automation, "stop"), follow=True).content.decode().count("It did not run.") == 1
    client.post(page(world.task.automation, "run"))
    job = Job.objects.get(kind="automation")
    child = Job.objects.create(
        kind="flow",
        subject_id=world.task.flow_id,
        subject_uid=world.task.flow.uid,
        organization=cast.acme,
        queue="sync",
        parent=job,
        origin="task",
    )
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING)
    live = f"/admin/jobs/job/{job.pk}/live/"
    seen = client.get(live)
    assert seen.json()["waits"] == "Waits for the run of its present task to end."
    child.save()  # its figures are news of the whole
    assert client.get(live, headers={"If-None-Match": seen["ETag"]}).status_code == 200
    client.post(page(world.task.automation, "stop"))
    assert {one.state for one in (Job.objects.get(pk=job.pk), Job.objects.get(pk=child.pk))} == {
        State.CANCELLING,
        State.CANCELLED,
    }


def test_refuses_to_remove_a_flow_that_it_runs(client: Client, world: World) -> None:
    response = client.post(f"/admin/flows/flow/{world.task.flow_id}/delete/", {"post": "yes"}, follow=True)
    assert Flow.objects.filter(pk=world.task.flow_id).exists()
    assert "The automation &#x27;Nightly&#x27; runs this flow: take it out of there first." in response.content.decode()
