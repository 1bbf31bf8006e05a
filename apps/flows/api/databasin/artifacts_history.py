"""How an artifact fared in the runs of its pipeline."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.pages import FIELDS, PAGE, only, stretch
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.lists import Listing, Values
from apps.dialects.moments import moment
from apps.flows.api.databasin.artifacts import artifact
from apps.flows.api.databasin.automations_records import Record
from apps.flows.api.databasin.pipelines_shapes import TAGS, answers
from apps.flows.api.databasin.statuses import STATUSES
from apps.flows.queries import runs_of_step

RECORD: Values = {
    "id": "5e03061cda20740022300f0a",
    "artifactID": 31,
    "runId": "5e03061cda20740022300f09",
    "timestamp": "2025-01-20T10:00:00Z",
    "status": "Successful",
    "recordsProcessed": 1200,
    "errors": 3,
    "duration": 1250,
    "errorMessage": None,
    "startTime": "2025-01-20T10:00:00Z",
    "endTime": "2025-01-20T10:00:01Z",
    "startedAt": "2025-01-20T10:00:00Z",
    "completedAt": "2025-01-20T10:00:01Z",
}


class ArtifactRecord(Record):
    artifactID = serializers.IntegerField()
    runId = serializers.CharField(help_text="The `currentRunID` of its log.")
    recordsProcessed = serializers.IntegerField(help_text="That were written.")
    startedAt = serializers.CharField(allow_null=True)
    completedAt = serializers.CharField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"errors": serializers.IntegerField(help_text="Records that were refused.")}


class ArtifactHistoryView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_artifact_history",
        summary="The runs of an artifact, the newest first",
        parameters=[*PAGE, FIELDS],
        responses={200: ArtifactRecord(many=True), **errors(400, 401, 403, 404, 429)},
        examples=[answers([RECORD])],
        tags=TAGS,
    )
    def get(self, request: Request, artifact_id: int) -> Response:
        step = artifact(request, artifact_id)
        found = RUNS.rows(runs_of_step(step)[stretch(request)])
        return Response(only(request, [{**row, "artifactID": step.id} for row in found]))


def _wrap(row: Values) -> Values:
    status = row.pop("state")
    return {
        **row,
        "status": STATUSES[status],
        "errorMessage": (row["errorMessage"] or None) if status == "failed" else None,
        "startedAt": row["startTime"],
        "completedAt": row["endTime"],
    }


STATE = """
    CASE WHEN row.ended_at IS NOT NULL THEN 'completed'
      WHEN row.started_at IS NULL AND job.ended_at IS NOT NULL THEN 'cancelled'
      WHEN row.started_at IS NULL THEN 'queued'
      ELSE job.state END
"""
"""Of several tracks the first may be done when a later one fails, and those behind it never begin."""
ENDED = "COALESCE(row.ended_at, CASE WHEN row.started_at IS NOT NULL THEN job.ended_at END)"
RUNS = Listing(
    "jobs_jobstep row JOIN jobs_job job ON job.id = row.job_id",
    {
        "id": "row.uid",
        "runId": "job.uid",
        "timestamp": moment("COALESCE(row.started_at, job.started_at, job.created_at)"),
        "state": STATE,
        "duration": f"(extract(epoch FROM {ENDED} - row.started_at) * 1000)::bigint",
        "recordsProcessed": "row.records",
        "errors": "row.failed",
        "errorMessage": "job.error_message",
        "startTime": moment("row.started_at"),
        "endTime": moment(ENDED),
    },
    _wrap,
)
