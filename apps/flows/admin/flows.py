"""Flows: what they do, when, how the last runs went, and the button that runs one."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.admin.buttons import Button, Done
from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.scoped import Fact, ScopedAdmin
from apps.accounts.admin.showing import NOTHING, column, when
from apps.flows import services as flows
from apps.flows.admin.flow_form import FlowForm
from apps.flows.admin.picture import draw
from apps.flows.models import Flow
from apps.flows.queries import lanes_of, runs_of, schedule_of, steps_of
from apps.jobs.admin import schedules, subjects
from apps.jobs.admin.jobs import STYLES
from apps.jobs.models import Job, Schedule

LAST_JOBS = 8


def run(request: HttpRequest, flow: Flow) -> Done:
    job = flows.run_flow(flow=flow, at=timezone.now())
    return Done("The run is queued.", page=reverse("admin:jobs_job_change", args=[job.pk]))


def restart(request: HttpRequest, flow: Flow) -> Done:
    flows.restart_flow(flow=flow)
    return Done("Forgotten how far it got: the next run reads everything anew.")


class FlowList(ChangeList):
    """Gives every flow on the page its latest job and its schedule, with one query each."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        attach(self.result_list)


def attach(rows: Sequence[Any]) -> None:
    """Sets `latest` (a Job) and `schedule` of flows; None where there is none."""
    keys = [flow.pk for flow in rows]
    of_flow = Job.objects.filter(kind="flow", subject_id=OuterRef("pk")).exclude(origin=Job.Origin.RETRY)
    last = (
        Flow.objects.filter(pk__in=keys).annotate(job=Subquery(of_flow.order_by("-id").values("pk")[:1])).values("job")
    )
    latest = {job.subject_id: job for job in Job.objects.filter(pk__in=last)}
    plans = {plan.subject_id: plan for plan in Schedule.objects.filter(kind="flow", subject_id__in=keys)}
    for flow in rows:
        flow.latest, flow.schedule = latest.get(flow.pk), plans.get(flow.pk)


@admin.register(Flow)
class FlowAdmin(ScopedAdmin):
    form = FlowForm
    list_display = ("name", "last_state", "last_run", "runs", "next_due", "is_enabled", "organization", "project")
    list_filter = (
        "is_enabled",
        OfOrganization,
        ("project", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("organization", "project")
    search_fields = ("name", "description")
    fieldsets = (
        (None, {"fields": ("organization", "project", "name", "description", "is_enabled")}),
        ("What it moves", {"fields": ("generators", "processors")}),
        ("When it runs", {"fields": ("rhythm", "interval", "cron", "timezone")}),
    )
    panel_template = "console/flow.html"
    empty_text = (
        "A flow reads with exports and writes with imports, by hand or by a schedule. "
        "Make connections, an export and an import first."
    )
    buttons = (
        Button("run", "Run now", "play_arrow", run, style="primary"),
        Button(
            "restart",
            "Restart from the beginning",
            "restart_alt",
            restart,
            confirm="The next run reads everything anew, as if there had been none. What appends, appends it again.",
            style="danger",
        ),
    )

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return FlowList

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ("organization", "project") if obj else ()

    def delete_model(self, request: HttpRequest, obj: Flow) -> None:
        flows.remove_flow(flow=obj)

    def panel(self, request: HttpRequest, row: Flow) -> dict[str, Any]:
        schedule = schedule_of(row)
        return {
            "picture": draw(list(steps_of(row)), lanes_of(row)),
            "schedule": schedule,
            "rhythm": schedule and schedules.rhythm(schedule),
            "schedule_state": schedule and schedules.state(schedule),
            "jobs": runs_of(row)[:LAST_JOBS],
        }

    def facts(self, request: HttpRequest, row: Flow) -> Sequence[Fact]:
        return [("Organisation", row.organization), ("Project", row.project or ""), ("Description", row.description)]

    @column("Last run", label=STYLES)
    def last_state(self, row: Any) -> tuple[str, str]:
        return (row.latest.state, row.latest.get_state_display()) if row.latest else ("", "never run")

    @column("Ended")
    def last_run(self, row: Any) -> SafeString | str:
        return when(row.latest and (row.latest.ended_at or row.latest.started_at))

    @column("Runs")
    def runs(self, row: Any) -> SafeString | str:
        return schedules.rhythm(row.schedule) if row.schedule else "by hand"

    @column("Next due")
    def next_due(self, row: Any) -> SafeString | str:
        if row.schedule is None or schedules.state(row.schedule) == "off":
            return NOTHING
        if row.schedule.paused_reason:
            return format_html("<em>paused: {}</em>", row.schedule.paused_reason)
        return when(row.schedule.next_at)


subjects.register("flow", subjects.Subject("Flow run", Flow, "admin:flows_flow_change", retry=flows.retry))
