"""Where every 202 is polled, and whether this installation is ready for traffic."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import visible
from apps.dialects.caller import Caller
from apps.dialects.failures import RETRY_SECONDS
from apps.dialects.parameters import whole_number
from apps.dialects.permissions import Public
from apps.dialects.platform import errors
from apps.dialects.views import Endpoint, caller_of
from apps.errors import NotFound
from apps.jobs.api.shapes import EVENT, JOB
from apps.jobs.models import Job, JobEvent
from apps.jobs.services.readiness import parts

EVENTS_PER_ANSWER = 1000


class Progress(serializers.Serializer[Any]):
    recordsRead = serializers.IntegerField()
    recordsWritten = serializers.IntegerField()
    recordsIgnored = serializers.IntegerField()
    recordsFailed = serializers.IntegerField()
    recordsExpected = serializers.IntegerField(allow_null=True)
    pagesRead = serializers.IntegerField()
    pagesWritten = serializers.IntegerField()
    bytesMoved = serializers.IntegerField()
    recordsPerSecond = serializers.FloatField(allow_null=True)
    secondsLeft = serializers.IntegerField(allow_null=True)


class JobFailure(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class PlatformJob(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.CharField(help_text="What is run: flow, connection_test …")
    subjectId = serializers.CharField(help_text="The id of what is run.")
    parentId = serializers.CharField(
        allow_null=True, help_text="The job whose errors this one tries again, or whose task it is."
    )
    state = serializers.ChoiceField(["queued", "running", "completed", "failed", "cancelling", "cancelled"])
    origin = serializers.ChoiceField(["manual", "schedule", "retry", "task"])
    createdAt = serializers.DateTimeField()
    startedAt = serializers.DateTimeField(allow_null=True)
    endedAt = serializers.DateTimeField(allow_null=True)
    attempt = serializers.IntegerField()
    progress = Progress()
    error = JobFailure(allow_null=True)
    events = serializers.IntegerField(help_text="How many events there are: ask for those you have not seen.")
    result = serializers.JSONField(allow_null=True, help_text="The answer of an interactive job, kept for an hour.")


class JobEventShape(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    level = serializers.ChoiceField(["state", "info", "warning", "error"])
    message = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"data": serializers.JSONField()}


class Events(serializers.Serializer[Any]):
    events = JobEventShape(many=True)
    after = serializers.IntegerField(help_text="Send it as `after` the next time.")


class Readiness(serializers.Serializer[Any]):
    ready = serializers.BooleanField()
    parts = serializers.DictField(child=serializers.BooleanField(), required=False, help_text="Only with a valid key.")


IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The ETag seen last: 304 while nothing has changed."
)
MOMENT = "2026-11-22T09:30:00.000Z"
GOT = {
    "id": "5e03061cda20740022300f0e",
    "kind": "connection_test",
    "subjectId": "5e03061cda20740022300f09",
    "parentId": None,
    "state": "completed",
    "origin": "manual",
    "createdAt": MOMENT,
    "startedAt": MOMENT,
    "endedAt": MOMENT,
    "attempt": 1,
    "progress": {
        "recordsRead": 0,
        "recordsWritten": 0,
        "recordsIgnored": 0,
        "recordsFailed": 0,
        "recordsExpected": None,
        "pagesRead": 0,
        "pagesWritten": 0,
        "bytesMoved": 0,
        "recordsPerSecond": None,
        "secondsLeft": None,
    },
    "error": None,
    "events": 3,
    "result": {"ok": True, "code": "", "message": "The system answers and accepts the credentials."},
}


class JobView(Endpoint):
    @extend_schema(
        operation_id="get_job",
        summary="A job and how far it is",
        parameters=[IF_NONE_MATCH],
        responses={200: PlatformJob, 304: None, **errors(401, 403, 404)},
        examples=[OpenApiExample("A test of a connection", GOT, response_only=True, status_codes=["200"])],
        tags=["Platform"],
    )
    def get(self, request: Request, uid: str) -> Response:
        job = _job(caller_of(request), uid)
        etag = f'"{job.state}-{job.event_count}-{job.updated_at.timestamp()}"'
        if etag == request.headers.get("If-None-Match"):
            return _unchanged(etag)
        return Response(JOB.one(Job.objects.filter(id=job.id), what="Job"), headers={"ETag": etag})


class JobEventsView(Endpoint):
    @extend_schema(
        operation_id="list_job_events",
        summary="What happened in a job, in order",
        parameters=[
            OpenApiParameter("after", int, description="Only events with a higher number."),
            IF_NONE_MATCH,
        ],
        responses={200: Events, 304: None, **errors(400, 401, 403, 404)},
        examples=[
            OpenApiExample(
                "A beginning",
                {
                    "events": [{"number": 1, "at": MOMENT, "level": "state", "message": "queued", "data": {}}],
                    "after": 1,
                },
                response_only=True,
                status_codes=["200"],
            )
        ],
        tags=["Platform"],
    )
    def get(self, request: Request, uid: str) -> Response:
        job = _job(caller_of(request), uid)
        after = whole_number(request, "after", default=0)
        etag = f'"{after}-{job.event_count}"'
        if etag == request.headers.get("If-None-Match"):
            return _unchanged(etag)
        news = JobEvent.objects.filter(job_id=job.id, number__gt=after).order_by("number")
        events = EVENT.rows(news[:EVENTS_PER_ANSWER])
        last = events[-1]["number"] if events else after
        return Response({"events": events, "after": last}, headers={"ETag": etag})


class ReadinessView(Endpoint):
    permission_classes = (Public,)

    @extend_schema(
        operation_id="readiness",
        summary="Whether this installation can work",
        responses={200: Readiness, 503: Readiness},
        examples=[
            OpenApiExample("Ready", {"ready": True}, response_only=True, status_codes=["200"]),
            OpenApiExample("Not ready", {"ready": False}, response_only=True, status_codes=["503"]),
        ],
        tags=["Platform"],
    )
    def get(self, request: Request) -> Response:
        found = parts()
        is_ready = all(found.values())
        body: dict[str, Any] = {"ready": is_ready}
        if isinstance(request.auth, Caller):
            body["parts"] = found
        if is_ready:
            return Response(body)
        return Response(body, 503, headers={"Retry-After": str(RETRY_SECONDS)})


def _job(caller: Caller, uid: str) -> Job:
    rows: QuerySet[Job] = visible(Job.objects.all(), caller)
    job = rows.only("id", "state", "event_count", "updated_at").filter(uid=uid).first()
    if job is None:
        raise NotFound("Job not found")
    return job


def _unchanged(etag: str) -> Response:
    return Response(status=304, headers={"ETag": etag})
