"""Refused records: what was refused, why, and what becomes of it."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import orjson
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.paginator import InfinitePaginator

from apps.accounts.admin import reach
from apps.accounts.admin.buttons import Button, Done
from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.scoped import Fact, ReadOnlyAdmin
from apps.accounts.admin.showing import column, when
from apps.accounts.models import Role
from apps.errors import ServiceError
from apps.jobs import services as jobs
from apps.jobs.admin import subjects
from apps.jobs.admin.lists import NamedList
from apps.jobs.models import Job, JobStep, RecordError

Act = Callable[[Job, Sequence[str], str], str]
"""Does something with errors of one run, in somebody's name, and says what it did."""

CODES = 50
LOOKED_AT = 10_000
"""So many codes are offered to filter by, of so many of the latest errors."""


class OfJob(SimpleListFilter):
    """Of one run, which its page links to by its uid; offered only while it is chosen."""

    title = "run"
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name, "")
        return [(chosen, "one run")] if chosen else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[RecordError]) -> QuerySet[RecordError]:
        return queryset.filter(job_id__in=_job_ids(request)) if self.value() else queryset


class OfCode(SimpleListFilter):
    title = "code"
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        rows = model_admin.get_queryset(request)
        if OfJob.parameter_name in request.GET:
            rows = rows.filter(job_id__in=_job_ids(request))
        latest = RecordError.objects.filter(pk__in=rows.order_by("-id").values("pk")[:LOOKED_AT])
        codes = latest.order_by("code").values_list("code", flat=True).distinct()[:CODES]
        return [(code, code) for code in codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RecordError]) -> QuerySet[RecordError]:
        return queryset.filter(code=self.value()) if self.value() else queryset


class OfStanding(SimpleListFilter):
    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [("open", "open"), ("resolved", "resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RecordError]) -> QuerySet[RecordError]:
        return queryset.filter(resolved_at__isnull=self.value() == "open") if self.value() else queryset


def _job_ids(request: HttpRequest) -> list[int]:
    """Of the chosen run. Looked up first: joined to, the planner would sort the errors of every run."""
    chosen = Job.objects.filter(uid=request.GET.get(OfJob.parameter_name, ""))
    return list(chosen.values_list("pk", flat=True))


def standing(error: RecordError) -> str:
    if error.resolved_at is not None:
        return "resolved"
    return "trying again" if error.retry_id else "open"


def can_be_retried(error: RecordError) -> bool:
    return standing(error) == "open" and subjects.retries(error.job.kind)


def retry(request: HttpRequest, error: RecordError) -> Done:
    again = subjects.retry(error.job, [error.uid])
    return Done("Trying this record again.", page=reverse("admin:jobs_job_change", args=[again.pk]))


def resolve(request: HttpRequest, error: RecordError) -> Done:
    jobs.resolve_errors(job=error.job, at=timezone.now(), by=str(request.user), uids=[error.uid])
    return Done("The error is marked as resolved.")


def _fields(record: Any) -> list[tuple[str, str]]:
    """The record by its fields, values as JSON so that "1" and 1 look different."""
    if not isinstance(record, dict):
        return []
    return [(name, orjson.dumps(value).decode()) for name, value in record.items()]


def _retry_some(job: Job, uids: Sequence[str], by: str) -> str:
    del by
    subjects.retry(job, uids)
    return f"Trying {len(uids):,} records again."


def _resolve_some(job: Job, uids: Sequence[str], by: str) -> str:
    count = jobs.resolve_errors(job=job, at=timezone.now(), by=by, uids=uids)
    return f"{count:,} errors are marked as resolved."


@admin.register(RecordError)
class RecordErrorAdmin(ReadOnlyAdmin):
    organization_path = "job__organization"
    list_display = ("code_label", "message_line", "record_key", "run", "occurred", "state")
    list_filter = (OfStanding, OfCode, OfJob, OfOrganization)
    list_select_related = ("job__organization",)
    search_fields = ("trace_key", "code")
    search_help_text = "The key of a record, or a code"
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    panel_template = "console/record_error.html"
    empty_text = "A record that a step refuses is kept here with the reason, to be tried again. None was."
    actions = ("retry_chosen", "resolve_chosen")
    buttons = (
        Button("retry", "Try again", "replay", retry, style="primary", is_shown=can_be_retried),
        Button("resolve", "Resolve", "done", resolve, is_shown=lambda row: row.resolved_at is None),
    )

    def reached(self, request: HttpRequest, roles: Collection[Role]) -> QuerySet[RecordError]:
        return subjects.seen(super().reached(request, roles), request, path="job__")

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[NamedList]:
        return NamedList

    def has_press_permission(self, request: HttpRequest) -> bool:
        return self.may_change(request)

    def panel(self, request: HttpRequest, row: RecordError) -> dict[str, Any]:
        return {"job_url": reverse("admin:jobs_job_change", args=[row.job_id]), "fields": _fields(row.record)}

    def facts(self, request: HttpRequest, row: RecordError) -> Sequence[Fact]:
        step = JobStep.objects.filter(job_id=row.job_id, step_uid=row.step_uid).first()
        resolved = [("Resolved", when(row.resolved_at)), ("By", row.resolved_by)] if row.resolved_at else []
        return [
            ("Code", row.code),
            ("Message", row.message),
            ("Refused by", f"{step.name}, {row.source}" if step else row.source),
            ("Place", f"page {row.page:,}, record {row.index + 1:,}"),
            ("Standing", standing(row)),
            *resolved,
        ]

    @admin.action(description="Try the chosen again", permissions=["press"])
    def retry_chosen(self, request: HttpRequest, chosen: QuerySet[RecordError]) -> None:
        self._each(request, chosen, _retry_some)

    @admin.action(description="Resolve the chosen", permissions=["press"])
    def resolve_chosen(self, request: HttpRequest, chosen: QuerySet[RecordError]) -> None:
        self._each(request, chosen, _resolve_some)

    def _each(self, request: HttpRequest, chosen: QuerySet[RecordError], act: Act) -> None:
        """Once for each run, with those of its chosen errors that the user may change."""
        uids: dict[Job, list[str]] = {}
        rows = reach.within(chosen, request, self.changed_by, path=self.organization_path)
        for error in rows.filter(resolved_at=None).select_related("job"):
            uids.setdefault(error.job, []).append(error.uid)
        for job, some in uids.items():
            try:
                messages.success(request, act(job, some, str(request.user)))
            except ServiceError as refusal:
                messages.error(request, refusal.message)

    @column("Code", ordering="code")
    def code_label(self, row: RecordError) -> str:
        return row.code

    @column("Message")
    def message_line(self, row: RecordError) -> str:
        return Truncator(row.message).chars(120)

    @column("Record")
    def record_key(self, row: RecordError) -> str:
        return row.trace_key or f"page {row.page:,}, record {row.index + 1:,}"

    @column("Run")
    def run(self, row: Any) -> SafeString:
        url = reverse("admin:jobs_job_change", args=[row.job_id])
        return format_html(
            '<a href="{}" class="text-link">{}</a>', url, row.job.subject_name or subjects.label(row.job.kind)
        )

    @column("Refused", ordering="id")
    def occurred(self, row: RecordError) -> SafeString | str:
        return when(row.created_at)

    @column("Standing", label={"open": "danger", "trying again": "info", "resolved": "success"})
    def state(self, row: RecordError) -> str:
        return standing(row)
