"""Connections in Celigo's shape: of its types those of databases and of file stores are served."""

from django.db.models import QuerySet
from rest_framework import serializers

from apps.accounts.queries import visible
from apps.connections import services
from apps.connections.api.celigo.types import TYPES, ConnectionType, type_of
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.connectors.models import Connector
from apps.dialects.celigo.documentation import documented
from apps.dialects.celigo.resources import Resource
from apps.dialects.celigo.shapes import Shape, asks
from apps.dialects.lists import Listing, Values, document, moment
from apps.dialects.views import caller_of
from apps.errors import Invalid

NAMES = tuple(TYPES)


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
        NAMES, error_messages={"invalid_choice": f"Only these types are supported yet: {', '.join(NAMES)}."}
    )
    externalId = serializers.CharField(required=False, allow_blank=True, max_length=200)
    offline = serializers.BooleanField(read_only=True)
    rdbms = serializers.DictField(
        required=False,
        help_text="`type` (postgresql, mysql, mariadb, sqlite or another database of the catalogue) and that system's "
        "settings: `host`, `port`, `database`, `user`, `password` …, or `path` for sqlite. A password reads back as "
        "`******`, and `******` leaves it unchanged.",
    )
    ftp = serializers.DictField(
        required=False,
        help_text="`type` (sftp, ftp or ftps), `hostURI`, `port`, `username`, `password`, for sftp `authKey` and, our "
        "extension, `hostKey`: what the server is known by.",
    )
    s3 = serializers.DictField(
        required=False,
        help_text="`accessKeyId`, `secretAccessKey`, and, our extensions, `bucket`, `region`, `endpoint` and the rest "
        "by our driver's names.",
    )
    filesystem = serializers.DictField(
        required=False,
        help_text="The organisation's own folder, or `path` below it. Our extension: `type` `http` and a `url`, below "
        "which files are read.",
    )

    def validate(self, attrs: Values) -> Values:
        """A connection holds the block of its own type and no other."""
        problems = {
            name: f"A connection of type {attrs['type']} has no {name}."
            for name in NAMES
            if name != attrs["type"] and asks(attrs.get(name))
        }
        if problems:
            raise serializers.ValidationError(problems)
        if attrs["type"] not in attrs:
            raise serializers.ValidationError({attrs["type"]: "This field is required."}, code="required")
        return attrs

    @property
    def kind(self) -> ConnectionType:
        return TYPES[self.validated_data["type"]]

    def connector(self) -> Connector:
        """Raises Invalid naming the systems that can be connected."""
        return self.kind.connector(self.validated_data[self.kind.name])

    def settings(self, connector: Connector) -> Values:
        """What the driver is to check, settings and secrets mixed, without options that Celigo shows as unset."""
        known = {field.name for field in connectors.spec(connector).fields}
        given = self.kind.settings(self.validated_data[self.kind.name])
        return {name: value for name, value in given.items() if name in known or value}

    def document(self) -> Values:
        block = self.validated_data[self.kind.name]
        kept = {name: block[name] for name in self.kind.kept if block.get(name) is not None}
        return super().document() | ({self.kind.name: kept} if kept else {})


def _wrap(row: Values) -> Values:
    kept, type_ = row["document"], TYPES[type_of(row["driver"])]
    block = {**type_.block(row["connector"], row["shown"]), **kept.get(type_.name, {})}
    shown = {
        "_id": row["_id"],
        "createdAt": row["createdAt"],
        "lastModified": row["lastModified"],
        "name": row["name"],
        "type": type_.name,
        "offline": row["offline"],
        **{name: value for name, value in kept.items() if name not in NAMES},
        type_.name: block,
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
        "driver": "connector.driver",
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
    patchable = frozenset({"name", "externalId", "debugDate", "settings", "settingsForm", "queues", *NAMES})
    names = {"name": "name", "external_id": "externalId"}
    kind = TYPES["rdbms"]
    """Of the connection that a request is about."""

    def name_of(self, field: str) -> str:
        own = {**self.names, "connector": f"{self.kind.name}.type"}
        return own.get(field) or self.kind.name_of(field)

    def rows(self) -> QuerySet[Connection]:
        return visible(Connection.objects.all(), caller_of(self.request))

    def values(self, shape: ConnectionShape) -> Values:
        self.kind = shape.kind
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
        return services.create(
            organization_id=caller.organization_id,
            project_id=caller.project_id,
            owner_id=caller.user_id,
            **values,
        )

    def alter(self, row: Connection, values: Values) -> None:
        if values.pop("connector").id != row.connector_id:
            raise Invalid("The type of a connection cannot change: make another one.", field="connector")
        services.change(connection=row, replace=True, **values)

    def drop(self, row: Connection) -> None:
        services.remove(connection=row)

    def copy(self, row: Connection, values: Values) -> Connection:
        return services.clone(connection=row, name=values.get("name") or f"Clone of {row.name}")
