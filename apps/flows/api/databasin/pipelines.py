"""Flows as Databasin's pipelines."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.databasin import ownership
from apps.accounts.queries import visible
from apps.dialects.databasin import numbers
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.pages import FIELDS, PAGE, only, stretch
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.lists import Values
from apps.dialects.parameters import flag
from apps.dialects.parsing import object_of
from apps.dialects.views import caller_of
from apps.errors import Invalid, NotFound
from apps.flows import services
from apps.flows.api.databasin import pipelines_shapes as shapes
from apps.flows.api.databasin.pipelines_documents import Document
from apps.flows.api.databasin.pipelines_showing import SUMMARIES, WHOLE
from apps.flows.models import Flow

FILTERS = [
    OpenApiParameter("internalID", str, required=True, description="The project; empty for pipelines of none."),
    OpenApiParameter("institutionID", int, description="The organisation."),
    OpenApiParameter("ownerID", int, description="Who asks: what others have for themselves is left out."),
    OpenApiParameter("status", str, enum=shapes.STATES),
    OpenApiParameter("enabled", bool),
    OpenApiParameter("sourceConnectorId", int, description="What is read from this connector."),
    OpenApiParameter("targetConnectorId", int, description="What is written to this connector."),
    OpenApiParameter("includeArtifacts", bool),
    *PAGE,
    FIELDS,
]


class PipelinesView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_list_pipelines",
        summary="List the pipelines of a project, the newest first",
        parameters=FILTERS,
        responses={200: shapes.PipelineShown(many=True), **errors(400, 401, 403, 404, 429)},
        examples=[shapes.answers([shapes.SUMMARY])],
        tags=shapes.TAGS,
    )
    def get(self, request: Request) -> Response:
        listing = WHOLE if flag(request, "includeArtifacts") else SUMMARIES
        wanted = request.query_params.get("status") or None
        if wanted not in (None, *shapes.STATES):
            raise Invalid(f"status must be one of {', '.join(shapes.STATES)}.", code="invalid_query_params")
        rows = [row for row in listing.rows(_filtered(request)) if wanted in (None, row["status"])]
        return Response(only(request, rows[stretch(request)]))

    @extend_schema(
        operation_id="databasin_create_pipeline",
        summary="Create a pipeline: each item copies a table",
        request=shapes.PipelineSent,
        responses={200: shapes.PipelineStored, **errors(400, 401, 403, 404, 429)},
        examples=[shapes.sends(shapes.SENT), shapes.answers({**shapes.WHOLE, "message": shapes.CREATED})],
        tags=shapes.TAGS,
    )
    def post(self, request: Request) -> Response:
        caller = caller_of(request)
        values = Document(object_of(request), caller).values()
        values = {"owner_id": caller.user_id, "is_enabled": True, **values}
        flow = services.create_flow(
            organization_id=caller.organization_id,
            project_id=values.pop("project_id", caller.project_id),
            values=values,
            at=timezone.now(),
        )
        return _stored(flow, shapes.CREATED)


class PipelineView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_get_pipeline",
        summary="Get a pipeline with its artifacts",
        responses={200: shapes.PipelineShown, **errors(401, 403, 404, 429)},
        examples=[shapes.answers(shapes.WHOLE)],
        tags=shapes.TAGS,
    )
    def get(self, request: Request, pipeline_id: int) -> Response:
        return Response(shown(pipeline(request, pipeline_id)))


class StoredPipelineView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_update_pipeline",
        summary="Change what is sent of a pipeline",
        request=shapes.PipelineSent(partial=True),
        responses={200: shapes.PipelineStored, **errors(400, 401, 403, 404, 429)},
        examples=[
            shapes.sends({"pipelineName": "Shop to warehouse, hourly", "jobDetails": {"jobRunSchedule": "0 * * * *"}}),
            shapes.answers({**shapes.WHOLE, "message": shapes.UPDATED}),
        ],
        tags=shapes.TAGS,
    )
    def put(self, request: Request, pipeline_id: int) -> Response:
        flow = pipeline(request, pipeline_id)
        document = Document(object_of(request), caller_of(request), shown(flow))
        services.change_flow(flow=flow, values=document.values(flow), at=timezone.now())
        return _stored(flow, shapes.UPDATED)

    @extend_schema(
        operation_id="databasin_delete_pipeline",
        summary="Delete a pipeline that does not run, with the exports and imports that nothing else uses",
        responses={200: shapes.Done, **errors(401, 403, 404, 409, 429)},
        examples=[shapes.answers(shapes.DELETED)],
        tags=shapes.TAGS,
    )
    def delete(self, request: Request, pipeline_id: int) -> Response:
        services.remove_flow(flow=pipeline(request, pipeline_id), with_parts=True)
        return Response(shapes.DELETED)


def pipeline(request: Request, pipeline_id: int) -> Flow:
    """Raises NotFound, also for another organisation's."""
    found = visible(Flow.objects.all(), caller_of(request)).filter(id=pipeline_id).first()
    if found is None:
        raise NotFound(f"Pipeline with ID {pipeline_id} not found")
    return found


def shown(flow: Flow) -> Values:
    return WHOLE.one(Flow.objects.filter(id=flow.id), what="Pipeline")


def _stored(flow: Flow, message: Any) -> Response:
    return Response({**shown(flow), "message": message})


def _filtered(request: Request) -> QuerySet[Flow]:
    """Raises Invalid, and NotFound for a project or an institution that the caller does not see."""
    query, caller = request.query_params, caller_of(request)
    if "internalID" not in query:
        text = "Missing required parameter: internalID, the project whose pipelines to list"
        raise Invalid(text, code="missing_required_field", field="internalID")
    ownership.check_institution(query, caller)
    rows = visible(Flow.objects.all(), caller).filter(project=ownership.project(query, caller))
    if query.get("ownerID"):
        theirs = Q(details__isPrivate=1) & ~Q(owner_id=numbers.number(query["ownerID"], "ownerID"))
        rows = rows.exclude(theirs)
    if query.get("enabled"):
        rows = rows.filter(is_enabled=flag(request, "enabled"))
    for key, path in (
        ("sourceConnectorId", "steps__export__connection"),
        ("targetConnectorId", "steps__destination__connection"),
    ):
        if query.get(key):
            rows = rows.filter(**{path: numbers.number(query[key], key)})
    return rows
