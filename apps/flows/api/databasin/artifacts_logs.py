"""What was said of an artifact in a run of its pipeline, and which of its records were refused."""

from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.numbers import number
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.lists import Listing, Values, document
from apps.dialects.moments import moment
from apps.dialects.parameters import whole_number
from apps.errors import Invalid, NotFound
from apps.flows.api.databasin.artifacts import artifact
from apps.flows.api.databasin.automations_logs import LIMIT, MOST, RUN
from apps.flows.api.databasin.automations_records import LEVELS, WORDS
from apps.flows.api.databasin.pipelines_shapes import TAGS, answers
from apps.flows.models import FlowStep
from apps.flows.queries import runs_of_step
from apps.jobs.models import JobEvent, JobStep, RecordError

LINE: Values = {
    "timestamp": "2025-01-20T10:00:00Z",
    "level": "ERROR",
    "message": "A record was refused: The value is too long for the column name.",
    "artifactId": "31",
    "runId": "5e03061cda20740022300f09",
    "metadata": {"code": "value_too_long", "source": "application", "traceKey": "7"},
}


class ArtifactLine(serializers.Serializer[Any]):
    timestamp = serializers.CharField()
    level = serializers.CharField(help_text="INFO, WARN or ERROR.")
    message = serializers.CharField()
    artifactId = serializers.CharField()
    runId = serializers.CharField()
    metadata = serializers.DictField()


class ArtifactLogsView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_artifact_logs",
        summary="The log of an artifact in a run, and the records that were refused",
        parameters=[OpenApiParameter("artifactID", int, required=True), RUN, LIMIT],
        responses={200: ArtifactLine(many=True), **errors(400, 401, 403, 404, 429)},
        examples=[answers([LINE])],
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        text = request.query_params.get("artifactID", "")
        if not text:
            raise Invalid("Missing required parameter: artifactID", code="invalid_query_params", field="artifactID")
        step = artifact(request, number(text, "artifactID"))
        limit = whole_number(request, "limit", default=MOST, most=MOST)
        run = _run(request.query_params.get("currentRunID", ""), runs_of_step(step))
        return Response([] if run is None else _lines(step, run, limit))


def _run(name: str, runs: QuerySet[JobStep]) -> JobStep | None:
    """The latest, or the one that is named by its job or its own id. Raises NotFound."""
    if name in ("", "0"):
        return runs.first()
    found = runs.filter(Q(job__uid=name) | Q(uid=name)).first()
    if found is None:
        raise NotFound(f"Run with ID {name} not found")
    return found


def _lines(step: FlowStep, run: JobStep, limit: int) -> list[Values]:
    """The last ones, in their order: what was said of the whole job or of this artifact, and what it refused."""
    of_step = Q(data__steps__contains=[step.uid]) | ~Q(data__has_key="steps")
    events = JobEvent.objects.filter(of_step, job=run.job).order_by("-number")[:limit]
    refused = RecordError.objects.filter(job=run.job, step_uid=step.uid).order_by("-id")[:limit]
    lines = sorted([*EVENTS.rows(events), *REFUSALS.rows(refused)], key=lambda line: float(line["at"]))
    named = {"artifactId": str(step.id), "runId": run.job.uid}
    shown = [{key: value for key, value in line.items() if key != "at"} | named for line in lines]
    return shown[-limit:] if limit else []


def _wrap_event(row: Values) -> Values:
    level, message, data = row["level"], row["message"], row["data"] or {}
    if level == "state":
        level = "error" if message == "failed" else "info"
        message = f"Failed: {data.get('reason', '')}" if message == "failed" else WORDS.get(message, message)
    metadata = {key: value for key, value in data.items() if key not in ("steps", "fence")}
    return {
        "at": row["at"],
        "timestamp": row["timestamp"],
        "level": LEVELS[level],
        "message": message,
        "metadata": metadata,
    }


def _wrap_refusal(row: Values) -> Values:
    return {
        "at": row["at"],
        "timestamp": row["timestamp"],
        "level": LEVELS["error"],
        "message": f"A record was refused: {row['message']}",
        "metadata": {"code": row["code"], "source": row["source"], "traceKey": row["trace_key"]},
    }


AT = "extract(epoch FROM {})"
EVENTS = Listing(
    "jobs_jobevent row",
    {
        "at": AT.format("row.at"),
        "timestamp": moment("row.at"),
        "level": "row.level",
        "message": "row.message",
        "data": document("row.data"),
    },
    _wrap_event,
    order="row.number",
)
REFUSALS = Listing(
    "jobs_recorderror row",
    {
        "at": AT.format("row.created_at"),
        "timestamp": moment("row.created_at"),
        "message": "row.message",
        "code": "row.code",
        "source": "row.source",
        "trace_key": "row.trace_key",
    },
    _wrap_refusal,
    order="row.id",
)
