"""The artifacts of a pipeline: added and removed one by one."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import visible
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.parsing import object_of
from apps.dialects.views import caller_of
from apps.errors import NotFound
from apps.flows import services
from apps.flows.api.databasin.artifacts_documents import artifacts
from apps.flows.api.databasin.artifacts_shapes import ARTIFACT, ITEM, ArtifactSent, ArtifactStored
from apps.flows.api.databasin.pipelines import pipeline, shown
from apps.flows.api.databasin.pipelines_documents import defaults
from apps.flows.api.databasin.pipelines_shapes import TAGS, Done, answers, sends
from apps.flows.models import Flow, FlowStep

ADDED = {"message": "Artifact added successfully", "status": "success"}
REMOVED = {"message": "Artifact removed successfully", "status": "success"}


class PipelineArtifactsView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_add_artifact",
        summary="Add an artifact to a pipeline",
        request=ArtifactSent,
        responses={200: ArtifactStored, **errors(400, 401, 403, 404, 429)},
        examples=[
            sends({"sourceSchemaName": "public", "sourceTableName": "orders", "ingestionType": "full"}),
            answers({**ITEM, **ARTIFACT, "pipelineID": 7, **ADDED}),
        ],
        tags=TAGS,
    )
    def post(self, request: Request, pipeline_id: int) -> Response:
        flow = pipeline(request, pipeline_id)
        body = {key: value for key, value in object_of(request).items() if key != "artifactID"}
        wanted = artifacts([body], "artifact", defaults=defaults(shown(flow)), present={}, caller=caller_of(request))
        step = services.add_copy(flow=flow, copy=wanted[0], at=timezone.now())
        whole = shown(flow)
        place = next(place for place, item in enumerate(whole["items"]) if item["artifactID"] == step.id)
        return Response({**whole["items"][place], **whole["artifacts"][place], "pipelineID": flow.id, **ADDED})


class PipelineArtifactView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_remove_artifact",
        summary="Take an artifact out of a pipeline; what it has copied stays",
        responses={200: Done, **errors(401, 403, 404, 429)},
        examples=[answers(REMOVED)],
        tags=TAGS,
    )
    def delete(self, request: Request, pipeline_id: int, artifact_id: int) -> Response:
        services.remove_copy(step=artifact(request, artifact_id, pipeline(request, pipeline_id)), at=timezone.now())
        return Response(REMOVED)


def artifact(request: Request, artifact_id: int, flow: Flow | None = None) -> FlowStep:
    """Of the flow, or of any that the caller sees. Raises NotFound."""
    flows = visible(Flow.objects.all(), caller_of(request)) if flow is None else Flow.objects.filter(id=flow.id)
    steps = FlowStep.objects.filter(flow__in=flows, role=FlowStep.Role.PROCESSOR)
    found = steps.select_related("flow").filter(id=artifact_id).first()
    if found is None:
        raise NotFound(f"Artifact with ID {artifact_id} not found")
    return found
