"""Source connections: what they read into their collection, when, and how that went."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.scoped import Fact
from apps.accounts.admin.showing import NOTHING, column, count, span, when
from apps.jobs.admin import schedules
from apps.jobs.admin.rhythm import FIELDSET as RHYTHM
from apps.jobs.models import Job
from apps.sources import services as sources
from apps.sources.admin import adding, figures, reading_form
from apps.sources.admin.landed import LandedAdmin
from apps.sources.admin.source_buttons import BUTTONS
from apps.sources.admin.source_form import ChangeForm, RenameForm
from apps.sources.admin.wording import counted
from apps.sources.models import SourceConnection
from apps.sources.queries.activity import SYNC

LAST_SYNCS = 10
MOST_STREAMS = 200
KEEP, DELETE = "keep", "delete"
"""What becomes of the records of one that is removed."""


class DescribedList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        figures.describe_source_connections(self.result_list)


@admin.register(SourceConnection)
class SourceConnectionAdmin(LandedAdmin):
    collection_field = "collection"
    list_display = ("name", "source", "of_collection", "status", "records", "last_sync", "next_sync", "organization")
    list_filter = (OfOrganization, adding.OfCollection)
    search_fields = ("name", "collection__name")
    panel_template = "console/source_connection.html"
    delete_confirmation_template = "console/remove_source_connection.html"
    empty_text = "A source connection brings what a system holds into a collection, to be searched. Make the first one."
    buttons = BUTTONS

    def reached(self, request: HttpRequest, roles: Any) -> QuerySet[Any]:
        return super().reached(request, roles).select_related("organization", "collection", "connection__connector")

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return DescribedList

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reads)
        return [path("<path:object_id>/reads/", view, name=self.url_name("reads")), *super().get_urls()]

    # Forms
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """First what is connected, then what that asks for."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        made = adding.form_of(request)
        if made is None:
            context = {"title": "Bring in", **adding.choices(request)}
            return self.page(request, "console/choose_source.html", None, **context)
        return super().add_view(request, form_url, {**(extra_context or {}), "title": made.title})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            made = adding.form_of(request)
            return made.fieldsets if made else [(None, {"fields": ()})]
        if not self.has_change_permission(request, obj):
            return [(None, {"fields": ()})]
        name = (None, {"fields": ("name",)})
        return [name, RHYTHM] if obj.connection_id else [name]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        if obj is None:
            made = adding.form_of(request)
            form = made.form if made else RenameForm
        else:
            form = ChangeForm if obj.connection_id else RenameForm
        return super().get_form(request, obj, change=change, form=form, **options)

    def response_post_save_add(self, request: HttpRequest, obj: SourceConnection) -> HttpResponse:
        """To its page, where its first sync is seen."""
        return HttpResponseRedirect(self.page_of(obj.pk))

    def delete_model(self, request: HttpRequest, obj: SourceConnection) -> None:
        removed = sources.remove(
            source_connection=obj, delete_data=request.POST.get("records") == DELETE, at=timezone.now()
        )
        told = counted(removed.deleted or removed.retained, "record")
        stayed = f"{told} stay, and can be purged on the collection's page." if removed.retained else f"{told} went."
        self.message_user(request, stayed)

    def removal(self, row: Any) -> dict[str, Any]:
        number = figures.records_of(row)
        return {"number": number, "records": counted(number, "record"), "keep": KEEP, "delete": DELETE}

    # Pages
    def reads(self, request: HttpRequest, object_id: str) -> TemplateResponse:
        """Where what it reads is chosen; the service asks its system whether it has that."""
        row = self.row(request, object_id)
        if row.connection_id is None:
            raise Http404
        if not self.may_change(request, row):
            raise PermissionDenied
        context = {
            "title": f"What {row} reads",
            "form": reading_form.ReadingForm(row),
            "page_url": self.page_of(row.pk),
            "configure_url": self.url("configure", row.pk),
            "discover_url": self.url("discover", row.pk),
        }
        return self.page(request, "console/reads.html", row, **context)

    def panel(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        figures.describe_source_connections([row])
        syncs: list[Any] = list(Job.objects.filter(kind=SYNC, subject_id=row.pk).order_by("-id")[:LAST_SYNCS])
        figures.count_runs(syncs)
        for job in syncs:
            job.took = span((job.ended_at or timezone.now()) - job.started_at if job.started_at else None)
        streams = figures.streams_of([row.pk], most=MOST_STREAMS).get(row.pk, [])
        return {
            "syncs": syncs,
            "syncs_url": f"{reverse('admin:jobs_job_changelist')}?about={SYNC}-{row.pk}",
            "streams": streams,
            "more_streams": row.standing.streams - len(streams),
            "rhythm": row.schedule and schedules.rhythm(row.schedule),
            "schedule_state": row.schedule and schedules.state(row.schedule),
            "told": reading_form.told(row),
            "reads_url": self.url("reads", row.pk),
            "may_edit": self.may_change(request, row),
        }

    def facts(self, request: HttpRequest, row: SourceConnection) -> Sequence[Fact]:
        return [("Organisation", row.organization), ("Project", row.project or ""), ("Name", row.name)]

    @column("Source")
    def source(self, row: SourceConnection) -> str:
        return str(row.connection.connector) if row.connection else "Push"

    @column("Collection", ordering="collection__name")
    def of_collection(self, row: SourceConnection) -> str:
        return row.collection.name

    @column("Status", label={figures.WORDS.get(word, word): style for word, style in figures.STATUSES.items()})
    def status(self, row: Any) -> str:
        return str(row.word)

    @column("Records")
    def records(self, row: Any) -> str:
        return count(row.standing.records)

    @column("Last sync")
    def last_sync(self, row: Any) -> SafeString | str:
        return when(row.standing.at)

    @column("Next")
    def next_sync(self, row: Any) -> SafeString | str:
        if row.schedule is None:
            return NOTHING
        return "paused" if row.schedule.paused_reason else when(row.schedule.next_at)
