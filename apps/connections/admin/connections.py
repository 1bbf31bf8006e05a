"""Connections: their settings, whether they work, and what their systems hold."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from apps.accounts.admin.buttons import Button, Done
from apps.accounts.admin.filters import OfOrganization
from apps.accounts.admin.forms import OwnedForm
from apps.accounts.admin.scoped import Fact, ScopedAdmin
from apps.accounts.admin.showing import column, when
from apps.connections import queries
from apps.connections import services as connections
from apps.connections.admin.settings import PREFIX, form_fields, given
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.connectors.models import Connector
from apps.errors import NotFound
from apps.jobs.admin import subjects
from apps.jobs.models import Job
from engine.contract import Spec

OWN_FIELDS = ("organization", "project", "name", "external_id")


class ConnectionForm(OwnedForm):
    """Made anew for each connector, whose driver says what is asked for."""

    connector: Connector
    spec: Spec

    class Meta:
        model = Connection
        fields = OWN_FIELDS
        help_texts = {"external_id": "What another system calls it, if any does."}

    def store(self) -> Model:
        own = {"name": self.cleaned_data["name"], "external_id": self.cleaned_data["external_id"]}
        values = given(self.spec, self.cleaned_data)
        if self.instance.pk is not None:
            return connections.change(connection=self.instance, values=values, **own)
        return connections.create(connector=self.connector, values=values, **own, **self.owner())


def _following(job: Job, message: str) -> Done:
    page, watch = (reverse(f"admin:jobs_job_{name}", args=[job.pk]) for name in ("change", "live"))
    return Done(message, page=page, watch=watch)


def test(request: HttpRequest, connection: Connection) -> Done:
    return _following(connections.start_test(connection=connection, at=timezone.now()), "Testing …")


def browse(request: HttpRequest, connection: Connection) -> Done:
    level = {name: request.POST.get(name) for name in ("catalog", "schema", "table")}
    return _following(connections.start_browse(connection=connection, at=timezone.now(), **level), "Looking …")


def standing(connection: Connection) -> str:
    if connection.is_offline:
        return "offline"
    return "online" if connection.checked_at else "not tested"


@admin.register(Connection)
class ConnectionAdmin(ScopedAdmin):
    list_display = ("name", "connector", "state", "checked", "organization", "project")
    list_filter = (
        "is_offline",
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
    buttons = (
        Button("test", "Test", "network_check", test, style="primary"),
        # pressed by the schema browser, once for every branch that is opened
        Button("browse", "Browse", "account_tree", browse, is_shown=lambda _row: False, is_logged=False),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.schema)
        return [path("<path:object_id>/schema/", view, name=self.url_name("schema")), *super().get_urls()]

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
        return [(None, {"fields": OWN_FIELDS}), (connector.label, {"fields": settings})]

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
        connection = self.row(request, object_id)
        context = {
            "title": f"What {connection} holds",
            "page_url": self.page_of(connection.pk),
            "browse_url": self.url("browse", connection.pk),
            "may_browse": self.may_change(request, connection) and self._can_be_browsed(connection),
        }
        return self.page(request, "console/schema.html", connection, **context)

    def panel(self, request: HttpRequest, row: Connection) -> dict[str, Any]:
        can_be_browsed = self._can_be_browsed(row)
        return {"standing": standing(row), "schema_url": self.url("schema", row.pk) if can_be_browsed else ""}

    def facts(self, request: HttpRequest, row: Connection) -> Sequence[Fact]:
        fields = connectors.spec(row.connector).fields
        held = queries.held_secrets(row)
        settings = [(field.label, row.settings.get(field.name, "")) for field in fields if not field.secret]
        secrets = [(field.label, "set" if field.name in held else "not set") for field in fields if field.secret]
        return [("Organisation", row.organization), ("Project", row.project or ""), *settings, *secrets]

    @column("State", label={"online": "success", "offline": "danger", "not tested": "default"})
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

    def _can_be_browsed(self, connection: Connection) -> bool:
        return "browses" in connectors.capabilities(connection.connector)


PAGE = "admin:connections_connection"
subjects.register("connection_test", subjects.Subject("Connection test", Connection, f"{PAGE}_change"))
subjects.register("connection_browse", subjects.Subject("Schema look-up", Connection, f"{PAGE}_schema"))
