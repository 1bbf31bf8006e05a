"""Jobs: list, look at, cancel."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import visible
from apps.dialects.caller import Caller
from apps.dialects.celigo.envelope import errors
from apps.dialects.lists import Values
from apps.dialects.parameters import whole_number
from apps.dialects.views import Endpoint, caller_of
from apps.errors import NotFound
from apps.jobs import services
from apps.jobs.api.celigo.filters import CHILDREN, PARAMETERS, PARENTS, JobFilter
from apps.jobs.api.celigo.shapes import JOB, STEP, CeligoJob
from apps.jobs.models import Job, JobStep

MOST = 1001

GOT = {
    "_id": "5e03061cda20740022300f0e",
    "type": "flow",
    "_flowId": "5e03061cda20740022300f0d",
    "status": "completed",
    "createdAt": "2026-11-22T09:30:00.000Z",
    "lastModified": "2026-11-22T09:30:04.250Z",
    "startedAt": "2026-11-22T09:30:00.016Z",
    "endedAt": "2026-11-22T09:30:04.250Z",
    "queueTime": 16,
    "numError": 0,
    "numSuccess": 100000,
    "numIgnore": 0,
    "numExport": 100000,
    "numPagesGenerated": 20,
    "numPagesProcessed": 20,
    "retriable": False,
    "files": [],
}
EXAMPLE = OpenApiExample("A run that has ended", GOT, response_only=True, status_codes=["200", "201"])
TAG = "Celigo: jobs"


class JobsView(Endpoint):
    @extend_schema(
        operation_id="celigo_list_jobs",
        summary="List jobs, the newest first",
        parameters=PARAMETERS,
        responses={200: CeligoJob(many=True), **errors(400, 401, 403)},
        examples=[EXAMPLE],
        tags=[TAG],
    )
    def get(self, request: Request) -> Response:
        caller, wanted = caller_of(request), JobFilter.of(request)
        limit = whole_number(request, "limit", default=MOST, least=1, most=MOST)
        found: list[Values] = []
        if wanted.types() & PARENTS:
            jobs = wanted.parents(visible_jobs(caller)).order_by("-created_at", "-id")
            found += JOB.rows(jobs[:limit])
        if wanted.types() & CHILDREN:
            steps = wanted.children(visible_steps(caller)).order_by("-created_at", "-id")
            found += STEP.rows(steps[:limit])
        found.sort(key=lambda job: str(job["createdAt"]), reverse=True)
        return Response(found[:limit])


class JobView(Endpoint):
    @extend_schema(
        operation_id="celigo_get_job",
        summary="Get a job, of a flow or of one of its steps",
        responses={200: CeligoJob, **errors(401, 403, 404)},
        examples=[EXAMPLE],
        tags=[TAG],
    )
    def get(self, request: Request, uid: str) -> Response:
        caller = caller_of(request)
        found = JOB.rows(visible_jobs(caller).filter(uid=uid)) or STEP.rows(visible_steps(caller).filter(uid=uid))
        if not found:
            raise NotFound("Job not found")
        return Response(found[0])


class CancelView(Endpoint):
    scope = "run"

    @extend_schema(
        operation_id="celigo_cancel_job",
        summary="Cancel a job",
        request=None,
        responses={200: CeligoJob, **errors(401, 403, 404, 409)},
        examples=[EXAMPLE],
        tags=[TAG],
    )
    def put(self, request: Request, uid: str) -> Response:
        job = job_of(request, uid)
        services.cancel(job=job)
        return shown(job)

    @extend_schema(
        operation_id="celigo_cancel_job_by_post",
        summary="Cancel a job, as DBSync's clients do",
        request=None,
        responses={200: CeligoJob, **errors(401, 403, 404, 409)},
        examples=[EXAMPLE],
        tags=[TAG],
    )
    def post(self, request: Request, uid: str) -> Response:
        return self.put(request, uid)


def shown(job: Job, status: int = 200) -> Response:
    """The job as it is now."""
    return Response(JOB.one(Job.objects.filter(id=job.id), what="Job"), status)


def visible_jobs(caller: Caller) -> QuerySet[Job]:
    """Runs of flows: what else the job machine runs has no place in Celigo's dialect."""
    return visible(Job.objects.filter(kind="flow"), caller)


def visible_steps(caller: Caller) -> QuerySet[JobStep]:
    return JobStep.objects.filter(job__in=visible_jobs(caller))


def job_of(request: Request, uid: str) -> Job:
    """Raises NotFound when the caller can see no such run."""
    job: Any = visible_jobs(caller_of(request)).filter(uid=uid).first()
    if job is None:
        raise NotFound("Job not found")
    assert isinstance(job, Job)
    return job
