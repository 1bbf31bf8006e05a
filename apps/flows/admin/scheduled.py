"""What the desks of flows and automations have in common: how the last runs went, and when the next is due."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, OuterRef, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.scoped import Fact, ScopedAdmin
from apps.accounts.admin.showing import NOTHING, column, when
from apps.flows.queries import Subject, kind_of, runs_of, schedule_of
from apps.jobs.admin import schedules
from apps.jobs.admin.jobs import STYLES
from apps.jobs.models import Job, Schedule

LAST_JOBS = 8


class ScheduledList(ChangeList):
    """Gives every row on the page its latest job and its schedule, with one query each."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        attach(self.result_list)


def attach(rows: Sequence[Any]) -> None:
    """Sets `latest` (a Job) and `schedule` of flows, or of automations; None where there is none."""
    if not rows:
        return
    kind, keys = kind_of(rows[0]), [row.pk for row in rows]
    of_row = Job.objects.filter(kind=kind, subject_id=OuterRef("pk")).exclude(origin=Job.Origin.RETRY).order_by("-id")
    last = type(rows[0]).objects.filter(pk__in=keys).annotate(job=Subquery(of_row.values("pk")[:1])).values("job")
    latest = {job.subject_id: job for job in Job.objects.filter(pk__in=last)}
    plans = {plan.subject_id: plan for plan in Schedule.objects.filter(kind=kind, subject_id__in=keys)}
    for row in rows:
        row.latest, row.schedule = latest.get(row.pk), plans.get(row.pk)


class ScheduledAdmin(ScopedAdmin):
    list_display = ("name", "last_state", "last_run", "runs", "next_due", "is_enabled", "organization", "project")
    list_filter = ("is_enabled", OfOrganization, ("project", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("organization", "project")

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return ScheduledList

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ("organization", "project") if obj else ()

    def panel(self, request: HttpRequest, row: Subject) -> dict[str, Any]:
        schedule = schedule_of(row)
        return {
            "kind": kind_of(row),
            "schedule": schedule,
            "rhythm": schedule and schedules.rhythm(schedule),
            "schedule_state": schedule and schedules.state(schedule),
            "jobs": runs_of(row)[:LAST_JOBS],
        }

    def facts(self, request: HttpRequest, row: Any) -> Sequence[Fact]:
        return [("Organisation", row.organization), ("Project", row.project or "")]

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
