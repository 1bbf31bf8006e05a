"""The columns of chosen tables, and how each is best copied from them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.connections.api.databasin.ingestion import advice
from apps.connections.api.databasin.lookup import connector_in_body
from apps.connections.api.databasin.metadata_answers import answer
from apps.connections.api.databasin.metadata_documentation import described, got
from apps.connections.api.databasin.metadata_shapes import DatabasinColumnOfTable, columns_of_table
from apps.connections.models import Connection
from apps.connections.queries.metadata import Level, Place, Row, own_catalog
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.parsing import object_of
from apps.errors import Invalid

CHOSEN = {"connectorID": 123, "objects": ["orders"], "chosenDatabaseSchema": "public", "catalog": "analytics"}
ONE = {"connectorID": 123, "tableName": "orders", "schemaCatalog": "analytics.public"}
ID = {
    "name": "id",
    "type": "BIGINT",
    "nullable": False,
    "primaryKey": True,
    "ordinalPosition": 1,
    "defaultValue": None,
    "comment": None,
    "table": "orders",
}
ADVICE = {
    "sourceTableName": "orders",
    "sourceSchemaName": "public",
    "ingestionType": "delta",
    "mergeColumns": ["id"],
    "watermarkColumnName": "updated_at",
    "table": "orders",
    "recommendedType": "delta",
    "primaryKeys": ["id"],
    "timestampColumn": "updated_at",
    "reason": "updated_at tells when a row changed, and the primary key which row it was.",
}


class ChosenTables(serializers.Serializer[Any]):
    connectorID = serializers.IntegerField()
    objects = serializers.ListField(child=serializers.CharField(), required=False)
    chosenDatabaseSchema = serializers.CharField(required=False)
    catalog = serializers.CharField(required=False)
    tableName = serializers.CharField(required=False, help_text="In place of `objects`: the answer is a bare list.")
    schemaCatalog = serializers.CharField(required=False, help_text="With `tableName`: catalog.schema, or the schema.")


class ColumnsOfTables(serializers.Serializer[Any]):
    columns = DatabasinColumnOfTable(many=True)


class IngestionAdvice(serializers.Serializer[Any]):
    sourceTableName = serializers.CharField()
    sourceSchemaName = serializers.CharField(allow_blank=True)
    ingestionType = serializers.ChoiceField(["delta", "historical", "snapshot"])
    mergeColumns = serializers.ListField(child=serializers.CharField())
    watermarkColumnName = serializers.CharField(allow_null=True)
    table = serializers.CharField(help_text="`sourceTableName`, as older clients read it; so are those below.")
    recommendedType = serializers.CharField()
    primaryKeys = serializers.ListField(child=serializers.CharField())
    timestampColumn = serializers.CharField(allow_null=True)
    reason = serializers.CharField()


class IngestionAdvices(serializers.Serializer[Any]):
    objects = IngestionAdvice(many=True)


class ColumnsOfTablesView(DatabasinEndpoint):
    scope = "read"

    @described(
        "columns_of_tables",
        "The columns of chosen tables",
        PolymorphicProxySerializer(
            component_name="ColumnsOfTablesOrOfOne",
            serializers=[ColumnsOfTables, DatabasinColumnOfTable(many=True)],
            resource_type_field_name=None,
            many=False,
        ),
        [
            OpenApiExample("Chosen tables", CHOSEN, request_only=True),
            OpenApiExample("One table", ONE, request_only=True),
            got({"columns": [ID]}, "Of chosen tables"),
            got([ID], "Of one table"),
        ],
        sent=ChosenTables,
    )
    def post(self, request: Request) -> Response:
        body = object_of(request)
        connection = connector_in_body(request, body)
        is_one = "objects" not in body and "tableName" in body
        place = one_table(body, connection) if is_one else chosen_tables(body, connection)

        def worded(rows: list[Row]) -> Any:
            columns = [column for row in rows for column in columns_of_table(row)]
            return columns if is_one else {"columns": columns}

        return answer(request, connection, Level.COLUMNS, place, worded)


class IngestionTypeView(DatabasinEndpoint):
    scope = "read"

    @described(
        "ingestion_types",
        "How chosen tables are best copied, by their keys and columns",
        IngestionAdvices,
        [OpenApiExample("Chosen tables", CHOSEN, request_only=True), got({"objects": [ADVICE]})],
        sent=ChosenTables,
    )
    def post(self, request: Request) -> Response:
        body = object_of(request)
        connection = connector_in_body(request, body)
        place = chosen_tables(body, connection)
        return answer(request, connection, Level.COLUMNS, place, lambda rows: {"objects": list(map(advice, rows))})


def chosen_tables(body: Row, connection: Connection) -> Place:
    """Raises Invalid."""
    names = body.get("objects")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise Invalid("objects must be a list of one or more names of tables.", field="objects")
    return Place(
        catalog=_text(body, "catalog"),
        schema=_text(body, "chosenDatabaseSchema"),
        tables=tuple(dict.fromkeys(names)),
        own=own_catalog(connection),
    )


def one_table(body: Row, connection: Connection) -> Place:
    """Raises Invalid."""
    table, where = _text(body, "tableName"), _text(body, "schemaCatalog")
    if not table:
        raise Invalid("Missing required field: tableName", code="missing_required_field", field="tableName")
    catalog, dot, schema = where.partition(".")
    if not dot:
        catalog, schema = "", where
    return Place(catalog=catalog, schema=schema, tables=(table,), own=own_catalog(connection))


def _text(body: Row, name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid(f"{name} must be text.", field=name)
    return value or ""
