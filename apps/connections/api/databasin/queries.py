"""SQL of the caller's own over a connector: read-only, bounded, and off until somebody allows it."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.connections import services
from apps.connections.api.databasin.lookup import connector, waited, waiting
from apps.connections.services.querying import MOST_ROWS, ROWS, answered
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.moments import moment_of
from apps.dialects.parsing import object_of
from apps.dialects.views import caller_of
from apps.errors import Invalid
from apps.jobs.models import ENDED

STILL_RUNNING = "The query has not ended yet: poll the job, whose result has the rows."
ASKED = {"sql": "SELECT id, name FROM customers ORDER BY id", "limit": 100}
MOMENT = "2025-01-15T10:30:00Z"
GOT = {
    "success": True,
    "sql": ASKED["sql"],
    "columns": ["id", "name"],
    "rows": [{"id": 1, "name": "Ada"}],
    "rowCount": 1,
    "truncated": False,
    "executionTime": 12,
    "timestamp": MOMENT,
}
NOTHING: dict[str, Any] = {"columns": [], "rows": [], "rowCount": 0, "truncated": False}
FAILED = {
    "success": False,
    "sql": "SELECT nmae FROM customers",
    **NOTHING,
    "executionTime": 3,
    "timestamp": MOMENT,
    "error": 'A column does not exist: column "nmae" does not exist',
}
UNKNOWN_YET = {**NOTHING, "success": False, "executionTime": 0, "error": STILL_RUNNING}
"""Its own client looks for rows in any answer that has no `error`."""
SLOW = {
    "message": STILL_RUNNING,
    "status": "success",
    **UNKNOWN_YET,
    "sql": ASKED["sql"],
    "timestamp": MOMENT,
    "jobId": "5e03061cda20740022300f09",
}


class QueryBody(serializers.Serializer[Any]):
    sql = serializers.CharField(trim_whitespace=False, help_text="One statement that reads.")
    limit = serializers.IntegerField(required=False, help_text=f"At most so many rows: {ROWS:,}, up to {MOST_ROWS:,}.")


class QueryResult(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    sql = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.DictField())
    rowCount = serializers.IntegerField()
    truncated = serializers.BooleanField(help_text="Whether there was more than the limits let through.")
    executionTime = serializers.IntegerField(help_text="Milliseconds.")
    timestamp = serializers.DateTimeField()
    error = serializers.CharField(required=False, help_text="Why it did not succeed.")


class QueryWaiting(QueryResult):
    status = serializers.CharField()
    message = serializers.CharField()
    jobId = serializers.CharField(help_text="Poll `/api/jobs/{jobId}`.")


class QueryView(DatabasinEndpoint):
    scope = "run"

    @extend_schema(
        operation_id="databasin_query_connector",
        summary="Run a statement that reads",
        request=QueryBody,
        responses={200: QueryResult, 202: QueryWaiting, **errors(400, 401, 403, 404, 409, 429)},
        examples=[
            OpenApiExample("Request", ASKED, request_only=True),
            OpenApiExample("Rows", GOT, response_only=True, status_codes=["200"]),
            OpenApiExample("A mistake", FAILED, response_only=True, status_codes=["200"]),
            OpenApiExample("It takes long", SLOW, response_only=True, status_codes=["202"]),
        ],
        tags=["Databasin: connectors"],
    )
    def post(self, request: Request, number: int) -> Response:
        connection = connector(request, number)
        sql, rows = _asked(object_of(request))
        at = timezone.now()
        job = services.start_query(connection=connection, sql=sql, rows=rows, caller=caller_of(request), at=at)
        job = waited(job)
        said = {"sql": sql, "timestamp": moment_of(at)}
        if job.state not in ENDED:
            return waiting(job, STILL_RUNNING, **UNKNOWN_YET, **said)
        return Response(said | _result(answered(job)))


def _asked(body: dict[str, Any]) -> tuple[str, int]:
    """The statement and how many rows are wanted. Raises Invalid."""
    sql, limit = body.get("sql"), body.get("limit")
    if not isinstance(sql, str):
        raise Invalid("sql must be a text: the statement to run.", field="sql")
    if limit is None:
        return sql, ROWS
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise Invalid(f"limit must be a whole number from 1 to {MOST_ROWS:,}.", field="limit")
    return sql, limit


def _result(answer: dict[str, Any]) -> dict[str, Any]:
    if not answer["ok"]:
        return NOTHING | {"success": False, "executionTime": answer["milliseconds"], "error": answer["message"]}
    return {
        "success": True,
        "columns": answer["columns"],
        "rows": answer["rows"],
        "rowCount": len(answer["rows"]),
        "truncated": answer["truncated"],
        "executionTime": answer["milliseconds"],
    }
