"""When what runs next. A schedule is set where its subject is."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.scoped import ReadOnlyAdmin
from apps.accounts.admin.showing import column, when
from apps.accounts.models import Role
from apps.jobs.admin import subjects
from apps.jobs.admin.lists import NamedList
from apps.jobs.models import Schedule


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("subject", "rhythm", "next_due", "state", "paused_reason", "organization")
    list_display_links = None
    list_filter = ("is_enabled", "kind", OfOrganization)
    list_select_related = ("organization",)
    ordering = ("next_at",)
    empty_text = "Nothing runs by itself yet: give a flow or a source connection a schedule on its own page."

    def reached(self, request: HttpRequest, roles: Collection[Role]) -> QuerySet[Schedule]:
        return subjects.seen(super().reached(request, roles), request)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[NamedList]:
        return NamedList

    @column("Runs")
    def subject(self, row: Any) -> SafeString:
        name = row.subject_name or subjects.label(row.kind)
        return format_html('<a href="{}" class="text-link">{}</a>', subjects.page(row), name)

    @column("When")
    def rhythm(self, row: Schedule) -> str:
        return rhythm(row)

    @column("Next due", ordering="next_at")
    def next_due(self, row: Schedule) -> SafeString | str:
        return when(row.next_at if state(row) == "on" else None)

    @column("State", label={"on": "success", "paused": "warning", "off": "default"})
    def state(self, row: Schedule) -> str:
        return state(row)


def rhythm(schedule: Schedule) -> str:
    """When it runs, in words."""
    if schedule.cron:
        return f"{schedule.cron} ({schedule.timezone})"
    return f"every {duration(schedule.interval or 0)}"


def duration(seconds: int) -> str:
    """Whole units where it can be said so: 1 hour, 90 seconds."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % size == 0:
            number = seconds // size
            return unit if number == 1 else f"{number} {unit}s"
    return f"{seconds} seconds"


def state(schedule: Schedule) -> str:
    if not schedule.is_enabled:
        return "off"
    return "paused" if schedule.paused_reason else "on"
