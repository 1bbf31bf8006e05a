"""Connections: their settings, whether they work, and what their systems hold."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from apps.accounts.admin import reach
from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.scoped import Fact, ScopedAdmin
from apps.accounts.admin.showing import column, when
from apps.connections import queries
from apps.connections import services as connections
from apps.connections.admin import browser
from apps.connections.admin.buttons import BUTTONS
from apps.connections.admin.filters import InState, OfCategory, standing
from apps.connections.admin.form import MAY_QUERY, OWN_FIELDS, ConnectionForm
from apps.connections.admin.settings import PREFIX, form_fields
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.connectors.models import Connector
from apps.errors import NotFound
from apps.jobs.admin import subjects


@admin.register(Connection)
class ConnectionAdmin(ScopedAdmin):
    list_display = ("name", "connector", "state", "checked", "organization", "project")
    list_filter = (
        InState,
        OfCategory,
        ("connector", admin.RelatedOnlyFieldListFilter),
        OfOrganization,
        ("project", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("connector", "organization", "project")
    search_fields = ("name", "external_id")
    panel_template = "console/connection.html"
    empty_text = (
        "A connection is one account at one system. Make one for where data comes from and one for where it goes."
    )
    buttons = BUTTONS

    def get_urls(self) -> list[URLPattern]:
        pages = [("schema/", self.schema, "schema"), ("schema/kept/", self.kept, "kept")]
        views = [(where, self.admin_site.admin_view(view), self.url_name(name)) for where, view, name in pages]
        own = [path(f"<path:object_id>/{where}", view, name=name) for where, view, name in views]
        return [*own, *super().get_urls()]

    # Forms are as their connector's driver says
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """First which system, then what its driver asks for."""
        connector = self._connector(request)
        if connector is None:
            return self._choose(request)
        context = {**(extra_context or {}), "title": f"Connect to {connector.label}"}
        return super().add_view(request, form_url, context)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        connector = obj.connector if obj else self._connector(request)
        if connector is None or (obj and not self.has_change_permission(request, obj)):
            return [(None, {"fields": ()})]
        settings = tuple(PREFIX + field.name for field in connectors.spec(connector).fields)
        sets = [(None, {"fields": OWN_FIELDS}), (connector.label, {"fields": settings})]
        if self._may_allow_queries(request, connector, obj):
            sets.append(("Queries", {"fields": (MAY_QUERY,)}))
        return sets

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ("organization", "project") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        connector = obj.connector if obj else connectors.connector(request.GET.get("connector", ""))
        spec = connectors.spec(connector)
        secrets = queries.held_secrets(obj) if obj else ()
        parts = {
            "connector": connector,
            "spec": spec,
            "fields_of_problems": {field.name: PREFIX + field.name for field in spec.fields},
            **form_fields(spec, obj.settings if obj else {}, secrets),
        }
        return super().get_form(
            request, obj, change=change, form=type("ConnectionForm", (ConnectionForm,), parts), **options
        )

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        """The form has stored it; what that meant for its secrets is told."""
        if obj.is_offline:
            messages.warning(request, obj.offline_reason)

    def delete_model(self, request: HttpRequest, obj: Connection) -> None:
        connections.remove(connection=obj)

    # Pages
    def schema(self, request: HttpRequest, object_id: str) -> TemplateResponse:
        """From what is kept, for everybody; who may change the connection can have it refreshed, and look live."""
        connection = self.row(request, object_id)
        held, job = browser.kept(connection), browser.refreshing(connection)
        context = {
            "title": f"What {connection} holds",
            "page_url": self.page_of(connection.pk),
            "browse_url": self.url("browse", connection.pk),
            "refresh_url": self.url("refresh", connection.pk),
            "kept_url": self.url("kept", connection.pk),
            "watch": reverse("admin:jobs_job_live", args=[job.pk]) if job else "",
            "held": held,
            "extent": held and browser.extent(held, is_file_store=connection.connector.is_file_store),
            "plain": held and browser.plain(held, request.GET),
            "may_browse": self.may_change(request, connection) and self._can_be_browsed(connection),
        }
        return self.page(request, "console/schema.html", connection, **context)

    def kept(self, request: HttpRequest, object_id: str) -> JsonResponse:
        """A branch of the tree, or what a search finds. Null where nothing is kept (any more)."""
        held = browser.kept(self.row(request, object_id))
        return JsonResponse({"branch": held and browser.branch(held, request.GET)})

    def panel(self, request: HttpRequest, row: Connection) -> dict[str, Any]:
        can_be_browsed = self._can_be_browsed(row)
        return {"standing": standing(row), "schema_url": self.url("schema", row.pk) if can_be_browsed else ""}

    def facts(self, request: HttpRequest, row: Connection) -> Sequence[Fact]:
        fields = connectors.spec(row.connector).fields
        held = queries.held_secrets(row)
        settings = [(field.label, row.settings.get(field.name, "")) for field in fields if not field.secret]
        secrets = [(field.label, "set" if field.name in held else "not set") for field in fields if field.secret]
        own = [("Organisation", row.organization), ("Project", row.project or "")]
        return [*own, *settings, *secrets, ("Callers may run SQL", row.may_query)]

    @column("State", label={"online": "success", "offline": "danger", "switched off": "warning"})
    def state(self, row: Connection) -> str:
        return standing(row)

    @column("Tested", ordering="checked_at")
    def checked(self, row: Connection) -> str:
        return when(row.checked_at)

    def _choose(self, request: HttpRequest) -> TemplateResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        context = {"title": "Connect to", "choices": connectors.offered()}
        return self.page(request, "console/choose_connector.html", None, **context)

    def _connector(self, request: HttpRequest) -> Connector | None:
        """None also for one that is not installed: its form would come to nothing."""
        try:
            found = connectors.connector(request.GET.get("connector", ""))
        except NotFound:
            return None
        return None if connectors.missing(found) else found

    def _may_allow_queries(self, request: HttpRequest, connector: Connector, connection: Connection | None) -> bool:
        organization_id = self.organization_id_of(connection) if connection else None
        is_admin = reach.may(request, reach.ADMINS, organization_id)
        return is_admin and "queries" in connectors.capabilities(connector)

    def _can_be_browsed(self, connection: Connection) -> bool:
        return "browses" in connectors.capabilities(connection.connector)


PAGE = "admin:connections_connection"
subjects.register("connection_test", subjects.Subject("Connection test", Connection, f"{PAGE}_change"))
subjects.register("connection_browse", subjects.Subject("Schema look-up", Connection, f"{PAGE}_schema"))
subjects.register("metadata_look", subjects.Subject("Metadata look-up", Connection, f"{PAGE}_schema"))
subjects.register("metadata_refresh", subjects.Subject("Metadata refresh", Connection, f"{PAGE}_schema"))
subjects.register("connection_change", subjects.Subject("Change of credentials", Connection, f"{PAGE}_change"))
subjects.register("connection_query", subjects.Subject("Query", Connection, f"{PAGE}_change"))
