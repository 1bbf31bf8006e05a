"""What happened in the runs of an automation, and of one of its tasks."""

from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import visible
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.numbers import number
from apps.dialects.databasin.pages import FIELDS, PAGE, only, stretch
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.parameters import whole_number
from apps.dialects.views import caller_of
from apps.errors import Invalid, NotFound
from apps.flows.api.databasin import automations_records as records
from apps.flows.api.databasin.automations import automation_of
from apps.flows.api.databasin.automations_shapes import TAGS, answers
from apps.flows.models import Automation, AutomationTask
from apps.flows.queries import runs_of, runs_of_task
from apps.jobs.models import Job, JobEvent

MOST = 10_000
RUN = OpenApiParameter(
    "currentRunID", str, description="A run's id, as the history tells it; left out or 0: the latest."
)
LIMIT = OpenApiParameter("limit", int, description=f"The last so many lines; left out: {MOST:,}.")


class AutomationLogsView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_automation_logs",
        summary="The log of a run, its tasks' lines among its own",
        parameters=[OpenApiParameter("automationID", int, required=True), RUN, LIMIT],
        responses={200: records.LogLine(many=True), **errors(400, 401, 403, 404, 429)},
        examples=[answers([records.LINE])],
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        run = _run(request, runs_of(automation_of(request, _number(request, "automationID"))))
        return Response(_lines(request, Q(job=run) | Q(job__parent=run)))


class TaskLogsView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_automation_task_logs",
        summary="The log of a task in a run",
        parameters=[OpenApiParameter("automationTaskID", int, required=True), RUN, LIMIT],
        responses={200: records.LogLine(many=True), **errors(400, 401, 403, 404, 429)},
        examples=[answers([records.LINE])],
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        run = _run(request, runs_of_task(_task(request, _number(request, "automationTaskID"))))
        return Response(_lines(request, Q(job=run)))


class AutomationHistoryView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_automation_history",
        summary="The runs of an automation, the newest first",
        parameters=[*PAGE, FIELDS],
        responses={200: records.RunRecord(many=True), **errors(400, 401, 403, 404, 429)},
        examples=[answers([records.RUN])],
        tags=TAGS,
    )
    def get(self, request: Request, automation_id: int) -> Response:
        runs = runs_of(automation_of(request, automation_id))
        return Response(only(request, records.RUNS.rows(runs[stretch(request)])))


class TaskHistoryView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_automation_task_history",
        summary="The runs of a task, the newest first",
        parameters=[*PAGE, FIELDS],
        responses={200: records.TaskRecord(many=True), **errors(400, 401, 403, 404, 429)},
        examples=[answers([records.TASK])],
        tags=TAGS,
    )
    def get(self, request: Request, task_id: int) -> Response:
        runs = runs_of_task(_task(request, task_id))
        return Response(only(request, records.TASKS.rows(runs[stretch(request)])))


def _number(request: Request, name: str) -> int:
    """Raises Invalid."""
    text = request.query_params.get(name, "")
    if not text:
        raise Invalid(f"Missing required parameter: {name}", code="invalid_query_params", field=name)
    return number(text, name)


def _task(request: Request, task_id: int) -> AutomationTask:
    """Raises NotFound, also for another organisation's."""
    mine = visible(Automation.objects.all(), caller_of(request))
    found = AutomationTask.objects.filter(id=task_id, automation__in=mine).first()
    if found is None:
        raise NotFound(f"Automation task with ID {task_id} not found")
    return found


def _run(request: Request, runs: QuerySet[Job]) -> Job | None:
    """The latest, or the one that is named: by its own id, or by that of the automation's run. Raises NotFound."""
    name = request.query_params.get("currentRunID", "0")
    if name in ("", "0"):
        return runs.first()
    found = runs.filter(Q(uid=name) | Q(parent__uid=name)).first()
    if found is None:
        raise NotFound(f"Run with ID {name} not found")
    return found


def _lines(request: Request, of_run: Q) -> list[Any]:
    """The last ones, in their order."""
    limit = whole_number(request, "limit", default=MOST, most=MOST)
    return records.LINES.rows(JobEvent.objects.filter(of_run).order_by("-at", "-id")[:limit])
