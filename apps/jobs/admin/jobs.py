"""Runs: read only but for their buttons, and live while they run."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.paginator import InfinitePaginator

from apps.accounts.admin.buttons import Button, Done
from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.scoped import ReadOnlyAdmin
from apps.accounts.admin.showing import NOTHING, column, count, span, when
from apps.accounts.models import Role
from apps.jobs import services as jobs
from apps.jobs.admin import live, subjects
from apps.jobs.admin.lists import NamedList
from apps.jobs.models import ENDED, Job, RecordError, State

STYLES: dict[str, str] = {
    State.QUEUED: "default",
    State.RUNNING: "info",
    State.COMPLETED: "success",
    State.FAILED: "danger",
    State.CANCELLING: "warning",
    State.CANCELLED: "warning",
}


def cancel(request: HttpRequest, job: Job) -> Done:
    cancelled = jobs.cancel(job=job)
    if cancelled.state == State.CANCELLED:
        return Done("The job is cancelled.")
    return Done("The job was asked to stop: it ends at its next safe place.")


def retry(request: HttpRequest, job: Job) -> Done:
    again = subjects.retry(job)
    return Done("Trying again.", page=reverse("admin:jobs_job_change", args=[again.pk]))


def resolve(request: HttpRequest, job: Job) -> Done:
    resolved = jobs.resolve_errors(job=job, at=timezone.now(), by=str(request.user))
    return Done(f"{resolved:,} errors are marked as resolved.")


def can_be_retried(job: Job) -> bool:
    if not subjects.retries(job.kind) or job.state not in ENDED:
        return False
    return job.state != State.COMPLETED or job.records_failed > 0


def can_be_resolved(job: Job) -> bool:
    """Whether it has refused records of its own, and not only in the runs of its tasks."""
    return job.state in ENDED and job.records_failed > 0 and RecordError.objects.filter(job=job).exists()


BUTTONS = (
    Button("cancel", "Cancel", "stop_circle", cancel, style="danger", is_shown=lambda job: job.state not in ENDED),
    Button("retry", "Try again", "replay", retry, style="primary", is_shown=can_be_retried),
    Button(
        "resolve",
        "Resolve errors",
        "done_all",
        resolve,
        confirm="Every open error of this run is marked as dealt with, and its record is not tried again.",
        is_shown=can_be_resolved,
    ),
)


class OfKind(SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return subjects.labels()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class OfSubject(SimpleListFilter):
    """Of one subject, as `flow-7`, whose page links here; offered only while it is chosen."""

    title = "subject"
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name, "")
        return [(chosen, "one alone")] if chosen else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        kind, _, key = str(self.value() or "").rpartition("-")
        return queryset.filter(kind=kind, subject_id=int(key)) if key.isdecimal() else queryset


class Titled:
    """Stands for a job in the head of its page, which would call it by its id."""

    def __init__(self, pk: int, opts: Any, title: str) -> None:
        self.pk = pk
        self._meta = opts
        self._title = title

    def __str__(self) -> str:
        return self._title


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("run", "state_label", "origin", "read", "written", "refused", "begun", "took", "organization")
    list_filter = ("state", OfKind, "origin", OfSubject, OfOrganization)
    list_select_related = ("organization",)
    search_fields = ("uid",)
    search_help_text = "The name of what runs, or the id of a job"
    paginator = InfinitePaginator
    show_full_result_count = False
    change_form_template = "console/job.html"
    empty_text = "A job is one run of a flow, or a test of a connection. Run a flow, and it appears here."
    buttons = BUTTONS

    def reached(self, request: HttpRequest, roles: Collection[Role]) -> QuerySet[Job]:
        return subjects.seen(super().reached(request, roles), request)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[NamedList]:
        return NamedList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Job], search_term: str
    ) -> tuple[QuerySet[Job], bool]:
        words = search_term.strip()
        return (queryset.filter(Q(uid=words) | subjects.named(words)) if words else queryset), False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.live)
        return [path("<path:object_id>/live/", view, name=self.url_name("live")), *super().get_urls()]

    def live(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The job as JSON; 304 while it is as the caller saw it last."""
        job = self.row(request, object_id)
        now = timezone.now()
        waits = live.reason_to_wait(job, at=now)
        version = live.version(job, waits=waits)
        if request.headers.get("If-None-Match") == version:
            return HttpResponseNotModified(headers={"ETag": version})
        after = request.GET.get("after", "")
        body = live.shown(job, after=int(after) if after.isdecimal() else 0, waits=waits, at=now)
        body["buttons"] = [button.name for button in self.buttons if button.is_shown(job)]
        return JsonResponse(body, headers={"ETag": version})

    def panel(self, request: HttpRequest, row: Job) -> dict[str, Any]:
        now = timezone.now()
        title = self._title(row)
        first = live.shown(row, after=0, waits=live.reason_to_wait(row, at=now), at=now)
        return {
            "title": title,
            "original": Titled(row.pk, self.opts, title),
            "live": first | {"buttons": [button.name for button in self.buttons if button.is_shown(row)]},
            "live_url": self.url("live", row.pk),
            "errors_url": f"{reverse('admin:jobs_recorderror_changelist')}?job={row.uid}",
            "subject_url": subjects.page(row),
            "subject_name": subjects.names([row]).get((row.kind, row.subject_id), ""),
            "kind": subjects.label(row.kind),
            "retries": row.children.filter(origin=Job.Origin.RETRY).order_by("id"),
        }

    @column("Run", ordering="-id")
    def run(self, row: Any) -> SafeString:
        name = row.subject_name or NOTHING
        return format_html("<strong>{}</strong><small>{}</small>", name, subjects.label(row.kind))

    @column("State", ordering="state", label=STYLES)
    def state_label(self, row: Job) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @column("Read", ordering="records_read")
    def read(self, row: Job) -> str:
        return count(row.records_read)

    @column("Written", ordering="records_written")
    def written(self, row: Job) -> str:
        return count(row.records_written)

    @column("Errors", ordering="records_failed")
    def refused(self, row: Job) -> str:
        return count(row.records_failed) if row.records_failed else NOTHING

    @column("Begun", ordering="started_at")
    def begun(self, row: Job) -> SafeString | str:
        return when(row.started_at or row.created_at)

    @column("Took")
    def took(self, row: Job) -> str:
        return span(_length(row))

    def _title(self, row: Job) -> str:
        name = subjects.names([row]).get((row.kind, row.subject_id), "")
        return f"{subjects.label(row.kind)} · {name}" if name else subjects.label(row.kind)


def _length(job: Job) -> timedelta | None:
    if job.started_at is None:
        return None
    return (job.ended_at or timezone.now()) - job.started_at
