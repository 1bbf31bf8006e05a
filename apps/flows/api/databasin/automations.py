"""Automations: flows that run one after the other, in Databasin's words."""

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.databasin import ownership
from apps.accounts.queries import visible
from apps.dialects.databasin.envelope import errors
from apps.dialects.databasin.pages import FIELDS, PAGE, only, stretch
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.lists import Values
from apps.dialects.parameters import flag
from apps.dialects.parsing import object_of
from apps.dialects.views import caller_of
from apps.errors import Invalid, NotFound
from apps.flows import services
from apps.flows.api.databasin import automations_shapes as shapes
from apps.flows.api.databasin.automations_documents import NAME, Document
from apps.flows.api.databasin.automations_showing import LISTING
from apps.flows.models import Automation
from apps.jobs.models import ENDED, Job

FILTERS = [
    OpenApiParameter("internalID", str, description="The project; left out: every one."),
    OpenApiParameter("institutionID", int, description="The organisation."),
    OpenApiParameter("active", bool, description="Only those that run by their schedule, or that do not."),
    OpenApiParameter("running", bool, description="Only those that run or are about to, or that do not."),
    *PAGE,
    FIELDS,
]


class AutomationsView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_list_automations",
        summary="List automations, the newest first",
        parameters=FILTERS,
        responses={200: shapes.DatabasinAutomation(many=True), **errors(400, 401, 403, 404, 429)},
        examples=[shapes.answers([shapes.SHOWN])],
        tags=shapes.TAGS,
    )
    def get(self, request: Request) -> Response:
        return Response(only(request, LISTING.rows(_filtered(request)[stretch(request)])))

    @extend_schema(
        operation_id="databasin_create_automation",
        summary="Create an automation of pipelines",
        request=shapes.DatabasinAutomation,
        responses={200: shapes.StoredAutomation, **errors(400, 401, 403, 404, 429)},
        examples=[shapes.sends(shapes.SENT), shapes.answers(shapes.CREATED)],
        tags=shapes.TAGS,
    )
    def post(self, request: Request) -> Response:
        caller = caller_of(request)
        values = {"owner_id": caller.user_id, **Document(object_of(request), caller).values()}
        if not values.get("name"):
            raise Invalid(f"Missing required field: {NAME}", code="missing_required_field", field=NAME)
        automation = services.create_automation(
            organization_id=caller.organization_id, project_id=caller.project_id, values=values, at=timezone.now()
        )
        return _stored(automation, shapes.CREATED["message"])


class AutomationView(DatabasinEndpoint):
    @extend_schema(
        operation_id="databasin_get_automation",
        summary="Get an automation",
        responses={200: shapes.DatabasinAutomation, **errors(401, 403, 404, 429)},
        examples=[shapes.answers(shapes.SHOWN)],
        tags=shapes.TAGS,
    )
    def get(self, request: Request, automation_id: int) -> Response:
        return Response(_shown(automation_of(request, automation_id)))

    @extend_schema(
        operation_id="databasin_update_automation",
        summary="Change what is sent of an automation",
        request=shapes.DatabasinAutomation(partial=True),
        responses={200: shapes.StoredAutomation, **errors(400, 401, 403, 404, 429)},
        examples=[shapes.sends({"jobRunSchedule": "0 3 * * *", "isActive": True}), shapes.answers(shapes.UPDATED)],
        tags=shapes.TAGS,
    )
    def put(self, request: Request, automation_id: int) -> Response:
        automation = automation_of(request, automation_id)
        values = Document(object_of(request), caller_of(request)).values(automation)
        services.change_automation(automation=automation, values=values, at=timezone.now())
        return _stored(automation, shapes.UPDATED["message"])

    @extend_schema(
        operation_id="databasin_delete_automation",
        summary="Delete an automation; what runs of it is stopped",
        responses={200: shapes.Told, **errors(401, 403, 404, 429)},
        examples=[shapes.answers(shapes.DELETED)],
        tags=shapes.TAGS,
    )
    def delete(self, request: Request, automation_id: int) -> Response:
        services.remove_automation(automation=automation_of(request, automation_id))
        return Response(shapes.DELETED)


def automation_of(request: Request, automation_id: int) -> Automation:
    """Raises NotFound, also for another organisation's."""
    found = visible(Automation.objects.all(), caller_of(request)).filter(id=automation_id).first()
    if found is None:
        raise NotFound(f"Automation with ID {automation_id} not found")
    return found


def _filtered(request: Request) -> QuerySet[Automation]:
    """Raises Invalid, and NotFound for an institution or a project that the caller does not see."""
    caller, query = caller_of(request), request.query_params
    ownership.check_institution(query, caller)
    project = ownership.project(query, caller)
    rows = visible(Automation.objects.order_by("-id"), caller)
    if project is not None:
        rows = rows.filter(project=project)
    if query.get("active"):
        rows = rows.filter(is_enabled=flag(request, "active"))
    if query.get("running"):
        live = Job.objects.filter(kind="automation").exclude(state__in=ENDED).values("subject_id")
        rows = rows.filter(id__in=live) if flag(request, "running") else rows.exclude(id__in=live)
    return rows


def _shown(automation: Automation) -> Values:
    return LISTING.one(Automation.objects.filter(id=automation.id), what="Automation")


def _stored(automation: Automation, message: str) -> Response:
    return Response({**_shown(automation), "message": message, "status": "success"})
