"""A connection's form: what its connector's driver asks for, and whether callers may query it."""

from typing import Any

from django.db.models import Model

from apps.accounts.admin import reach
from apps.accounts.admin.forms import OwnedForm
from apps.connections import services as connections
from apps.connections.admin.settings import given
from apps.connections.models import Connection
from apps.connectors.models import Connector
from engine.contract import Spec

OWN_FIELDS = ("organization", "project", "name", "external_id")
MAY_QUERY = "may_query"
QUERY_WARNING = (
    "Careful: everybody who may run flows of this organisation, and every API key that may, can then read through the "
    "API whatever the connection's own user can. Statements only read, and are ended after 20 seconds. Best give the "
    "connection a user that may read no more than is meant to be seen."
)


class ConnectionForm(OwnedForm):
    """Made anew for each connector, whose driver says what is asked for."""

    connector: Connector
    spec: Spec

    class Meta:
        model = Connection
        fields = (*OWN_FIELDS, MAY_QUERY)
        labels = {MAY_QUERY: "Callers may run SQL"}
        help_texts = {"external_id": "What another system calls it, if any does.", MAY_QUERY: QUERY_WARNING}

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        organization = values.get("organization") or getattr(self.instance, "organization", None)
        if values.get(MAY_QUERY) and organization and not reach.may(self.request, reach.ADMINS, organization.pk):
            self.add_error(MAY_QUERY, f"This is for owners and admins of {organization}.")
        return values

    def store(self) -> Model:
        own = {name: self.cleaned_data[name] for name in ("name", "external_id", MAY_QUERY) if name in self.fields}
        values = given(self.spec, self.cleaned_data)
        if self.instance.pk is not None:
            return connections.change(connection=self.instance, values=values, **own)
        owner = {**self.owner(), "owner_id": self.request.user.pk}
        return connections.create(connector=self.connector, values=values, **own, **owner)
