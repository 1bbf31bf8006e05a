"""What a connector's system holds by its names alone, as the vendor's own client asks for it."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.connections.api.databasin.lookup import connector
from apps.connections.api.databasin.metadata_answers import answer, place_of
from apps.connections.api.databasin.metadata_documentation import CATALOG, SCHEMA, described, got
from apps.connections.api.databasin.metadata_shapes import identity
from apps.connections.models import Connection
from apps.connections.queries.metadata import Level, Place, Row
from apps.dialects.databasin.views import DatabasinEndpoint

HEAD = {
    "connectorID": 123,
    "connectorName": "Warehouse",
    "connectorType": "RDBMS",
    "connectorDatabase": "analytics",
    "connectorTechnology": "postgres",
}
ORDERS = {"name": "orders", "type": "TABLE", "catalog": "analytics", "schema": "public"}


class NamesHead(serializers.Serializer[Any]):
    connectorID = serializers.IntegerField()
    connectorName = serializers.CharField()
    connectorType = serializers.CharField()
    connectorDatabase = serializers.CharField(allow_blank=True)
    connectorTechnology = serializers.CharField()


class CatalogNames(NamesHead):
    objects = serializers.ListField(child=serializers.CharField(allow_blank=True))
    catalogs = serializers.ListField(child=serializers.CharField(allow_blank=True), help_text="The same.")


class SchemaNames(NamesHead):
    schemaCatalogIdentifier = serializers.CharField(allow_blank=True, help_text="The catalog that was asked for.")
    objects = serializers.ListField(child=serializers.CharField(allow_blank=True))
    schemas = serializers.ListField(child=serializers.CharField(allow_blank=True), help_text="The same.")


class TableName(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField()
    catalog = serializers.CharField(allow_blank=True)
    schema = serializers.CharField(allow_blank=True)


class TableNames(NamesHead):
    schemaCatalogIdentifier = serializers.CharField(allow_blank=True, help_text="The catalog that was asked for.")
    objects = TableName(many=True)
    tables = TableName(many=True, help_text="The same.")


class SchemaContext(serializers.Serializer[Any]):
    catalogs = serializers.ListField(child=serializers.DictField(), help_text="Each with its schemas and their tables.")


class CatalogNamesView(DatabasinEndpoint):
    @described(
        "catalog_names",
        "The names of a connector's catalogs",
        CatalogNames,
        [got(HEAD | {"objects": ["analytics"], "catalogs": ["analytics"]})],
    )
    def get(self, request: Request, connector_id: int) -> Response:
        connection = connector(request, connector_id)

        def worded(rows: list[Row]) -> Row:
            names = [row["name"] for row in rows]
            return identity(connection) | {"objects": names, "catalogs": names}

        return answer(request, connection, Level.CATALOGS, Place(), worded)


class SchemaNamesView(DatabasinEndpoint):
    @described(
        "schema_names",
        "The names of a catalog's schemas",
        SchemaNames,
        [got(HEAD | {"schemaCatalogIdentifier": "analytics", "objects": ["public"], "schemas": ["public"]})],
        CATALOG,
    )
    def get(self, request: Request, connector_id: int) -> Response:
        connection = connector(request, connector_id)
        return schemas(request, connection, place_of(request, connection))


class EverySchemaView(DatabasinEndpoint):
    @described(
        "every_schema_name",
        "The names of all schemas, for systems that are chosen from by schema alone",
        SchemaNames,
        [got(HEAD | {"schemaCatalogIdentifier": "", "objects": ["sales", "stock"], "schemas": ["sales", "stock"]})],
    )
    def get(self, request: Request, connector_id: int) -> Response:
        return schemas(request, connector(request, connector_id), Place())


class TableNamesView(DatabasinEndpoint):
    @described(
        "table_names",
        "The names and kinds of a schema's tables",
        TableNames,
        [got(HEAD | {"schemaCatalogIdentifier": "analytics", "objects": [ORDERS], "tables": [ORDERS]})],
        CATALOG,
        SCHEMA,
    )
    def get(self, request: Request, connector_id: int) -> Response:
        connection = connector(request, connector_id)
        place = place_of(request, connection)

        def worded(rows: list[Row]) -> Row:
            tables = [
                {"name": row["name"], "type": row["kind"].upper(), "catalog": row["catalog"], "schema": row["schema"]}
                for row in rows
            ]
            return _head(connection, place) | {"objects": tables, "tables": tables}

        return answer(request, connection, Level.TABLES, place, worded)


class SchemaContextView(DatabasinEndpoint):
    @described(
        "schema_context",
        "The names of everything that a connector's system holds, as a tree",
        SchemaContext,
        [
            got(
                {
                    "catalogs": [
                        {"name": "analytics", "schemas": [{"name": "public", "tables": ["customers", "orders"]}]}
                    ]
                }
            )
        ],
    )
    def get(self, request: Request, connector_id: int) -> Response:
        return answer(request, connector(request, connector_id), Level.TABLES, Place(), tree)


def schemas(request: Request, connection: Connection, place: Place) -> Response:
    def worded(rows: list[Row]) -> Row:
        names = [row["name"] for row in rows]
        return _head(connection, place) | {"objects": names, "schemas": names}

    return answer(request, connection, Level.SCHEMAS, place, worded)


def tree(rows: list[Row]) -> Row:
    """The catalogs and schemas that hold something."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        found.setdefault(row["catalog"], {}).setdefault(row["schema"], []).append(row["name"])
    return {
        "catalogs": [
            {"name": catalog, "schemas": [{"name": schema, "tables": tables} for schema, tables in schemas.items()]}
            for catalog, schemas in found.items()
        ]
    }


def _head(connection: Connection, place: Place) -> Row:
    return identity(connection) | {"schemaCatalogIdentifier": place.catalog}
