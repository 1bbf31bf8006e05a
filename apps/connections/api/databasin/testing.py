"""Does a connector's system let us in? A refusal is an answer like any other."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.connections import services
from apps.connections.api.databasin import shapes
from apps.connections.api.databasin.lookup import connector, connector_in_body, waited, waiting
from apps.connections.models import Connection
from apps.connectors.api.databasin.subtypes import subtype_of
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.lists import Values
from apps.dialects.parsing import object_of
from apps.jobs.models import ENDED, Job

PHRASES = {
    "auth_failed": "Authentication failure",
    "credentials_unreadable": "Authentication failure",
    "permission_denied": "Permission denied",
    "unreachable": "Host unreachable",
    "connection_lost": "Host unreachable",
    "connection_rejected": "Host unreachable",
    "timeout": "Host unreachable",
    "unknown_host": "Unknown host",
    "invalid_host": "Unknown host",
    "invalid_port": "Invalid port",
    "destination_not_allowed": "Destination not allowed",
    "path_not_allowed": "Path not allowed",
    "tls_failed": "TLS refused",
    "unknown_database": "Unknown database",
    "unknown_folder": "Unknown folder",
    "wrong_protocol": "Wrong protocol",
    "too_many_connections": "Too many connections",
    "driver_not_installed": "Driver not installed",
}
OTHER = "Connection failure"
EXAMPLES = [
    shapes.answers(shapes.WORKS, "It works"),
    shapes.answers(shapes.REFUSED, "It refuses us"),
    shapes.answers(shapes.JOB, "It takes long", 202),
]
RESPONSES = {200: shapes.ConnectorTestOutcome, 202: shapes.ConnectorTestWaiting}


class ConnectorTestView(DatabasinEndpoint):
    scope = "write"

    @extend_schema(
        operation_id="databasin_test_connector",
        summary="Test a connector",
        request=None,
        responses={**RESPONSES, **errors(400, 401, 403, 404, 429)},
        examples=EXAMPLES,
        tags=shapes.TAGS,
    )
    def post(self, request: Request, connector_id: int) -> Response:
        connection = connector(request, connector_id)
        object_of(request)  # which says nothing, but must be one
        return _tested(connection)


class ConnectorTestInBodyView(DatabasinEndpoint):
    scope = "write"

    @extend_schema(
        operation_id="databasin_test_connector_in_body",
        summary="Test the connector that `connectorID` names",
        request=shapes.ConnectorNamed,
        responses={**RESPONSES, **errors(400, 401, 403, 404, 429)},
        examples=[shapes.sends({"connectorID": 123}), *EXAMPLES],
        tags=shapes.TAGS,
    )
    def post(self, request: Request) -> Response:
        return _tested(connector_in_body(request, object_of(request)))


def _tested(connection: Connection) -> Response:
    job = waited(services.start_test(connection=connection, at=timezone.now()))
    if job.state not in ENDED:
        return waiting(job, str(shapes.JOB["message"]))
    return Response(_outcome(connection, job))


def _outcome(connection: Connection, job: Job) -> Values:
    details = {
        "connectorType": subtype_of(connection.connector.name).category.name,
        "testDuration": f"{_seconds(job):.1f}s",
    }
    verdict = services.verdict(job)
    if verdict["ok"]:
        return {"success": True, "status": "success", "message": shapes.WORKS["message"], "details": details}
    said = {"message": f"Connection failed: {verdict['message']}", "error": PHRASES.get(verdict["code"], OTHER)}
    return {"success": False, "status": "error", **said, "details": details}


def _seconds(job: Job) -> float:
    if job.started_at is None or job.ended_at is None:
        return 0.0
    return (job.ended_at - job.started_at).total_seconds()
