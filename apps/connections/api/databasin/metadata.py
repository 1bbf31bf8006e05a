"""What a connector's system holds: looked through by a refresh, then listed level by level."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.connections.api.databasin import metadata_shapes as shapes
from apps.connections.api.databasin.lookup import connector, waited, waiting
from apps.connections.api.databasin.metadata_answers import answer, place_of
from apps.connections.api.databasin.metadata_documentation import (
    CATALOG,
    FAILURES,
    JOB,
    SCHEMA,
    TAGS,
    described,
    got,
)
from apps.connections.queries import metadata as kept
from apps.connections.queries.metadata import Level, Row
from apps.connections.services import metadata as services
from apps.connections.services.metadata_reading import outcome
from apps.dialects.databasin.pages import PAGE, stretch
from apps.dialects.databasin.views import DatabasinEndpoint
from apps.dialects.parsing import object_of
from apps.errors import Invalid
from apps.jobs.models import ENDED

INITIATED = "Metadata refresh initiated"
REFRESHED = {"message": INITIATED, "status": "success", "catalogCount": 5, "schemaCount": 42, "tableCount": 1234}
CATALOGS = [{"catalogName": "analytics_prod", "description": "Production analytics database"}]
SCHEMAS = [{"schemaName": "public", "catalogName": "analytics_prod", "description": "standard public schema"}]
TABLES = [
    {
        "tableName": "customers",
        "tableType": "TABLE",
        "rowCount": 125000,
        "sizeInBytes": 52428800,
        "schemaName": "public",
        "catalogName": "analytics_prod",
        "description": "",
    }
]
COLUMNS = [
    {
        "columnName": "email",
        "dataType": "VARCHAR(255)",
        "isNullable": False,
        "isPrimaryKey": False,
        "ordinalPosition": 2,
        "defaultValue": None,
        "comment": None,
    }
]


class MetadataCounts(serializers.Serializer[Any]):
    message = serializers.CharField()
    status = serializers.CharField()
    catalogCount = serializers.IntegerField()
    schemaCount = serializers.IntegerField()
    tableCount = serializers.IntegerField()


class MetadataCountsWaiting(MetadataCounts):
    jobId = serializers.CharField(help_text="Poll `/api/jobs/{jobId}`.")


class RefreshView(DatabasinEndpoint):
    scope = "write"

    @extend_schema(
        operation_id="databasin_refresh_metadata",
        summary="Look through all that the connector's system holds; a refresh that is under way is joined",
        request=None,
        responses={200: MetadataCounts, 202: MetadataCountsWaiting, **FAILURES},
        examples=[
            got(REFRESHED),
            got(REFRESHED | {"jobId": JOB}, "It takes long: the counts are those of the last refresh", 202),
        ],
        tags=TAGS,
    )
    def post(self, request: Request, connector_id: int) -> Response:
        connection = connector(request, connector_id)
        object_of(request)  # which says nothing, but must be one
        job = waited(services.start_refresh(connection=connection, at=timezone.now()))
        if job.state not in ENDED:
            return waiting(job, INITIATED, **_counts(kept.counts(connection)))
        return Response({"message": INITIATED, "status": "success", **_counts(outcome(job))})


class CatalogsView(DatabasinEndpoint):
    @described(
        "list_catalogs",
        "The catalogs (databases) of a connector",
        shapes.DatabasinCatalog(many=True),
        [got(CATALOGS)],
        *PAGE,
    )
    def get(self, request: Request, connector_id: int) -> Response:
        return listed(request, connector_id, Level.CATALOGS, shapes.catalog)


class SchemasView(DatabasinEndpoint):
    @described(
        "list_schemas", "The schemas of a catalog", shapes.DatabasinSchema(many=True), [got(SCHEMAS)], CATALOG, *PAGE
    )
    def get(self, request: Request, connector_id: int) -> Response:
        return listed(request, connector_id, Level.SCHEMAS, shapes.schema)


class TablesView(DatabasinEndpoint):
    @described(
        "list_tables",
        "The tables, views and files of a schema",
        shapes.DatabasinTable(many=True),
        [got(TABLES)],
        CATALOG,
        SCHEMA,
        *PAGE,
    )
    def get(self, request: Request, connector_id: int) -> Response:
        return listed(request, connector_id, Level.TABLES, shapes.table)


class ColumnsView(DatabasinEndpoint):
    @described(
        "list_columns",
        "The columns of a table",
        shapes.DatabasinColumn(many=True),
        [got(COLUMNS)],
        OpenApiParameter("table", str, required=True),
        CATALOG,
        SCHEMA,
    )
    def get(self, request: Request, connector_id: int) -> Response:
        connection = connector(request, connector_id)
        table = request.query_params.get("table", "")
        if not table:
            raise Invalid("Missing required parameter: table", code="missing_required_field", field="table")
        place = place_of(request, connection, (table,))
        return answer(request, connection, Level.COLUMNS, place, lambda rows: shapes.columns(rows[0]))


def listed(request: Request, connector_id: int, level: Level, worded: Callable[[Row], Row]) -> Response:
    """What is found there as a bare list, each in the words that `worded` has for it."""
    connection = connector(request, connector_id)
    wanted, place = stretch(request), place_of(request, connection)
    return answer(request, connection, level, place, lambda rows: [worded(row) for row in rows[wanted]])


def _counts(found: dict[str, int]) -> dict[str, int]:
    return {
        "catalogCount": found["catalogs"],
        "schemaCount": found["schemas"],
        "tableCount": found["tables"],
    }
