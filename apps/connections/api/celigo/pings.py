"""Ping: does the connection's system let us in? The worker finds out, the request waits for it."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import visible
from apps.connections import services
from apps.connections.api.celigo.connections import SENT, ConnectionShape
from apps.connections.models import Connection
from apps.dialects.celigo.envelope import CeligoError, errors
from apps.dialects.celigo.resources import worded
from apps.dialects.lists import Values
from apps.dialects.parsing import object_of
from apps.dialects.views import Endpoint, caller_of
from apps.dialects.waiting import seat
from apps.errors import NotFound
from apps.jobs import services as jobs
from apps.jobs.models import ENDED, Job

REFUSED_CODES = {"auth_failed", "credentials_unreadable"}


class Pong(serializers.Serializer[Any]):
    code = serializers.IntegerField(help_text="200 when it works, 401 when it refuses us, else 422.")

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"errors": CeligoError(many=True, required=False)}


class Waiting(serializers.Serializer[Any]):
    _jobId = serializers.CharField(help_text="Poll `/api/jobs/{_jobId}`.")
    status = serializers.CharField()


WORKS = OpenApiExample("It works", {"code": 200}, response_only=True, status_codes=["200"])
REFUSED = OpenApiExample(
    "It refuses us",
    {"code": 401, "errors": [{"code": "auth_failed", "message": "The system refused the user or the password."}]},
    response_only=True,
    status_codes=["200"],
)
SLOW = OpenApiExample(
    "It takes long",
    {"_jobId": "5e03061cda20740022300f09", "status": "running"},
    response_only=True,
    status_codes=["202"],
)


class PingView(Endpoint):
    scope = "write"

    @extend_schema(
        operation_id="celigo_ping_connection_by_get",
        summary="Ping a connection, as older clients do",
        responses={200: Pong, 202: Waiting, **errors(401, 403, 404)},
        examples=[WORKS, REFUSED, SLOW],
        tags=["Celigo: connections"],
    )
    def get(self, request: Request, uid: str) -> Response:
        return self.ping(request, uid)

    @extend_schema(
        operation_id="celigo_ping_connection",
        summary="Ping a connection",
        request=None,
        responses={200: Pong, 202: Waiting, **errors(401, 403, 404)},
        examples=[WORKS, REFUSED, SLOW],
        tags=["Celigo: connections"],
    )
    def post(self, request: Request, uid: str) -> Response:
        return self.ping(request, uid)

    @staticmethod
    def ping(request: Request, uid: str) -> Response:
        connection = visible(Connection.objects.all(), caller_of(request)).filter(uid=uid).first()
        if connection is None:
            raise NotFound("Connection not found")
        return _answer(services.start_test(connection=connection, at=timezone.now()))


class UnsavedConnectionShape(ConnectionShape):
    """What is not stored needs no name."""

    name = serializers.CharField(required=False, max_length=200)


class PingUnsavedView(Endpoint):
    @extend_schema(
        operation_id="celigo_ping_unsaved_connection",
        summary="Ping a connection that is not stored",
        request=UnsavedConnectionShape,
        responses={200: Pong, 202: Waiting, **errors(400, 401, 403, 422)},
        examples=[OpenApiExample("Request", SENT, request_only=True), WORKS, REFUSED, SLOW],
        tags=["Celigo: connections"],
    )
    def post(self, request: Request) -> Response:
        caller = caller_of(request)
        shape = UnsavedConnectionShape(data=object_of(request))
        shape.is_valid(raise_exception=True)
        connector = shape.connector()
        values = shape.settings(connector)
        with worded(shape.kind.name_of):
            job = services.start_unsaved_test(
                organization_id=caller.organization_id,
                project_id=caller.project_id,
                connector=connector,
                values=values,
                at=timezone.now(),
            )
        return _answer(job)


def _answer(job: Job) -> Response:
    with seat() as seconds:
        job = jobs.wait(job, seconds=seconds)
    if job.state not in ENDED:
        headers = {"Location": f"/api/jobs/{job.uid}"}
        return Response({"_jobId": job.uid, "status": job.state}, 202, headers=headers)
    return Response(_pong(services.verdict(job)))


def _pong(verdict: Values) -> Values:
    if verdict["ok"]:
        return {"code": 200}
    error = {"code": verdict["code"], "message": verdict["message"]}
    return {"code": 401 if verdict["code"] in REFUSED_CODES else 422, "errors": [error]}
