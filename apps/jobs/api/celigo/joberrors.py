"""The records that a run refused, and marking them as dealt with."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.caller import Caller
from apps.dialects.celigo.envelope import errors
from apps.dialects.celigo.paging import paged
from apps.dialects.views import Endpoint, caller_of
from apps.errors import NotFound
from apps.jobs import services
from apps.jobs.api.celigo.jobs import TAG, job_of, visible_jobs, visible_steps
from apps.jobs.api.celigo.shapes import ERROR, CeligoJobError
from apps.jobs.models import RecordError

GOT = {
    "_id": "5e03061cda20740022300f0f",
    "_jobId": "5e03061cda20740022300f0e",
    "createdAt": "2026-11-22T09:30:02.000Z",
    "source": "application",
    "code": "value_too_long",
    "message": "The value is too long for the column name.",
    "traceKey": "4711",
    "retriable": True,
    "resolved": False,
    "record": {"id": 4711, "name": "…"},
}


class Resolved(serializers.Serializer[Any]):
    resolved = serializers.IntegerField(help_text="How many were open.")


class JobErrorsView(Endpoint):
    @extend_schema(
        operation_id="celigo_list_job_errors",
        summary="The records that a run, or one of its steps, refused",
        parameters=[
            OpenApiParameter("limit", int, description="At most so many, up to 1000, which is the default."),
            OpenApiParameter("skip", int, description="Leave out so many from the beginning."),
        ],
        responses={200: CeligoJobError(many=True), **errors(400, 401, 403, 404)},
        examples=[OpenApiExample("A refused record", GOT, response_only=True, status_codes=["200"])],
        tags=[TAG],
    )
    def get(self, request: Request, uid: str) -> Response:
        return paged(request, _errors_of(caller_of(request), uid), ERROR)


class ResolveAllView(Endpoint):
    scope = "run"

    @extend_schema(
        operation_id="celigo_resolve_job_errors",
        summary="Mark all open errors of a run as resolved",
        request=None,
        responses={200: Resolved, **errors(401, 403, 404)},
        examples=[OpenApiExample("Three were open", {"resolved": 3}, response_only=True, status_codes=["200"])],
        tags=[TAG],
    )
    def put(self, request: Request, uid: str) -> Response:
        job, by = job_of(request, uid), caller_of(request).user_uid
        return Response({"resolved": services.resolve_errors(job=job, at=timezone.now(), by=by)})


class ResolveView(Endpoint):
    scope = "run"

    @extend_schema(
        operation_id="celigo_resolve_job_error",
        summary="Mark one error of a run as resolved",
        request=None,
        responses={200: Resolved, **errors(401, 403, 404)},
        examples=[OpenApiExample("It was open", {"resolved": 1}, response_only=True, status_codes=["200"])],
        tags=[TAG],
    )
    def put(self, request: Request, uid: str, error_uid: str) -> Response:
        job, by = job_of(request, uid), caller_of(request).user_uid
        count = services.resolve_errors(job=job, at=timezone.now(), by=by, uids=[error_uid])
        return Response({"resolved": count})


def _errors_of(caller: Caller, uid: str) -> QuerySet[RecordError]:
    """Of a run, or of one step of it. Raises NotFound."""
    job = visible_jobs(caller).filter(uid=uid).first()
    if job is not None:
        return RecordError.objects.filter(job=job)
    step = visible_steps(caller).filter(uid=uid).first()
    if step is None:
        raise NotFound("Job not found")
    return RecordError.objects.filter(job_id=step.job_id, step_uid=step.step_uid)
