"""Running a flow, its latest job, and trying a run's errors again."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import visible
from apps.dialects.celigo.envelope import errors
from apps.dialects.celigo.shapes import Part
from apps.dialects.parsing import object_of
from apps.dialects.views import Endpoint, caller_of
from apps.errors import Invalid, NotFound
from apps.flows import services
from apps.flows.models import Flow
from apps.flows.queries import runs_of
from apps.jobs.api.celigo.jobs import EXAMPLE, job_of, shown
from apps.jobs.api.celigo.shapes import JOB, CeligoJob

TAG = "Celigo: flows"
LONGEST_KEY = 200


class RunShape(Part):
    later = ("startDate", "endDate", "_exportIds", "export")


class RunView(Endpoint):
    scope = "run"

    @extend_schema(
        operation_id="celigo_run_flow",
        summary="Run a flow now, or once its present run has ended",
        request=RunShape,
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description="The same key answers with the same job, however often the request arrives.",
            )
        ],
        responses={201: CeligoJob, **errors(400, 401, 403, 404, 409, 422)},
        examples=[OpenApiExample("Request", {}, request_only=True), EXAMPLE],
        tags=[TAG],
    )
    def post(self, request: Request, uid: str) -> Response:
        flow = _flow(request, uid)
        RunShape(data=object_of(request)).is_valid(raise_exception=True)
        key = request.headers.get("Idempotency-Key", "")
        if len(key) > LONGEST_KEY:
            raise Invalid(f"An Idempotency-Key has at most {LONGEST_KEY} characters.", field="Idempotency-Key")
        return shown(services.run_flow(flow=flow, idempotency_key=key, at=timezone.now()), 201)


class LatestJobView(Endpoint):
    @extend_schema(
        operation_id="celigo_latest_flow_job",
        summary="The latest run of a flow, as a list of one or none",
        responses={200: CeligoJob(many=True), **errors(401, 403, 404)},
        examples=[EXAMPLE],
        tags=[TAG],
    )
    def get(self, request: Request, uid: str) -> Response:
        flow = _flow(request, uid)
        return Response(JOB.rows(runs_of(flow)[:1]))


class RetryView(Endpoint):
    scope = "run"

    @extend_schema(
        operation_id="celigo_retry_job",
        summary="Try the open errors of a run again, or a failed run as a whole",
        request=None,
        responses={201: CeligoJob, **errors(401, 403, 404, 409)},
        examples=[EXAMPLE],
        tags=["Celigo: jobs"],
    )
    def post(self, request: Request, uid: str) -> Response:
        return shown(services.retry(job=job_of(request, uid), at=timezone.now()), 201)


def _flow(request: Request, uid: str) -> Flow:
    flow = visible(Flow.objects.all(), caller_of(request)).filter(uid=uid).first()
    if flow is None:
        raise NotFound("Flow not found")
    return flow
