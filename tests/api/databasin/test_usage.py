"""Usage metrics: real counts, of what the caller may see."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Project
from apps.connections.models import Connection
from apps.flows.models import Automation, Flow
from apps.jobs.models import Job, State
from tests.api.databasin.conftest import Databasin
from tests.api.world import World, make_job, make_world
from tests.conftest import Cast

PATH = "/api/usage-metrics"
NOTHING = {
    "activePipelines": 0,
    "activeAutomations": 0,
    "totalConnections": 0,
    "totalPipelineRuns": 0,
    "successfulPipelineRuns": 0,
    "failedPipelineRuns": 0,
    "totalPipelineRuntimeSeconds": 0,
    "totalAutomationRuns": 0,
    "successfulAutomationRuns": 0,
    "failedAutomationRuns": 0,
    "totalAutomationRuntimeSeconds": 0,
    "totalRecordsIngested": 0,
    "lastActivityDate": None,
}


@pytest.fixture
def history(cast: Cast, world: World) -> World:
    """Edgar's pipeline ran twice in the project, was tried again once, and waits; an automation of his ran once."""
    make_world(cast.globex)
    mine = {"owner": cast.editor, "project": world.project}
    Flow.objects.filter(id=world.flow.id).update(**mine)
    Automation.objects.filter(id=world.task.automation_id).update(**mine)
    Connection.objects.filter(id=world.connection.id).update(**mine)
    failed, retry = make_job(world.flow, State.FAILED, records_written=5), make_job(world.flow, State.COMPLETED)
    automation = make_job(world.flow, State.COMPLETED)
    Job.objects.filter(id=retry.id).update(origin="retry", records_written=7)
    Job.objects.filter(id=automation.id).update(kind="automation", subject_id=world.task.automation_id)
    begun = timezone.now() - timedelta(hours=1)
    for job, seconds in ((world.job, 20), (failed, 40), (automation, 60), (retry, 80)):
        Job.objects.filter(id=job.id).update(started_at=begun, ended_at=begun + timedelta(seconds=seconds))
    Job.objects.filter(organization=cast.acme).update(project=world.project)
    return world


def figures(**changes: Any) -> dict[str, Any]:
    """The history's own; the queued run is one too."""
    latest = Job.objects.get(kind="flow", state=State.QUEUED, organization__name="Acme")
    return {
        "activePipelines": 1,
        "activeAutomations": 1,
        "totalConnections": 1,
        "totalPipelineRuns": 3,
        "successfulPipelineRuns": 1,
        "failedPipelineRuns": 1,
        "totalPipelineRuntimeSeconds": 60,
        "totalAutomationRuns": 1,
        "successfulAutomationRuns": 1,
        "failedAutomationRuns": 0,
        "totalAutomationRuntimeSeconds": 60,
        "totalRecordsIngested": 7,
        "lastActivityDate": f"{latest.created_at:%Y-%m-%dT%H:%M:%SZ}",
        **changes,
    }


def test_counts_what_a_user_owns_and_ran(databasin: Databasin, cast: Cast, history: World) -> None:
    mine = {"userId": cast.editor.id, "fullName": "", "email": "edgar@acme.example"}
    mine |= {"totalPipelinesOwned": 1, "totalAutomationsOwned": 1, **figures()}
    assert databasin.get(f"{PATH}/users/me") == mine
    assert databasin.get(f"{PATH}/users/{cast.editor.id}") == mine
    owner, editor, viewer = databasin.get(f"{PATH}/users")
    assert editor == mine
    assert owner == {
        "userId": cast.owner.id,
        "fullName": "",
        "email": "olga@acme.example",
        "totalPipelinesOwned": 0,
        "totalAutomationsOwned": 0,
        **NOTHING,
    }
    assert viewer["userId"] == cast.viewer.id


def test_counts_what_a_project_has_and_ran(databasin: Databasin, cast: Cast, history: World) -> None:
    shown = {
        "projectId": history.project.id,
        "projectName": "Shop",
        "institutionId": cast.acme.id,
        "institutionName": "Acme",
        "administratorId": cast.owner.id,
        "administratorName": "olga@acme.example",
        "totalUsers": 3,
        "activeUsers": 3,
        "totalPipelines": 1,
        "totalAutomations": 1,
        **figures(),
    }
    assert databasin.get(f"{PATH}/projects") == [shown]
    assert databasin.get(f"{PATH}/projects/{history.project.id}") == shown


def test_counts_what_the_organisation_has_and_ran(databasin: Databasin, cast: Cast, history: World) -> None:
    cast.viewer.is_active = False
    cast.viewer.save()
    shown = {
        "institutionId": cast.acme.id,
        "institutionName": "Acme",
        "shortName": "Acme",
        "enabled": True,
        "totalUsers": 3,
        "activeUsers": 2,
        "totalProjects": 1,
        "activeProjects": 1,
        "totalPipelines": 2,
        "totalAutomations": 1,
        **figures(activePipelines=2, totalConnections=2),
    }
    assert databasin.get(f"{PATH}/institutions") == [shown]
    assert databasin.get(f"{PATH}/institutions/{cast.acme.id}") == shown


def test_nobody_sees_another_organisations(databasin: Databasin, cast: Cast, history: World) -> None:
    theirs = Project.objects.get(organization=cast.globex)
    for path in (f"users/{cast.stranger.id}", f"projects/{theirs.id}", f"institutions/{cast.globex.id}"):
        assert "not found" in databasin.get(f"{PATH}/{path}", 404)["message"]


def test_a_key_of_one_project_sees_what_that_has_alone(cast: Cast, client_of: Any, history: World) -> None:
    empty = accounts.create_project(organization=cast.acme, name="Empty", internal_id="empty")
    _, key = accounts.create_api_key(
        organization=cast.acme, owner=cast.editor, project=empty, name="one", at=timezone.now()
    )
    limited = Databasin(client_of(key))
    assert NOTHING.items() <= limited.get(f"{PATH}/users/me").items()
    assert [row["projectId"] for row in limited.get(f"{PATH}/projects")] == [empty.id]
    limited.get(f"{PATH}/projects/{history.project.id}", 404)
    [institution] = limited.get(f"{PATH}/institutions")
    assert NOTHING.items() <= institution.items()
    assert (institution["totalProjects"], institution["totalPipelines"]) == (1, 0)


def test_asks_once_however_many_there_are(databasin: Databasin, cast: Cast, history: World) -> None:
    databasin.get(f"{PATH}/users")
    accounts.create_project(organization=cast.acme, name="Another", internal_id="another")
    counts = {}
    for name in ("users", "projects", "institutions"):
        with CaptureQueriesContext(connection) as queries:
            databasin.get(f"{PATH}/{name}")
        counts[name] = sum("runs ON true" in query["sql"] for query in queries)
    assert counts == {"users": 1, "projects": 1, "institutions": 1}


@pytest.mark.parametrize("reference", ["id", "internal_id"])
def test_tells_the_statistics_of_a_project(reference: str, databasin: Databasin, history: World) -> None:
    path = f"/api/project/{getattr(history.project, reference)}/stats"
    assert databasin.get(path) == {"connectorCount": 1, "pipelineCount": 1, "automationCount": 1}
    assert databasin.get("/api/project/nothing/stats", 404)["message"] == "Project with ID nothing not found"
