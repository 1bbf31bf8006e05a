from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.jobs.models import Job, JobStep, State
from tests.api.celigo.conftest import Celigo, problems
from tests.api.world import World, make_error, make_job
from tests.conftest import Cast


@pytest.fixture
def retry(world: World) -> Job:
    retry = make_job(world.flow, State.FAILED, records_failed=4)
    Job.objects.filter(id=retry.id).update(
        parent=world.job, origin="retry", error_code="unknown_table", error_message="There is no table orders."
    )
    return retry


@pytest.fixture
def task(world: World) -> Job:
    """A run that an automation began."""
    task = make_job(world.flow, State.FAILED)
    automation = Job.objects.create(
        organization=world.organization, kind="automation", subject_id=1, subject_uid="a" * 24, queue="sync"
    )
    Job.objects.filter(id=task.id).update(parent=automation, origin="task")
    return task


@pytest.fixture
def export_step(world: World) -> JobStep:
    return JobStep.objects.create(
        job=world.job,
        step_uid="s" * 24,
        role="export",
        resource_uid=world.export.uid,
        name="Orders",
        records=3,
        pages=1,
    )


def found(celigo: Celigo, query: str) -> set[str]:
    return {job["_id"] for job in celigo.get(f"/v1/jobs?{query}")}


def test_shows_a_run(celigo: Celigo, world: World) -> None:
    job = celigo.get(f"/v1/jobs/{world.job.uid}")
    for moment in ("createdAt", "lastModified", "startedAt", "endedAt"):
        assert len(job.pop(moment)) == 24
    assert job.pop("queueTime") >= 0
    assert job == {
        "_id": world.job.uid,
        "type": "flow",
        "_flowId": world.flow.uid,
        "status": "completed",
        "numError": 1,
        "numSuccess": 2,
        "numIgnore": 0,
        "numExport": 3,
        "numPagesGenerated": 0,
        "numPagesProcessed": 0,
        "retriable": True,
        "files": [],
    }


def test_a_run_that_an_automation_began_is_a_run_like_others(celigo: Celigo, world: World, task: Job) -> None:
    job = celigo.get(f"/v1/jobs/{task.uid}")
    assert (job["type"], "_retryOfJobId" in job) == ("flow", False)
    assert task.uid in found(celigo, f"_flowId={world.flow.uid}&type=flow")
    assert found(celigo, f"_flowId={world.flow.uid}&type=retry") == set()
    assert [latest["_id"] for latest in celigo.get(f"/v1/flows/{world.flow.uid}/jobs/latest")] == [task.uid]


def test_shows_why_a_run_failed_and_whose_retry_it_is(celigo: Celigo, world: World, retry: Job) -> None:
    job = celigo.get(f"/v1/jobs/{retry.uid}")
    assert (job["type"], job["status"], job["_retryOfJobId"]) == ("retry", "failed", world.job.uid)
    assert job["errors"] == [{"code": "unknown_table", "message": "There is no table orders."}]


def test_shows_the_steps_of_a_run_as_child_jobs(celigo: Celigo, world: World, export_step: JobStep) -> None:
    step = celigo.get(f"/v1/jobs/{world.step.uid}")
    figures = ("type", "_importId", "_flowJobId", "_flowId", "status", "numSuccess", "numExport", "numError")
    assert [step[name] for name in figures] == [
        "import", world.import_.uid, world.job.uid, world.flow.uid, "completed", 2, 0, 1
    ]  # fmt: skip
    other = celigo.get(f"/v1/jobs/{export_step.uid}")
    assert (other["_exportId"], other["numExport"], other["numSuccess"], other["numPagesGenerated"]) == (
        world.export.uid, 3, 0, 1
    )  # fmt: skip


def test_lists_the_steps_and_the_retries_of_a_run(
    celigo: Celigo, world: World, retry: Job, export_step: JobStep
) -> None:
    run = f"_flowJobId={world.job.uid}"
    assert found(celigo, run) == {world.step.uid, export_step.uid, retry.uid}
    assert found(celigo, f"{run}&type=import") == {world.step.uid}
    assert found(celigo, f"{run}&type_in=import,export") == {world.step.uid, export_step.uid}
    assert found(celigo, f"{run}&type=retry") == {retry.uid}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_flowId={flow}", {"job", "queued", "retry"}),
        ("_flowId=000000000000000000000000", set()),
        ("_flowId_in=000000000000000000000000,{flow}", {"job", "queued", "retry"}),
        ("_importId={import}", {"job"}),
        ("_exportId={export}", set()),
        ("_flowId={flow}&type=flow", {"job", "queued"}),
        ("_flowId={flow}&type=retry", {"retry"}),
        ("_flowId={flow}&type=bulk_retry", set()),
        ("_flowId={flow}&status=failed", {"retry"}),
        ("_flowId={flow}&status=queued", {"queued"}),
        ("_flowId={flow}&status=canceled", set()),
        ("_flowId={flow}&status=retrying", set()),
        ("_flowId={flow}&retriable=true", {"job", "retry"}),
        ("_flowId={flow}&retriable=false", {"queued"}),
        ("_flowId={flow}&numError_gte=2", {"retry"}),
        ("_flowId={flow}&numError_gte=1&numError_lte=3", {"job"}),
        ("_flowId={flow}&numSuccess_gte=1", {"job"}),
        ("_flowId={flow}&numExport_lte=0&numIgnore_lte=0", {"queued", "retry"}),
        ("_importId={import}&type=import", {"step"}),
        ("_importId={import}&type=import&numSuccess_gte=3", set()),
        ("_importId={import}&type=import&status=completed&retriable=true", {"step"}),
        ("_exportId={export}&type=export", {"export_step"}),
        ("_integrationId=000000000000000000000000", set()),
    ],
)
def test_filters(
    query: str, expected: set[str], celigo: Celigo, world: World, retry: Job, request: pytest.FixtureRequest
) -> None:
    uids = world.uids | {"retry": retry.uid}
    if "export_step" in expected:
        uids["export_step"] = request.getfixturevalue("export_step").uid
    assert found(celigo, query.format(**uids)) == {uids[name] for name in expected}


def test_an_integrations_jobs_are_found_by_their_label(celigo: Celigo, world: World) -> None:
    Job.objects.filter(id=world.job.id).update(labels={"integration": "5e03061cda20740022300f09"})
    integration = "_integrationId=5e03061cda20740022300f09"
    assert found(celigo, integration) == {world.job.uid}
    assert found(celigo, f"{integration}&type=import&_importId={world.import_.uid}") == {world.step.uid}


def test_takes_moments_in_every_form(celigo: Celigo, world: World) -> None:
    now = timezone.now()
    Job.objects.filter(id=world.queued.id).update(created_at=now - timedelta(days=3))
    for form in (now - timedelta(days=1)).isoformat(), f"{now - timedelta(days=1):%Y-%m-%d}":
        text = form.replace("+", "%2B")
        assert found(celigo, f"createdAt_gte={text}") == {world.job.uid}
        assert found(celigo, f"createdAt_lte={text}") == {world.queued.uid}
    millis = int((now - timedelta(days=1)).timestamp() * 1000)
    assert found(celigo, f"createdAt_lte={millis}") == {world.queued.uid}


def test_pages_backwards_by_the_moment_shown_last(celigo: Celigo, world: World) -> None:
    now = timezone.now()
    jobs = [make_job(world.flow, State.COMPLETED) for _ in range(6)]
    for age, job in enumerate(jobs):
        Job.objects.filter(id=job.id).update(created_at=now - timedelta(hours=1 + age))
    seen: list[str] = []
    bound = (now - timedelta(hours=1)).isoformat().replace("+", "%2B")
    while page := celigo.get(f"/v1/jobs?createdAt_lte={bound}&limit=2"):
        seen += [job["_id"] for job in page if job["_id"] not in seen]
        if bound == page[-1]["createdAt"]:
            break
        bound = page[-1]["createdAt"]
    assert seen == [job.uid for job in jobs]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ("invalid_query", "")),
        ("status=failed", ("invalid_query", "")),
        ("type=flow", ("invalid_query", "")),
        ("type=export", ("invalid_query", "")),
        ("type=import&_flowId=x", ("invalid_query", "")),
        ("_flowId=x&type=stream", ("invalid_query_params", "type")),
        ("_flowId=x&status=happy", ("invalid_query_params", "status")),
        ("_flowId=x&retriable=maybe", ("invalid_query_params", "retriable")),
        ("_flowId=x&numError_gte=-1", ("invalid_query_params", "numError_gte")),
        ("_flowId=x&numError_lte=99999999999", ("invalid_query_params", "numError_lte")),
        ("createdAt_gte=yesterday", ("invalid_query_params", "createdAt_gte")),
        ("createdAt_gte=2024-02-30", ("invalid_query_params", "createdAt_gte")),
        ("createdAt_lte=9999-12-31T23:59:59.999Z", ("invalid_query_params", "createdAt_lte")),
        ("_flowId=x&limit=1002", ("invalid_query_params", "limit")),
    ],
)
def test_refuses(query: str, expected: tuple[str, str], celigo: Celigo) -> None:
    assert problems(celigo.get(f"/v1/jobs?{query}", 400)) == [expected]


def test_shows_no_other_kinds_of_jobs(celigo: Celigo, world: World) -> None:
    ping = celigo.post(f"/v1/connections/{world.connection.uid}/ping", status=202)["_jobId"]
    assert ping not in found(celigo, "createdAt_gte=2020-01-01")
    celigo.get(f"/v1/jobs/{ping}", 404)
    celigo.put(f"/v1/jobs/{ping}/cancel", status=404)


@pytest.mark.parametrize("method", ["put", "post"])
def test_cancels_a_job_that_waits(method: str, celigo: Celigo, world: World) -> None:
    answer = getattr(celigo, method)(f"/v1/jobs/{world.queued.uid}/cancel", status=200)
    assert (answer["_id"], answer["status"]) == (world.queued.uid, "cancelled")


def test_asks_a_job_that_runs_to_stop(celigo: Celigo, world: World) -> None:
    Job.objects.filter(id=world.queued.id).update(state=State.RUNNING)
    for _ in range(2):
        assert celigo.put(f"/v1/jobs/{world.queued.uid}/cancel")["status"] == "cancelling"


def test_refuses_to_cancel_what_has_ended(celigo: Celigo, world: World) -> None:
    answer: Any = celigo.put(f"/v1/jobs/{world.job.uid}/cancel", status=409)
    assert problems(answer) == [("job_ended", "")]
    assert celigo.get(f"/v1/jobs/{world.job.uid}")["status"] == "completed"


def test_lists_what_a_run_refused(celigo: Celigo, world: World) -> None:
    make_error(world.step, index=1)
    errors = celigo.get(f"/v1/jobs/{world.job.uid}/joberrors")
    assert [error["record"]["id"] for error in errors] == [1, 0]
    shown = errors[1]
    assert len(shown.pop("createdAt")) == 24
    assert shown == {
        "_id": world.error.uid,
        "_jobId": world.job.uid,
        "source": "application",
        "code": "value_too_long",
        "message": "The value is too long for the column name.",
        "retriable": True,
        "resolved": False,
        "record": {"id": 0, "name": "a name"},
    }
    assert celigo.get(f"/v1/jobs/{world.step.uid}/joberrors") == celigo.get(f"/v1/jobs/{world.job.uid}/joberrors")
    assert len(celigo.get(f"/v1/jobs/{world.job.uid}/joberrors?limit=1")) == 1


def test_resolves_one_error_or_all(celigo: Celigo, world: World, cast: Cast) -> None:
    other = make_error(world.step, index=1)
    Job.objects.filter(id=world.job.id).update(records_failed=2)
    path = f"/v1/jobs/{world.job.uid}/joberrors"
    assert celigo.put(f"{path}/{other.uid}/resolve") == {"resolved": 1}
    shown = {error["_id"]: error for error in celigo.get(path)}
    assert (shown[other.uid]["resolved"], shown[other.uid]["resolvedBy"]) == (True, cast.editor.uid)
    assert shown[world.error.uid]["resolved"] is False
    assert celigo.put(f"{path}/resolve") == {"resolved": 1}
    assert celigo.put(f"{path}/resolve") == {"resolved": 0}
    assert celigo.get(f"/v1/jobs/{world.job.uid}")["numError"] == 0


def test_resolves_no_other_runs_error(celigo: Celigo, world: World, retry: Job) -> None:
    celigo.put(f"/v1/jobs/{retry.uid}/joberrors/{world.error.uid}/resolve", status=404)
    assert celigo.get(f"/v1/jobs/{world.job.uid}/joberrors")[0]["resolved"] is False


def test_retries_open_errors_in_a_job_of_their_own(celigo: Celigo, world: World) -> None:
    made = celigo.post(f"/v1/jobs/{world.job.uid}/retry")
    assert (made["type"], made["_retryOfJobId"], made["status"]) == ("retry", world.job.uid, "queued")
    assert celigo.get(f"/v1/jobs/{world.job.uid}/joberrors")[0]["_retryId"] == made["_id"]
    assert problems(celigo.post(f"/v1/jobs/{world.job.uid}/retry", status=404)) == [("nothing_to_retry", "")]


def test_refuses_to_retry_what_has_not_ended(celigo: Celigo, world: World) -> None:
    assert problems(celigo.post(f"/v1/jobs/{world.queued.uid}/retry", status=409)) == [("job_running", "")]
