"""Connections in Celigo's shape. Of its types `rdbms` is served; inside it, `type` names our connector."""

from django.db.models import QuerySet
from rest_framework import serializers

from apps.accounts.queries import visible
from apps.connections import services
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.connectors.models import Connector
from apps.dialects.celigo.documentation import documented
from apps.dialects.celigo.resources import Resource
from apps.dialects.celigo.shapes import Shape
from apps.dialects.lists import Listing, Values, document, moment
from apps.dialects.views import caller_of
from apps.errors import Invalid, NotFound

TYPES = ("rdbms",)
KEPT_IN_RDBMS = ("concurrencyLevel", "targetConcurrencyLevel")
"""Stored and shown, and without meaning here: a flow uses one connection at a time."""


class ConnectionShape(Shape):
    kept = (
        "assistant",
        "_borrowConcurrencyFromConnectionId",
        "debugDate",
        "settings",
        "settingsForm",
        "_integrationId",
        "_connectorId",
        "queues",
    )
    later = ("_agentId",)

    name = serializers.CharField(max_length=200)
    type = serializers.ChoiceField(
        TYPES, error_messages={"invalid_choice": f"Only these types are supported yet: {', '.join(TYPES)}."}
    )
    externalId = serializers.CharField(required=False, allow_blank=True, max_length=200)
    offline = serializers.BooleanField(read_only=True)
    rdbms = serializers.DictField(
        help_text="`type` (postgresql, mysql, mariadb or sqlite) and that system's settings: `host`, `port`, "
        "`database`, `user`, `password` …, or `path` for sqlite. A password reads back as `******`, "
        "and `******` leaves it unchanged.",
    )

    def connector(self) -> Connector:
        """Raises Invalid naming the systems that can be connected."""
        name = self.validated_data["rdbms"].get("type")
        try:
            return connectors.connector(name if isinstance(name, str) else "")
        except NotFound as error:
            known = ", ".join(connectors.enabled().values_list("name", flat=True))
            code = "invalid_field" if name else "missing_required_field"
            raise Invalid(
                f"The type of an rdbms connection is one of {known}.", code=code, field="rdbms.type"
            ) from error

    def settings(self, connector: Connector) -> Values:
        """What the driver is to check, settings and secrets mixed, without options that Celigo shows as unset."""
        known = {field.name for field in connectors.spec(connector).fields}
        given = self.validated_data["rdbms"].items()
        ours = {name: value for name, value in given if name not in {"type", *KEPT_IN_RDBMS}}
        return {name: value for name, value in ours.items() if name in known or value}

    def document(self) -> Values:
        rdbms = self.validated_data["rdbms"]
        kept = {name: rdbms[name] for name in KEPT_IN_RDBMS if rdbms.get(name) is not None}
        return super().document() | ({"rdbms": kept} if kept else {})


def _wrap(row: Values) -> Values:
    kept = row["document"]
    shown = {
        "_id": row["_id"],
        "createdAt": row["createdAt"],
        "lastModified": row["lastModified"],
        "name": row["name"],
        "type": "rdbms",
        "offline": row["offline"],
        **kept,
        "rdbms": {"type": row["connector"], **row["shown"], **kept.get("rdbms", {})},
    }
    return shown | ({"externalId": row["externalId"]} if row["externalId"] else {})


LISTING = Listing(
    "connections_connection row JOIN connectors_connector connector ON connector.id = row.connector_id",
    {
        "_id": "row.uid",
        "createdAt": moment("row.created_at"),
        "lastModified": moment("row.updated_at"),
        "name": "row.name",
        "externalId": "row.external_id",
        "offline": "row.is_offline",
        "connector": "connector.name",
        "shown": document("row.shown"),
        "document": document("row.document"),
    },
    _wrap,
)

SENT = {
    "name": "Shop",
    "type": "rdbms",
    "rdbms": {
        "type": "postgresql",
        "host": "db.example.com",
        "port": 5432,
        "database": "shop",
        "user": "reader",
        "password": "…",
    },
}
GOT = {
    "_id": "5e03061cda20740022300f09",
    "createdAt": "2026-11-22T09:30:00.000Z",
    "lastModified": "2026-11-22T09:30:00.000Z",
    "name": "Shop",
    "type": "rdbms",
    "offline": False,
    "rdbms": {
        "type": "postgresql",
        "host": "db.example.com",
        "port": 5432,
        "database": "shop",
        "user": "reader",
        "password": "******",
    },
}


@documented(tag="Celigo: connections", noun="connection", shape=ConnectionShape, request=SENT, response=GOT)
class ConnectionViews(Resource):
    what = "Connection"
    listing = LISTING
    shape = ConnectionShape
    patchable = frozenset({"name", "externalId", "rdbms", "debugDate", "settings", "settingsForm", "queues"})
    names = {"name": "name", "external_id": "externalId", "connector": "rdbms.type"}

    def name_of(self, field: str) -> str:
        return self.names.get(field, f"rdbms.{field}")

    def rows(self) -> QuerySet[Connection]:
        return visible(Connection.objects.all(), caller_of(self.request))

    def values(self, shape: ConnectionShape) -> Values:
        connector = shape.connector()
        return {
            "connector": connector,
            "name": shape.validated_data["name"],
            "external_id": shape.validated_data.get("externalId", ""),
            "values": shape.settings(connector),
            "document": shape.document(),
        }

    def make(self, values: Values) -> Connection:
        caller = caller_of(self.request)
        return services.create(organization_id=caller.organization_id, project_id=caller.project_id, **values)

    def alter(self, row: Connection, values: Values) -> None:
        if values.pop("connector").id != row.connector_id:
            raise Invalid("The type of a connection cannot change: make another one.", field="connector")
        services.change(connection=row, replace=True, **values)

    def drop(self, row: Connection) -> None:
        services.remove(connection=row)

    def copy(self, row: Connection, values: Values) -> Connection:
        return services.clone(connection=row, name=values.get("name") or f"Clone of {row.name}")
