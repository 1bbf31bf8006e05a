"""What exports and imports have in common in Celigo's shape: the read side and the write side of a connection."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from django.db.models import QuerySet
from rest_framework import serializers

from apps.accounts.queries import visible
from apps.connections.api.celigo.types import type_of
from apps.connections.models import Connection
from apps.dialects.celigo.resources import Resource
from apps.dialects.celigo.shapes import Shape, asks
from apps.dialects.lists import Document, Values, document, moment
from apps.dialects.views import caller_of
from apps.errors import Invalid
from apps.flows.api.celigo import filters
from apps.flows.api.celigo.databases import DatabaseBlocks
from apps.flows.api.celigo.files import BucketBlocks, FolderBlocks
from apps.flows.api.celigo.references import connection_map, resolved
from apps.flows.models import Export, Import


class Blocks(Protocol):
    """The blocks of a document that say what is read from or written to connections of one type."""

    def name_of(self, field: str) -> str: ...
    def said(self, data: Values) -> Values: ...
    def source_values(self, data: Values, connection: Connection, /) -> Values: ...
    def source_blocks(self, row: Values) -> Values: ...
    def target_values(self, data: Values, connection: Connection, /) -> Values: ...
    def target_blocks(self, row: Values) -> Values: ...


BLOCKS: Mapping[str, Blocks] = {
    "rdbms": DatabaseBlocks(),
    "ftp": FolderBlocks("ftp"),
    "s3": BucketBlocks("s3"),
    "filesystem": FolderBlocks("filesystem"),
}
"""By a connection's type."""

ADAPTORS = {"rdbms": "RDBMS", "ftp": "FTP", "s3": "S3", "filesystem": "FileSystem"}
"""By a connection's type, the first part of `adaptorType`."""

BLOCK_NAMES = (*ADAPTORS, "file")
TRANSLATED = {*BLOCK_NAMES, "mapping"}
"""Parts of a document that are kept as they were said, and shown only while they still mean what is stored."""

KEPT = (
    "dataURITemplate",
    "traceKeyTemplate",
    "settings",
    "settingsForm",
    "sampleData",
    "debugUntil",
    "_integrationId",
    "_connectorId",
)
LATER = ("oneToMany", "pathToMany", "inputFilter", "transform", "hooks", "preSave")
PATCHABLE = frozenset({"name", "description", "filter", "settings", "debugUntil", *BLOCK_NAMES})
COLUMNS: dict[str, str | Document] = {
    "_id": "row.uid",
    "createdAt": moment("row.created_at"),
    "lastModified": moment("row.updated_at"),
    "name": "row.name",
    "description": "row.description",
    "_connectionId": "connection.uid",
    "driver": "connector.driver",
    "filter": document("row.filter"),
    "document": document("row.document"),
}


def table(name: str) -> str:
    """What a Listing of that table's rows is read from."""
    return (
        f"{name} row JOIN connections_connection connection ON connection.id = row.connection_id"
        " JOIN connectors_connector connector ON connector.id = connection.connector_id"
    )


def adaptor_field(side: str) -> serializers.ChoiceField:
    names = [f"{adaptor}{side}" for adaptor in ADAPTORS.values()]
    wrong = f"Only {', '.join(names[:-1])} and {names[-1]} are supported yet."
    return serializers.ChoiceField(names, error_messages={"invalid_choice": wrong})


class SideShape(Shape):
    side: ClassVar[str]

    name = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    _connectionId = serializers.CharField()
    filter = filters.FilterField(required=False)

    def validate(self, attrs: Values) -> Values:
        """A document holds its adaptor's blocks and no other's."""
        type_ = self.connection_type(attrs)
        needed = ("rdbms",) if type_ == "rdbms" else ("file", type_)
        problems = {name: f"{attrs['adaptorType']} has no {name}." for name in self.foreign(needed)}
        if problems:
            raise serializers.ValidationError(problems)
        missing = [name for name in needed if not isinstance(attrs.get(name), dict)]
        if missing:
            raise serializers.ValidationError({missing[0]: "This field is required."}, code="required")
        return attrs

    def foreign(self, needed: tuple[str, ...]) -> list[str]:
        """The blocks of other adaptors that ask for something."""
        return [name for name in BLOCK_NAMES if name not in needed and asks(self.initial_data.get(name))]

    def connection_type(self, attrs: Values) -> str:
        """The connection's type that the document is for."""
        return next(type_ for type_, name in ADAPTORS.items() if attrs["adaptorType"] == f"{name}{self.side}")

    def blocks(self) -> Blocks:
        return BLOCKS[self.connection_type(self.validated_data)]

    def shared_values(self, connection: Connection) -> Values:
        """By the model's field names. Raises Invalid when the connection is not of the adaptor's type."""
        data = self.validated_data
        wanted, type_ = self.connection_type(data), type_of(connection.connector.driver)
        if wanted != type_:
            text = f"{data['adaptorType']} needs a connection of type {wanted}; this one's is {type_}."
            raise Invalid(text, field="adaptorType")
        return {
            "connection": connection,
            "name": data["name"],
            "description": data.get("description", ""),
            "filter": data.get("filter", []),
            "document": self.document() | self.blocks().said(data),
        }


def blocks_of(row: Values) -> Blocks:
    return BLOCKS[type_of(row["driver"])]


def shared(row: Values, side: str) -> Values:
    """What both sides show of a row."""
    shown = {name: row[name] for name in ("_id", "createdAt", "lastModified", "name", "_connectionId")}
    shown["adaptorType"] = f"{ADAPTORS[type_of(row['driver'])]}{side}"
    shown |= filters.shown(row["filter"])
    shown |= {name: value for name, value in row["document"].items() if name not in TRANSLATED}
    return shown | ({"description": row["description"]} if row["description"] else {})


class SideViews(Resource):
    # A subclass names its services.
    model: ClassVar[type[Export] | type[Import]]
    shape: ClassVar[type[SideShape]]
    names: ClassVar[Mapping[str, str]]
    type = "rdbms"
    """Of the connection that a request is about."""

    def name_of(self, field: str) -> str:
        return self.names.get(field) or BLOCKS[self.type].name_of(field)

    def rows(self) -> QuerySet[Any]:
        rows = self.model.objects.select_related("connection__connector")
        return visible(rows, caller_of(self.request))

    def values(self, shape: Any) -> Values:
        uid = shape.validated_data["_connectionId"]
        connections = Connection.objects.select_related("connector")
        connection = resolved(connections, uid, caller_of(self.request), field="_connectionId")
        self.type = type_of(connection.connector.driver)
        values: Values = shape.values(connection)
        return values

    def owner(self) -> Values:
        caller = caller_of(self.request)
        return {"organization_id": caller.organization_id, "project_id": caller.project_id}

    def copied(self, row: Any, wanted: Values) -> Values:
        """What the services take to make a copy."""
        connections = connection_map(wanted, caller_of(self.request))
        self.type = type_of(connections.get(row.connection.uid, row.connection).connector.driver)
        return {"name": wanted.get("name", ""), "connections": connections}
