"""What clients read of runs: lines of logs, and histories."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.flows import services as flows
from apps.flows.services.starting import run_task
from apps.jobs.models import Job, JobEvent, State
from apps.jobs.services import events
from apps.jobs.services.states import move
from tests.api.databasin.conftest import Databasin
from tests.api.world import World

PATH = "/api/automations"


@pytest.fixture
def run(world: World) -> Job:
    """An automation's run that failed in its only task."""
    now = timezone.now()
    parent = flows.run_automation(automation=world.task.automation, at=now)
    child = run_task(flow=world.task.flow, task=world.task.uid, parent=parent, at=now)
    took(parent, seconds=4)
    took(child, seconds=2)
    Job.objects.filter(id=child.id).update(records_written=1200)
    events.append(parent.id, JobEvent.Level.INFO, "Task 1 of 1, 'Later', begins.")
    events.append(child.id, JobEvent.Level.WARNING, "The source has no index.")
    fail(child, "There is no table orders.")
    fail(parent, "Task 1 of 1, 'Later', failed: There is no table orders.")
    return parent


def took(job: Job, *, seconds: int) -> None:
    Job.objects.filter(id=job.id).update(started_at=timezone.now() - timedelta(seconds=seconds))
    assert move(job_id=job.id, start=State.QUEUED, to=State.RUNNING)


def fail(job: Job, reason: str) -> None:
    assert move(job_id=job.id, start=State.RUNNING, to=State.FAILED, error_code="task_failed", error_message=reason)


def said(lines: list[dict[str, Any]]) -> list[tuple[str, str, int | None]]:
    return [(line["level"], line["message"], line["taskID"]) for line in lines]


def test_shows_the_log_of_the_latest_run_with_its_tasks_lines(databasin: Databasin, world: World, run: Job) -> None:
    lines = databasin.get(f"{PATH}/logs", automationID=world.task.automation_id, currentRunID=0)
    task = world.task.id
    assert said(lines) == [
        ("INFO", "Waits for a worker.", None),
        ("INFO", "Waits for a worker.", task),
        ("INFO", "Runs.", None),
        ("INFO", "Runs.", task),
        ("INFO", "Task 1 of 1, 'Later', begins.", None),
        ("WARN", "The source has no index.", task),
        ("ERROR", "Failed: There is no table orders.", task),
        ("ERROR", "Failed: Task 1 of 1, 'Later', failed: There is no table orders.", None),
    ]
    assert {(line["runID"], line["automationID"]) for line in lines} == {(run.uid, world.task.automation_id)}
    assert (lines[5]["taskName"], lines[5]["taskType"], len(lines[5]["timestamp"])) == ("Later", "pipeline", 20)
    last = databasin.get(f"{PATH}/logs", automationID=world.task.automation_id, currentRunID=run.uid, limit=2)
    assert last == lines[-2:]


def test_shows_the_log_of_a_task_alone(databasin: Databasin, world: World, run: Job) -> None:
    child = run.children.get()
    for name in ("0", run.uid, child.uid):
        lines = databasin.get(f"{PATH}/tasks/logs", automationTaskID=world.task.id, currentRunID=name)
        assert [line["message"] for line in lines] == [
            "Waits for a worker.",
            "Runs.",
            "The source has no index.",
            "Failed: There is no table orders.",
        ]


def test_has_no_line_of_what_never_ran(databasin: Databasin, world: World) -> None:
    assert databasin.get(f"{PATH}/logs", automationID=world.task.automation_id) == []
    assert databasin.get(f"{PATH}/tasks/logs", automationTaskID=world.task.id) == []


def test_refuses_a_run_or_a_number_that_is_none(databasin: Databasin, world: World, run: Job) -> None:
    automation = world.task.automation_id
    message = databasin.get(f"{PATH}/logs", 404, automationID=automation, currentRunID=world.job.uid)["message"]
    assert message == f"Run with ID {world.job.uid} not found"
    assert databasin.get(f"{PATH}/logs", 400)["message"] == "Missing required parameter: automationID"
    databasin.get(f"{PATH}/logs", 400, automationID="all")
    databasin.get(f"{PATH}/tasks/logs", 404, automationTaskID=10**9)


def test_tells_the_history_of_an_automation(databasin: Databasin, world: World, run: Job) -> None:
    waiting = flows.run_automation(automation=world.task.automation, at=timezone.now())
    second, first = databasin.get(f"{PATH}/history/{world.task.automation_id}")
    assert (second["id"], second["status"], second["duration"], second["startTime"]) == (
        waiting.uid,
        "Pending",
        None,
        None,
    )
    assert 4000 <= first.pop("duration") < 60_000
    moments = [first.pop(name) for name in ("timestamp", "startTime", "endTime")]
    assert moments[0] == moments[1] < moments[2]
    assert first == {
        "id": run.uid,
        "automationID": world.task.automation_id,
        "status": "Failed",
        "tasksCompleted": 0,
        "tasksFailed": 1,
        "triggeredBy": "manual",
        "errorMessage": "Task 1 of 1, 'Later', failed: There is no table orders.",
    }
    latest = databasin.get(f"{PATH}/history/{world.task.automation_id}", limit=1, fields="id,status", count="true")
    assert latest == [{"id": waiting.uid, "status": "Pending"}]


def test_tells_the_history_of_a_task(databasin: Databasin, world: World, run: Job) -> None:
    [shown] = databasin.get(f"{PATH}/tasks/history/{world.task.id}")
    for name in ("timestamp", "startTime", "endTime", "duration"):
        assert shown.pop(name)
    assert shown == {
        "id": run.children.get().uid,
        "automationTaskID": world.task.id,
        "automationRunID": run.uid,
        "status": "Failed",
        "taskType": "pipeline",
        "result": None,
        "errorMessage": "There is no table orders.",
        "recordsProcessed": 1200,
    }
    assert databasin.get(f"{PATH}/{world.task.automation_id}")["lastRunStatus"] == "Failed"
