"""Flows in Celigo's shape: page generators, then page processors, and when they run."""

from zoneinfo import available_timezones

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers

from apps.accounts.queries import visible
from apps.dialects.caller import Caller
from apps.dialects.celigo.documentation import documented
from apps.dialects.celigo.resources import Resource
from apps.dialects.celigo.shapes import Part, Shape
from apps.dialects.lists import Listing, Values, document, moment
from apps.dialects.views import caller_of
from apps.flows import services
from apps.flows.api.celigo.references import connection_map, resolved
from apps.flows.api.celigo.schedules import celigo_of, cron_of
from apps.flows.models import Export, Flow, FlowStep, Import

YEAR = 365 * 86_400
MOST_STEPS = 100


class GeneratorShape(Part):
    kept = ("skipRetries",)
    later = ("schedule", "_keepDeltaBehindFlowId", "_keepDeltaBehindExportId")

    _exportId = serializers.CharField()


class ProcessorShape(Part):
    later = ("_exportId", "responseMapping", "hooks")

    type = serializers.ChoiceField(
        ["import"],
        required=False,
        default="import",
        error_messages={"invalid_choice": "Only processors of type import are supported yet."},
    )
    _importId = serializers.CharField()
    proceedOnFailure = serializers.BooleanField(required=False, default=False)


class FlowShape(Shape):
    kept = (
        "skipRetries",
        "runPageGeneratorsInParallel",
        "autoResolveMatchingTraceKeys",
        "_flowGroupingId",
        "settings",
        "hidden",
        "externalId",
        "_integrationId",
        "_connectorId",
    )
    later = (
        "routers",
        "_runNextFlowIds",
        "_runNextExportIds",
        "_keepDeltaBehindFlowId",
        "_keepDeltaBehindExportId",
        "isAbstract",
        "_abstractFlowId",
        "overrides",
    )

    name = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    disabled = serializers.BooleanField(required=False, default=True, help_text="A new flow is, until you say false.")
    schedule = serializers.CharField(
        required=False, allow_null=True, max_length=200, help_text="`? 5 0 ? * *`: daily at 00:05."
    )
    interval = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=60,
        max_value=YEAR,
        help_text="Seconds from run to run, 60 or more, in place of a schedule.",
    )
    timezone = serializers.CharField(required=False, max_length=64, help_text="Of the schedule; UTC if it is left out.")
    pageGenerators = serializers.ListField(child=GeneratorShape(), required=False, max_length=MOST_STEPS)
    pageProcessors = serializers.ListField(child=ProcessorShape(), required=False, max_length=MOST_STEPS)
    _exportId = serializers.CharField(required=False, write_only=True, help_text="In place of one page generator.")
    _importId = serializers.CharField(required=False, write_only=True, help_text="In place of one page processor.")
    lastExecutedAt = serializers.DateTimeField(read_only=True)

    def validate_timezone(self, name: str) -> str:
        if name not in available_timezones():
            raise serializers.ValidationError("There is no such time zone.")
        return name

    def validate(self, attrs: Values) -> Values:
        if attrs.get("schedule") and attrs.get("interval"):
            raise serializers.ValidationError({"interval": "Give a schedule or an interval, not both."})
        return attrs

    def when(self) -> Values | None:
        """As the service takes it. Raises Invalid for a schedule that is none."""
        data = self.validated_data
        if data.get("interval") is not None:
            return {"interval": data["interval"]}
        if data.get("schedule"):
            return {"cron": cron_of(data["schedule"], field="schedule"), "timezone": data.get("timezone", "UTC")}
        return None

    def document(self) -> Values:
        """With the time zone, which a flow without a schedule has too."""
        timezone = self.validated_data.get("timezone")
        return super().document() | ({"timezone": timezone} if timezone else {})

    def steps(self, caller: Caller) -> Values:
        """`generators` and `processors`. Raises Invalid for what the caller cannot use."""
        data = self.validated_data
        generators = data.get("pageGenerators") or [
            {"_exportId": uid} for uid in [data.get("_exportId")] if uid is not None
        ]
        processors = data.get("pageProcessors") or [
            {"_importId": uid} for uid in [data.get("_importId")] if uid is not None
        ]
        return {
            "generators": [
                _generator(step, caller, f"pageGenerators.{index}") for index, step in enumerate(generators)
            ],
            "processors": [
                _processor(step, caller, f"pageProcessors.{index}") for index, step in enumerate(processors)
            ],
        }

    def values(self, caller: Caller) -> Values:
        """By the service's names."""
        data = self.validated_data
        return {
            "name": data["name"],
            "description": data.get("description", ""),
            "is_enabled": not data["disabled"],
            "document": self.document(),
            "schedule": self.when(),
            **self.steps(caller),
        }


def _generator(step: Values, caller: Caller, place: str) -> Values:
    export = resolved(Export.objects.all(), step["_exportId"], caller, field=f"{place}._exportId")
    return {"export": export, "document": GeneratorShape().kept_of(step)}


def _processor(step: Values, caller: Caller, place: str) -> Values:
    destination = resolved(Import.objects.all(), step["_importId"], caller, field=f"{place}._importId")
    return {"destination": destination, "proceed_on_failure": step.get("proceedOnFailure", False)}


def _wrap(row: Values) -> Values:
    shown = {
        "_id": row["_id"],
        "createdAt": row["createdAt"],
        "lastModified": row["lastModified"],
        "name": row["name"],
        "disabled": not row["enabled"],
        **row["document"],
        "pageGenerators": [{"_exportId": step["export"], **step["document"]} for step in row["generators"] or []],
        "pageProcessors": [
            {
                "type": "import",
                "_importId": step["destination"],
                "proceedOnFailure": step["proceed"],
            }
            for step in row["processors"] or []
        ],
    }
    return shown | _when(row) | _if_any(row, "description", "lastExecutedAt")


def _when(row: Values) -> Values:
    if row["interval"]:
        return {"interval": row["interval"]}
    if row["cron"]:
        return {"schedule": celigo_of(row["cron"]), "timezone": row["timezone"]}
    return {}


def _if_any(row: Values, *names: str) -> Values:
    return {name: row[name] for name in names if row[name]}


def _steps(role: FlowStep.Role) -> str:
    """The flow's steps of one role, as a JSON list in their order."""
    return f"""
        SELECT jsonb_agg(jsonb_build_object('export', export.uid, 'destination', destination.uid,
          'proceed', step.proceed_on_failure, 'document', step.document) ORDER BY step.index)
        FROM flows_flowstep step
        LEFT JOIN flows_export export ON export.id = step.export_id
        LEFT JOIN flows_import destination ON destination.id = step.destination_id
        WHERE step.flow_id = row.id AND step.role = '{role.value}'
    """  # noqa: S608 (the role is a constant of ours)


LAST_RUN = f"""
    SELECT {moment("job.started_at")} FROM jobs_job job
    WHERE job.kind = 'flow' AND job.subject_id = row.id AND job.started_at IS NOT NULL ORDER BY job.id DESC LIMIT 1
"""  # noqa: S608 (a constant of ours)


LISTING = Listing(
    "flows_flow row LEFT JOIN jobs_schedule schedule ON schedule.kind = 'flow' AND schedule.subject_id = row.id",
    {
        "_id": "row.uid",
        "createdAt": moment("row.created_at"),
        "lastModified": moment("row.updated_at"),
        "name": "row.name",
        "description": "row.description",
        "enabled": "row.is_enabled",
        "document": document("row.document"),
        "generators": document(_steps(FlowStep.Role.GENERATOR)),
        "processors": document(_steps(FlowStep.Role.PROCESSOR)),
        "cron": "schedule.cron",
        "interval": "schedule.interval",
        "timezone": "schedule.timezone",
        "lastExecutedAt": f"({LAST_RUN})",
    },
    _wrap,
)

SENT = {
    "name": "Orders, every night",
    "disabled": False,
    "schedule": "? 5 0 ? * *",
    "timezone": "Europe/Berlin",
    "pageGenerators": [{"_exportId": "5e03061cda20740022300f0a"}],
    "pageProcessors": [{"type": "import", "_importId": "5e03061cda20740022300f0c", "proceedOnFailure": False}],
}
GOT = {
    "_id": "5e03061cda20740022300f0d",
    "createdAt": "2026-11-22T09:30:00.000Z",
    "lastModified": "2026-11-22T09:30:00.000Z",
    **SENT,
}


@documented(tag="Celigo: flows", noun="flow", shape=FlowShape, request=SENT, response=GOT)
class FlowViews(Resource):
    what = "Flow"
    listing = LISTING
    shape = FlowShape
    patchable = frozenset(
        {"name", "description", "disabled", "schedule", "interval", "timezone", "settings"}
        | {"pageGenerators", "pageProcessors", "runPageGeneratorsInParallel", "skipRetries"}
    )
    names = {"generators": "pageGenerators", "processors": "pageProcessors"}

    def rows(self) -> QuerySet[Flow]:
        return visible(Flow.objects.all(), caller_of(self.request))

    def values(self, shape: FlowShape) -> Values:
        return shape.values(caller_of(self.request))

    def make(self, values: Values) -> Flow:
        caller = caller_of(self.request)
        return services.create_flow(
            organization_id=caller.organization_id,
            project_id=caller.project_id,
            values=values | {"owner_id": caller.user_id},
            at=timezone.now(),
        )

    def alter(self, row: Flow, values: Values) -> None:
        services.change_flow(flow=row, values=values, at=timezone.now())

    def drop(self, row: Flow) -> None:
        services.remove_flow(flow=row)

    def copy(self, row: Flow, values: Values) -> Flow:
        connections = connection_map(values, caller_of(self.request))
        return services.clone_flow(flow=row, name=values.get("name", ""), connections=connections, at=timezone.now())
