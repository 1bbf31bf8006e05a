"""Running automations, and stopping them."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.numbers import number
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.parsing import object_of
from apps.errors import Invalid
from apps.flows import services
from apps.flows.api.databasin.automations import automation_of
from apps.flows.api.databasin.automations_shapes import TAGS, Told, answers, sends
from apps.flows.models import Automation

KEY = "automationID"
ASKED = {"automationID": 7, "institutionID": 1, "internalID": "proj-001"}
STARTED = {"status": "queued", "message": "Automation started", "jobId": "5e03061cda20740022300f09"}
STOPPED = {**STARTED, "status": "success", "message": "Automation stopped"}
IDLE = {"status": "success", "message": "Automation was not running"}


class AutomationNamed(serializers.Serializer[Any]):
    automationID = serializers.IntegerField()
    institutionID = serializers.IntegerField(required=False)
    internalID = serializers.CharField(required=False)


class Started(Told):
    jobId = serializers.CharField(required=False, help_text="Poll `/api/jobs/{jobId}`.")


class RunAutomationView(DatabasinEndpoint):
    scope = "run"

    @extend_schema(
        operation_id="databasin_run_automation",
        summary="Run an automation now",
        request=AutomationNamed,
        responses={200: Started, **errors(400, 401, 403, 404, 409, 429)},
        examples=[sends(ASKED), answers(STARTED)],
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        job = services.run_automation(automation=_named(request), at=timezone.now())
        return Response({**STARTED, "status": job.state, "jobId": job.uid})


class StopAutomationView(DatabasinEndpoint):
    scope = "run"

    @extend_schema(
        operation_id="databasin_stop_automation",
        summary="Stop an automation and the pipeline that it runs; one that does not run stays as it is",
        request=AutomationNamed,
        responses={200: Started, **errors(400, 401, 403, 404, 429)},
        examples=[
            sends(ASKED),
            answers(STOPPED),
            OpenApiExample("It did not run", IDLE, response_only=True, status_codes=["200"]),
        ],
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        stopped = services.stop_automation(automation=_named(request))
        return Response({**STOPPED, "jobId": stopped[0].uid} if stopped else IDLE)


def _named(request: Request) -> Automation:
    """Raises Invalid, NotFound."""
    said = object_of(request).get(KEY)
    if said in (None, ""):
        raise Invalid(f"Missing required field: {KEY}", code="missing_required_field", field=KEY)
    return automation_of(request, number(said, KEY))
