"""Automations as the vendor's client writes and reads them."""

from typing import Any

import pytest
from django.utils import timezone

from apps.accounts import services as accounts
from apps.flows import services as flows
from apps.flows.models import Automation
from apps.jobs.models import Job, Schedule, State
from tests.api.conftest import snapshot
from tests.api.databasin.conftest import Databasin
from tests.api.world import World, make_world
from tests.conftest import Cast

PATH = "/api/automations"


@pytest.fixture
def wizard(world: World) -> dict[str, Any]:
    """What the client's wizard sends."""
    return {
        "automationName": "Daily ETL",
        "jobRunSchedule": "0 2 * * *",
        "isActive": True,
        "internalID": world.project.internal_id,
        "pipelineId": str(world.flow.id),
        "jobClusterSize": "M",
        "jobTimeout": "3600",
        "isPrivate": False,
    }


def task(world: World, **values: Any) -> dict[str, Any]:
    return {"taskType": "pipeline", "taskName": "Load", "jobID": world.flow.id, "isActive": True, **values}


def test_makes_what_the_wizard_asks_for(databasin: Databasin, cast: Cast, world: World, wizard: dict[str, Any]) -> None:
    made = databasin.post(PATH, wizard)
    assert (made["message"], made["status"]) == ("Automation created successfully", "success")
    assert {key: made[key] for key in wizard} == wizard
    automation = Automation.objects.get(id=made["automationID"])
    assert (automation.owner, automation.project) == (cast.editor, world.project)
    schedule = Schedule.objects.get(kind="automation")
    shown = databasin.get(f"{PATH}/{automation.id}")
    assert shown == {key: value for key, value in made.items() if key not in {"message", "status"}}
    kept = {name: shown.pop(name) for name in ("createdAt", "updatedAt", "lastUpdatedDateTime")}
    assert all(len(moment) == 20 for moment in kept.values())
    assert shown == {
        **wizard,
        "automationID": automation.id,
        "institutionID": world.organization.id,
        "ownerID": cast.editor.id,
        "jobRunTimeZone": "UTC",
        "intervalMinutes": None,
        "jobName": "",
        "jobTags": [],
        "auditEnabled": False,
        "auditInformation": {},
        "automationTasks": ["pipeline"],
        "automationTask": [
            {
                "automationTaskID": automation.tasks.get().id,
                "taskType": "pipeline",
                "taskName": "Nightly",
                "jobID": world.flow.id,
                "automationOrderNumber": 1,
                "isActive": True,
            }
        ],
        "jobDetails": {
            "jobRunSchedule": "0 2 * * *",
            "jobRunTimeZone": "UTC",
            "jobClusterSize": "M",
            "jobTimeout": "3600",
            "tags": [],
            "emailNotifications": [],
        },
        "currentlyRunning": False,
        "lastRunStatus": "Pending",
        "lastRunErrorMessage": None,
        "lastRun": None,
        "nextRun": f"{schedule.next_at:%Y-%m-%dT%H:%M:%SZ}",
    }


def test_makes_what_a_template_asks_for(databasin: Databasin, world: World) -> None:
    other = world.task.flow
    template = {
        "_comment": "A template",
        "automationName": "Workflow",
        "internalID": "",
        "isActive": 0,
        "auditEnabled": 1,
        "auditInformation": {"purpose": "synchronization"},
        "jobDetails": {
            "jobRunSchedule": "0 2 * * *",
            "jobRunTimeZone": "America/New_York",
            "jobClusterSize": "m",
            "jobTimeout": "10800",
            "tags": ["etl"],
            "emailNotifications": ["team@example.com"],
        },
        "automationTask": [
            task(world, automationOrderNumber=2, isActive=False),
            task(world, automationOrderNumber=1, jobID=str(other.id), taskName=""),
        ],
    }
    made = databasin.post(PATH, template)
    assert made["jobDetails"] == template["jobDetails"]
    assert [(one["jobID"], one["taskName"], one["isActive"]) for one in made["automationTask"]] == [
        (other.id, "Later", True),
        (world.flow.id, "Load", False),
    ]
    assert (made["isActive"], made["auditEnabled"], made["internalID"], made["nextRun"]) == (False, True, "", None)
    assert (made["auditInformation"], made["jobTags"]) == ({"purpose": "synchronization"}, ["etl"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"automationName": ""}, "Missing required field: automationName"),
        ({"automationName": ["a"]}, "automationName must be one line of at most 255 characters."),
        ({"isActive": "perhaps"}, "isActive must be true or false."),
        ({"jobRunSchedule": "every day"}, "'every day' is not a cron expression: "),
        ({"jobRunSchedule": "0 0 2 * * *"}, "A cron expression has five fields"),
        ({"jobRunTimeZone": "Mars/Olympus"}, "There is no time zone named 'Mars/Olympus'."),
        ({"jobRunSchedule": "", "intervalMinutes": 0.5}, "intervalMinutes must be a whole number."),
        ({"jobDetails": "daily"}, "jobDetails must be an object."),
        ({"automationTask": "pipeline"}, "automationTask must be a list of at most 100 objects."),
        ({"automationTask": [{"taskName": "No pipeline"}]}, "Task 1: missing required field: jobID"),
        ({"automationTask": [{"jobID": "pipeline-123"}]}, "jobID must be a whole number."),
        ({"automationTask": [{"taskType": "sql"}]}, "Task 1 is of type 'sql': only tasks of type 'pipeline'"),
        ({"automationTasks": ["pipeline", "notebook"]}, "Task 2 is of type 'notebook': only tasks of type 'pipeline'"),
        ({"jobTags": [{}]}, "jobTags must be one line of at most 255 characters."),
        ({"auditInformation": {"much": "x" * 20_000}}, "auditInformation must be an object of at most 20,000 bytes."),
        ({"institutionID": "mine"}, "institutionID must be a whole number."),
    ],
)
def test_says_what_is_wrong_and_makes_nothing(
    change: dict[str, Any], message: str, databasin: Databasin, wizard: dict[str, Any]
) -> None:
    before = snapshot()
    answer = databasin.post(PATH, wizard | change, 400)
    assert (answer["error"], answer["status"]) == ("Bad Request", 400)
    assert answer["message"].startswith(message)
    assert snapshot() == before


def test_a_strangers_pipeline_project_and_institution_are_not_there(
    databasin: Databasin, cast: Cast, world: World, wizard: dict[str, Any]
) -> None:
    theirs = make_world(cast.globex)
    before = snapshot()
    for change, message in (
        ({"pipelineId": theirs.flow.id}, f"Pipeline with ID {theirs.flow.id} not found"),
        ({"internalID": theirs.project.internal_id}, f"Project with ID {theirs.project.internal_id} not found"),
        ({"institutionID": cast.globex.id}, f"Institution with ID {cast.globex.id} not found"),
    ):
        assert databasin.post(PATH, wizard | change, 404)["message"] == message
        assert databasin.put(f"{PATH}/{world.task.automation_id}", change, 404)["message"] == message
    for act in ("run", "stop"):
        databasin.post(f"{PATH}/{act}", {"automationID": theirs.task.automation_id}, 404)
    databasin.get(PATH, 404, internalID=theirs.project.internal_id)
    assert snapshot() == before


def test_a_change_leaves_what_is_not_sent(databasin: Databasin, wizard: dict[str, Any]) -> None:
    made = databasin.post(PATH, wizard)
    number = made.pop("automationID")
    changed = databasin.put(f"{PATH}/{number}", {"jobRunTimeZone": "Europe/Berlin"})
    assert changed["message"] == "Automation updated successfully"
    moved = {"updatedAt", "lastUpdatedDateTime", "message", "nextRun", "jobRunTimeZone", "jobDetails"}
    assert {key: changed[key] for key in made if key not in moved} == {
        key: value for key, value in made.items() if key not in moved
    }
    assert changed["jobDetails"]["jobRunTimeZone"] == changed["jobRunTimeZone"] == "Europe/Berlin"


def test_what_was_read_can_be_sent_back(databasin: Databasin, wizard: dict[str, Any]) -> None:
    number = databasin.post(PATH, wizard)["automationID"]
    shown = databasin.get(f"{PATH}/{number}")
    databasin.put(f"{PATH}/{number}", shown)
    again = databasin.get(f"{PATH}/{number}")
    moved = {"updatedAt", "lastUpdatedDateTime"}
    assert {**again, **dict.fromkeys(moved)} == {**shown, **dict.fromkeys(moved)}


@pytest.mark.parametrize(
    "change", [{"jobRunSchedule": None}, {"jobRunSchedule": ""}, {"jobDetails": {"jobRunSchedule": None}}]
)
def test_a_schedule_is_taken_away(change: dict[str, Any], databasin: Databasin, wizard: dict[str, Any]) -> None:
    number = databasin.post(PATH, wizard)["automationID"]
    changed = databasin.put(f"{PATH}/{number}", change)
    assert (changed["jobRunSchedule"], changed["nextRun"]) == ("", None)
    assert not Schedule.objects.filter(kind="automation").exists()


def test_a_new_cron_stays_in_the_time_zone_that_the_console_chose(
    databasin: Databasin, world: World, wizard: dict[str, Any]
) -> None:
    number = databasin.post(PATH, wizard)["automationID"]
    schedule = {"cron": "30 2 * * *", "timezone": "Europe/Berlin"}
    flows.change_automation(
        automation=Automation.objects.get(id=number), values={"schedule": schedule}, at=timezone.now()
    )
    changed = databasin.put(f"{PATH}/{number}", {"jobRunSchedule": "45 2 * * *"})
    assert (changed["jobRunSchedule"], changed["jobRunTimeZone"]) == ("45 2 * * *", "Europe/Berlin")


def test_runs_at_an_interval(databasin: Databasin, wizard: dict[str, Any]) -> None:
    made = databasin.post(PATH, {**wizard, "jobRunSchedule": None, "scheduleType": "interval", "intervalMinutes": 90})
    assert (made["jobRunSchedule"], made["intervalMinutes"]) == ("", 90)
    assert Schedule.objects.get(kind="automation").interval == 5400


def test_lists_those_of_a_project_that_are_active_or_run(
    databasin: Databasin, world: World, wizard: dict[str, Any]
) -> None:
    old, first = world.task.automation_id, databasin.post(PATH, wizard)["automationID"]
    second = databasin.post(PATH, {**wizard, "isActive": False})["automationID"]
    databasin.post(f"{PATH}/run", {"automationID": first})

    def listed(**query: Any) -> list[int]:
        return [row["automationID"] for row in databasin.get(PATH, **query)]

    assert listed() == [second, first, old]
    assert listed(internalID=world.project.internal_id) == [second, first]
    assert listed(internalID=world.project.id, active="true") == [first]
    assert listed(active="false") == [second]
    assert listed(running="true") == [first]
    assert listed(running="false") == [second, old]
    assert listed(limit=1, offset=1) == [first]
    assert databasin.get(PATH, limit=1, fields="automationName, isActive") == [
        {"automationName": "Daily ETL", "isActive": False}
    ]
    assert databasin.get(PATH, 400, active="perhaps")["message"] == "active must be true or false."


def test_a_key_of_one_project_sees_and_makes_automations_of_that_alone(
    cast: Cast, client_of: Any, world: World, wizard: dict[str, Any]
) -> None:
    _, key = accounts.create_api_key(
        organization=cast.acme, owner=cast.editor, project=world.project, name="one", at=timezone.now()
    )
    limited = Databasin(client_of(key))
    assert limited.get(PATH) == []
    limited.get(f"{PATH}/{world.task.automation_id}", 404)
    limited.post(PATH, wizard, 404)  # the pipeline is of no project
    made = limited.post(PATH, {"automationName": "Mine"})
    assert made["internalID"] == world.project.internal_id


def test_runs_once_and_is_stopped(databasin: Databasin, world: World) -> None:
    named = {"automationID": world.task.automation_id}
    assert databasin.post(f"{PATH}/stop", named) == {"status": "success", "message": "Automation was not running"}
    started = databasin.post(f"{PATH}/run", named)
    job = Job.objects.get(kind="automation")
    assert started == {"status": "queued", "message": "Automation started", "jobId": job.uid}
    shown = databasin.get(f"{PATH}/{world.task.automation_id}")
    assert (shown["currentlyRunning"], shown["lastRunStatus"]) == (True, "Pending")
    Job.objects.filter(id=job.id).update(state=State.RUNNING)
    shown = databasin.get(f"{PATH}/{world.task.automation_id}")
    assert (shown["currentlyRunning"], shown["lastRunStatus"]) == (True, "Running")
    assert databasin.post(f"{PATH}/run", named, 409)["message"] == "The automation is running."
    stopped = databasin.post(f"{PATH}/stop", named)
    assert stopped == {"status": "success", "message": "Automation stopped", "jobId": job.uid}
    job.refresh_from_db()
    assert job.state == State.CANCELLING


def test_running_needs_a_number_and_something_to_do(databasin: Databasin, world: World) -> None:
    assert databasin.post(f"{PATH}/run", {}, 400)["message"] == "Missing required field: automationID"
    empty = databasin.post(PATH, {"automationName": "Empty"})["automationID"]
    assert databasin.post(f"{PATH}/run", {"automationID": empty}, 400)["message"] == "An automation needs a task to do."
    assert not Job.objects.filter(kind="automation").exists()


def test_a_deleted_one_is_gone_and_its_run_is_stopped(databasin: Databasin, world: World) -> None:
    number = world.task.automation_id
    databasin.post(f"{PATH}/run", {"automationID": number})
    assert databasin.delete(f"{PATH}/{number}") == {
        "message": "Automation deleted successfully",
        "status": "success",
    }
    assert databasin.get(f"{PATH}/{number}", 404)["message"] == f"Automation with ID {number} not found"
    assert Job.objects.get(kind="automation").state == State.CANCELLED


def test_its_flow_cannot_be_removed_meanwhile(client_of: Any, cast: Cast, world: World) -> None:
    answer = client_of(cast.editor).delete(f"/v1/flows/{world.task.flow.uid}")
    assert answer.status_code == 409
    assert "The automation 'Nightly' runs this flow" in answer.json()["errors"][0]["message"]
    flows.remove_automation(automation=world.task.automation)
    assert client_of(cast.editor).delete(f"/v1/flows/{world.task.flow.uid}").status_code == 204
