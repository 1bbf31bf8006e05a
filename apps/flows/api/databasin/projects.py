"""How much a project has."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import project
from apps.connections.models import Connection
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.views import caller_of
from apps.flows.models import Automation, Flow

STATS = {"connectorCount": 14, "pipelineCount": 12, "automationCount": 3}


class ProjectStats(serializers.Serializer[Any]):
    connectorCount = serializers.IntegerField()
    pipelineCount = serializers.IntegerField()
    automationCount = serializers.IntegerField()


class ProjectStatsView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_project_stats",
        summary="How many connectors, pipelines and automations a project has",
        responses={200: ProjectStats, **errors(401, 403, 404, 429)},
        examples=[OpenApiExample("Counts", STATS, response_only=True, status_codes=["200"])],
        tags=["Databasin: usage"],
    )
    def get(self, request: Request, reference: str) -> Response:
        row = project(reference, caller_of(request))
        return Response(
            {
                "connectorCount": Connection.objects.filter(project=row).count(),
                "pipelineCount": Flow.objects.filter(project=row).count(),
                "automationCount": Automation.objects.filter(project=row).count(),
            }
        )
