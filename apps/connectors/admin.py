"""What can be connected: operators switch kinds of systems on and off."""

from collections.abc import Collection, Sequence

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.accounts.admin.forms import AnyModelForm
from apps.accounts.admin.scoped import Fact, ScopedAdmin
from apps.accounts.admin.showing import column
from apps.accounts.models import Role
from apps.connectors import queries
from apps.connectors.models import Connector
from engine.errors import EngineError

POWERS = {"reads": "read", "writes": "write", "browses": "browse", "queries": "query"}


class ConnectorForm(AnyModelForm):
    class Meta:
        model = Connector
        fields = ("is_enabled",)
        help_texts = {"is_enabled": "Switched off, no new connection can be made; those that exist go on."}


@admin.register(Connector)
class ConnectorAdmin(ScopedAdmin):
    """The same for every organisation."""

    form = ConnectorForm
    changed_by = ()
    fields = ("label", "description", "category", "can", "installed", "is_enabled")
    readonly_fields = ("label", "description", "category", "can", "installed")
    list_display = ("label", "category", "description", "can", "installed", "is_enabled")
    list_filter = ("category", "is_enabled")
    search_fields = ("name", "label")
    empty_text = "The catalogue is empty: fill it with `manage.py load_catalogue`."

    def reached(self, request: HttpRequest, roles: Collection[Role]) -> QuerySet[Connector]:
        return Connector.objects.all()

    def organization_id_of(self, row: Model) -> int | None:
        return None

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def facts(self, request: HttpRequest, row: Connector) -> Sequence[Fact]:
        told = [("What it is", row.description), ("Can", self.can(row)), ("Installed", self.installed(row))]
        return [*told, ("May be connected", row.is_enabled)]

    @column("Can")
    def can(self, row: Connector) -> str:
        try:
            return ", ".join(POWERS.get(power, power) for power in queries.capabilities(row))
        except EngineError as error:  # a driver of another version's
            return error.message

    @column("Installed")
    def installed(self, row: Connector) -> str:
        return queries.missing(row) or "yes"
