"""Health and status, as Databite's server answers them."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import visible
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.dialects.databite import errors
from apps.dialects.permissions import Public
from apps.dialects.views import Endpoint, caller_of
from apps.jobs.models import Schedule
from apps.jobs.services.readiness import parts


class Health(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["healthy"])
    timestamp = serializers.DateTimeField()


class Stats(serializers.Serializer[Any]):
    connectors = serializers.IntegerField()
    integrations = serializers.IntegerField()
    connections = serializers.IntegerField()
    scheduledJobs = serializers.IntegerField()


class Status(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["running", "degraded"])
    timestamp = serializers.DateTimeField()
    stats = Stats()
    degraded = serializers.ListField(child=serializers.CharField(), help_text="The parts that do not work.")


NOW = "2026-11-22T09:30:00.000Z"
STATS = {"connectors": 4, "integrations": 0, "connections": 2, "scheduledJobs": 1}


class HealthView(Endpoint):
    """Touches nothing but this process, so that it tells whether the process lives."""

    authentication_classes = ()
    permission_classes = (Public,)

    @extend_schema(
        operation_id="databite_health",
        summary="Whether the web process lives",
        responses=Health,
        examples=[OpenApiExample("Alive", {"status": "healthy", "timestamp": NOW})],
        tags=["Databite"],
        auth=[],
    )
    def get(self, request: Request) -> Response:
        return Response({"status": "healthy", "timestamp": _text(timezone.now())})


class StatusView(Endpoint):
    @extend_schema(
        operation_id="databite_status",
        summary="What there is, and which parts do not work",
        responses={200: Status, **errors(401)},
        examples=[
            OpenApiExample(
                "All is well",
                {"status": "running", "timestamp": NOW, "stats": STATS, "degraded": []},
                response_only=True,
                status_codes=["200"],
            )
        ],
        tags=["Databite"],
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        degraded = [name for name, works in parts().items() if not works]
        stats = {
            "connectors": connectors.enabled().count(),
            "integrations": 0,  # registrations at other systems come with sign-ins
            "connections": visible(Connection.objects.all(), caller).count(),
            "scheduledJobs": visible(Schedule.objects.filter(is_enabled=True), caller).count(),
        }
        status = "degraded" if degraded else "running"
        return Response({"status": status, "timestamp": _text(timezone.now()), "stats": stats, "degraded": degraded})


def _text(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
