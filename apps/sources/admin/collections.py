"""Collections: what is in them, how it came there, and a search."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.forms import OwnedForm
from apps.accounts.admin.scoped import Fact
from apps.accounts.admin.showing import column, count, when
from apps.errors import ServiceError
from apps.sources import services as sources
from apps.sources.admin import admission, figures, membership, searching
from apps.sources.admin.landed import LandedAdmin
from apps.sources.admin.wording import counted
from apps.sources.models import Collection, SourceConnection

MOST_SOURCES, MOST_STREAMS = 100, 500
"""So many are shown on the page of a collection."""
VECTORS = {"ready": "success", "filling": "info", "off": "default", "unavailable": "warning"}
OWN = ("organization", "project", "name", "description", "language")


class CollectionForm(OwnedForm):
    class Meta:
        model = Collection
        fields = OWN
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 2})}
        help_texts = {
            "name": "Clients also know it by a readable id that is made from its first name, and stays.",
            "language": "In which its words are taken apart, so that “orders” is found by “order”. It stays.",
        }

    def store(self) -> Model:
        own = {name: self.cleaned_data[name] for name in ("name", "description")}
        if self.instance.pk is not None:
            return sources.change_collection(collection=self.instance, **own)
        return sources.create_collection(language=self.cleaned_data["language"], **own, **self.owner())


class DescribedList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        figures.describe_collections(self.result_list)


@admin.register(Collection)
class CollectionAdmin(LandedAdmin):
    form = CollectionForm
    fields = OWN
    list_display = ("name", "readable_id", "records", "sources", "vectors", "landed", "organization", "project")
    list_filter = (OfOrganization, ("project", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("organization", "project")
    search_fields = ("name", "readable_id", "description")
    panel_template = "console/collection.html"
    delete_confirmation_template = "console/remove_collection.html"
    empty_text = "Records of many systems land in a collection, and are searched together there. Make the first one."

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return DescribedList

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ("organization", "project", "language") if obj else ()

    def get_urls(self) -> list[URLPattern]:
        pages = [("search/", self.search, "search"), ("members/", self.members, "members")]
        pages.append(("purge/", self.purge, "purge"))
        views = [(where, self.admin_site.admin_view(view), self.url_name(name)) for where, view, name in pages]
        own = [path(f"<path:object_id>/{where}", view, name=name) for where, view, name in views]
        return [*own, *super().get_urls()]

    def delete_model(self, request: HttpRequest, obj: Collection) -> None:
        removed = sources.remove_collection(collection=obj, at=timezone.now())
        messages.info(request, f"{counted(removed, 'record')} went with it.")

    def removal(self, row: Any) -> dict[str, Any]:
        figures.describe_collections([row])
        left = figures.left_behind(row)
        parts = [counted(row.sources, "source connection")]
        parts += [f"{len(left):,} that left records behind"] if left else []
        return {"records": counted(row.records, "record"), "parts": " and ".join(parts)}

    # Pages
    def search(self, request: HttpRequest, object_id: str) -> TemplateResponse:
        collection = self.row(request, object_id)
        context = {"title": f"Search {collection}", "page_url": self.page_of(collection.pk)}
        context |= {"search_url": self.url("search", collection.pk), **searching.found(collection, request.GET)}
        return self.page(request, "console/search.html", collection, **context)

    def members(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Who reaches it; a POST adds one, changes a role or takes one out."""
        collection = self.row(request, object_id)
        if request.method == "POST":
            if not self.may_change(request, collection):
                raise PermissionDenied
            self._tell(request, collection, membership.act)
            admission.forget(request)
            # whoever closed themselves out does not come back to the page
            return HttpResponseRedirect(request.path if self.get_object(request, object_id) else self.url("changelist"))
        may_edit = self.may_change(request, collection)
        context = {"title": f"Members of {collection}", "page_url": self.page_of(collection.pk), "may_edit": may_edit}
        context |= membership.shown(collection)
        return self.page(request, "console/members.html", collection, **context)

    def purge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Takes away what a source connection left behind when it was removed."""
        collection = self.row(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.may_change(request, collection):
            raise PermissionDenied
        self._tell(request, collection, _purge)
        return HttpResponseRedirect(self.page_of(collection.pk))

    def _tell(self, request: HttpRequest, collection: Collection, act: Any) -> None:
        try:
            said = act(request, collection)
        except ServiceError as refusal:
            messages.error(request, refusal.message)
        else:
            self.log_change(request, collection, said)
            messages.success(request, said)

    def panel(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        figures.describe_collections([row])
        rows: list[Any] = list(
            SourceConnection.objects.filter(collection=row).select_related("connection__connector")[:MOST_SOURCES]
        )
        figures.describe_source_connections(rows)
        streams = figures.streams_of([each.pk for each in rows], most=MOST_STREAMS)
        for each in rows:
            each.shown = streams.get(each.pk, [])
            each.more = each.standing.streams - len(each.shown)
        return {
            "search_url": self.url("search", row.pk),
            "members_url": self.url("members", row.pk),
            "purge_url": self.url("purge", row.pk),
            "add_url": f"{reverse('admin:sources_sourceconnection_add')}?collection={row.pk}",
            "members": row.members.select_related("user").order_by("id"),
            "source_connections": rows,
            "more_sources": row.sources - len(rows),
            "left_behind": figures.left_behind(row),
            "may_edit": self.may_change(request, row),
        }

    def facts(self, request: HttpRequest, row: Collection) -> Sequence[Fact]:
        own = [("Organisation", row.organization), ("Project", row.project or "")]
        return [*own, ("Description", row.description), ("Language", row.get_language_display())]

    @column("Records")
    def records(self, row: Any) -> str:
        return count(row.records)

    @column("Source connections")
    def sources(self, row: Any) -> str:
        return count(row.sources)

    @column("Vectors", label=VECTORS)
    def vectors(self, row: Any) -> tuple[str, str]:
        return row.vectors.state if row.records else "", row.vector_word

    @column("Last landed")
    def landed(self, row: Any) -> SafeString | str:
        return when(row.synced_at)


def _purge(request: HttpRequest, collection: Collection) -> str:
    wanted = request.POST.get("source", "")
    rows = SourceConnection.everything.filter(collection=collection).exclude(removed_at=None)
    source = rows.filter(uid=wanted).first()
    if source is None:
        return "Nothing is left of it."
    cleared = sources.clear(source_connection=source, at=timezone.now())
    return f"{counted(cleared, 'record')} of {source} are gone." if cleared != 1 else f"1 record of {source} is gone."
