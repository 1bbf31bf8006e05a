"""Running pipelines, and how their runs went."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.numbers import number
from apps.dialects.databasin.pages import FIELDS, PAGE, only, stretch
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.lists import Listing, Values
from apps.dialects.parsing import object_of
from apps.errors import Invalid
from apps.flows import services
from apps.flows.api.databasin.automations_records import SHARED, Record
from apps.flows.api.databasin.pipelines import pipeline
from apps.flows.api.databasin.pipelines_shapes import TAGS, answers, sends
from apps.flows.api.databasin.statuses import STATUSES
from apps.flows.queries import runs_of
from apps.jobs.models import Job

TRIGGERS = {Job.Origin.TASK: "automation"}
"""Origins that the dialect has another word for."""
ASKED = {
    "pipelineID": 7,
    "institutionID": 1,
    "internalID": "proj-001",
    "ownerID": 456,
    "jobName": "Shop to warehouse",
    "runType": "manual",
}
STARTED = {"status": "queued", "jobId": "5e03061cda20740022300f09", "message": "The pipeline waits for a worker."}
RUN: Values = {
    "id": "5e03061cda20740022300f09",
    "jobId": "5e03061cda20740022300f09",
    "pipelineID": 7,
    "timestamp": "2025-01-20T10:00:00Z",
    "status": "Successful",
    "duration": 4210,
    "triggeredBy": "schedule",
    "recordsProcessed": 1200,
    "recordsRead": 1203,
    "errors": 3,
    "errorMessage": None,
    "startTime": "2025-01-20T10:00:00Z",
    "endTime": "2025-01-20T10:00:04Z",
}


class PipelineNamed(serializers.Serializer[Any]):
    pipelineID = serializers.IntegerField()
    institutionID = serializers.IntegerField(required=False)
    internalID = serializers.CharField(required=False)
    ownerID = serializers.IntegerField(required=False)
    jobName = serializers.CharField(required=False)
    runType = serializers.CharField(required=False)


class Run(serializers.Serializer[Any]):
    status = serializers.CharField(help_text="The job's: queued.")
    jobId = serializers.CharField(help_text="Poll `/api/jobs/{jobId}`.")
    message = serializers.CharField()


class PipelineRecord(Record):
    jobId = serializers.CharField(help_text="The same as `id`.")
    pipelineID = serializers.IntegerField()
    triggeredBy = serializers.CharField(help_text="manual, schedule or automation.")
    recordsProcessed = serializers.IntegerField(help_text="That were written.")
    recordsRead = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"errors": serializers.IntegerField(help_text="Records that were refused.")}


class RunPipelineView(DatabasinEndpoint):
    scope = "run"

    @extend_schema(
        operation_id="databasin_run_pipeline",
        summary="Run a pipeline now, or once its present run has ended",
        request=PipelineNamed,
        responses={200: Run, **errors(400, 401, 403, 404, 409, 429)},
        examples=[sends(ASKED), answers(STARTED)],
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        said = object_of(request).get("pipelineID")
        if said in (None, ""):
            text = "Missing required field: pipelineID"
            raise Invalid(text, code="missing_required_field", field="pipelineID")
        flow = pipeline(request, number(said, "pipelineID"))
        if not flow.is_enabled:
            raise Invalid(f"The pipeline {flow.name!r} is disabled: enable it first.", code="disabled")
        job = services.run_flow(flow=flow, at=timezone.now())
        return Response({**STARTED, "status": job.state, "jobId": job.uid})


class PipelineHistoryView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_pipeline_history",
        summary="The runs of a pipeline, the newest first",
        parameters=[*PAGE, FIELDS],
        responses={200: PipelineRecord(many=True), **errors(400, 401, 403, 404, 429)},
        examples=[answers([RUN])],
        tags=TAGS,
    )
    def get(self, request: Request, pipeline_id: int) -> Response:
        runs = runs_of(pipeline(request, pipeline_id))[stretch(request)]
        return Response(only(request, RUNS.rows(runs)))


def _wrap(row: Values) -> Values:
    return {
        **row,
        "jobId": row["id"],
        "status": STATUSES[row["status"]],
        "triggeredBy": TRIGGERS.get(row["triggeredBy"], row["triggeredBy"]),
        "errorMessage": row["errorMessage"] or None,
    }


RUNS = Listing(
    "jobs_job row",
    {
        **SHARED,
        "pipelineID": "row.subject_id",
        "triggeredBy": "row.origin",
        "recordsProcessed": "row.records_written",
        "recordsRead": "row.records_read",
        "errors": "row.records_failed",
    },
    _wrap,
)
