"""What can be made a source connection of, and the form that each asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin import reach
from apps.connections.admin.settings import PREFIX, form_fields
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.connectors.models import Connector
from apps.errors import NotFound
from apps.jobs.admin.rhythm import FIELDSET as RHYTHM
from apps.sources.admin import admission
from apps.sources.admin.source_form import ConnectForm, PushForm, UseForm
from apps.sources.models import Collection

PUSH, PRESENT = "push", "present"
"""What is chosen that is no connector: records that a program sends, and a connection that is there."""
READ = ("What it reads", {"fields": ("tables", "is_synced")})


@dataclass(frozen=True, slots=True)
class Made:
    """`fieldsets`: those of the `form`."""

    title: str
    form: type[Any]
    fieldsets: Sequence[Any]


def form_of(request: HttpRequest) -> Made | None:
    """The form of what the page's address chooses, None for nothing that can be connected here."""
    chosen = request.GET.get("connector", "")
    if chosen == PUSH:
        return Made("Records that a program pushes", PushForm, [(None, {"fields": ("collection", "name")})])
    if chosen == PRESENT:
        own = (None, {"fields": ("collection", "connection", "name")})
        return Made("Over a connection that is there", UseForm, [own, READ, RHYTHM])
    try:
        connector = connectors.connector(chosen)
    except NotFound:
        return None
    return None if connectors.missing(connector) else _of_connector(connector)


def choices(request: HttpRequest) -> dict[str, Any]:
    """What the page offers that asks."""
    present = reach.within(Connection.objects.all(), request, reach.EDITORS)
    collections = admission.admitted(
        reach.within(Collection.objects.all(), request, reach.EDITORS), request, reach.EDITORS, collection=""
    )
    return {
        "choices": connectors.offered(),
        "push": PUSH,
        "present": PRESENT,
        "has_connections": present.exists(),
        "has_collections": collections.exists(),
    }


def _of_connector(connector: Connector) -> Made:
    spec = connectors.spec(connector)
    parts = {
        "connector": connector,
        "spec": spec,
        "fields_of_problems": ConnectForm.fields_of_problems | {each.name: PREFIX + each.name for each in spec.fields},
        **form_fields(spec, {}, ()),
    }
    own = (None, {"fields": ("collection", "name")})
    settings = (connector.label, {"fields": tuple(PREFIX + each.name for each in spec.fields)})
    form = type("ConnectForm", (ConnectForm,), parts)
    return Made(f"Bring in {connector.label}", form, [own, settings, READ, RHYTHM])


class OfCollection(SimpleListFilter):
    """One of those that the user reaches."""

    title = "collection"
    parameter_name = "collection"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        rows = reach.within(Collection.objects.order_by("name"), request)
        found = admission.admitted(rows, request, reach.EVERYBODY, collection="")
        return [(str(key), name) for key, name in found.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = str(self.value() or "")
        return queryset.filter(collection_id=int(chosen)) if chosen.isdecimal() else queryset
