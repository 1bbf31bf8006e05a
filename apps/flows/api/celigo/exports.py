"""Exports in Celigo's shape. Of its adaptors `RDBMSExport` is served, by a query or, our extension, by table."""

import re
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from apps.accounts.queries import visible
from apps.connections.models import Connection
from apps.dialects.celigo.documentation import documented
from apps.dialects.celigo.resources import Resource
from apps.dialects.celigo.shapes import Part, Shape
from apps.dialects.lists import Listing, Values, document, moment
from apps.dialects.views import caller_of
from apps.flows import services
from apps.flows.api.celigo import filters
from apps.flows.api.celigo.names import NameField, name_list
from apps.flows.api.celigo.references import connection_map, resolved
from apps.flows.models import Export

DEFAULT_PAGE_SIZE = 5_000
"""Celigo's own default is 20, which suits APIs; a page of a database holds more."""

LARGEST_LAG = 10 * 365 * 86_400_000
TEMPLATE = re.compile(r"\{\{\{?[#/]?\s*[A-Za-z]")


class SourceShape(serializers.Serializer[Any]):
    query = serializers.CharField(required=False, max_length=100_000, help_text="One SELECT statement.")
    schema = NameField(required=False, allow_blank=True)
    table = NameField(required=False, help_text="In place of a query.")
    columns = name_list("The columns to read; else all.")
    key = name_list("The columns that order a query, so that an interrupted run can resume.")

    def validate_query(self, query: str) -> str:
        if TEMPLATE.search(query):
            raise serializers.ValidationError("Templates in queries are not supported yet: use `delta.dateField`.")
        return query

    def validate(self, attrs: Values) -> Values:
        if attrs.get("query") and attrs.get("table"):
            raise serializers.ValidationError({"query": "Give a query or a table, not both."})
        return attrs


class DeltaShape(Part):
    kept = ("dateFormat",)
    later = ("startDate",)

    dateField = NameField(help_text="The column that rises when a record changes.")
    lagOffset = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=-LARGEST_LAG,
        max_value=LARGEST_LAG,
        help_text="Milliseconds to read again from before the last run's end; 5 minutes if it is left out.",
    )

    def validate_dateField(self, name: str) -> str:  # noqa: N802 (DRF looks for the field's name)
        if "," in name:
            raise serializers.ValidationError("More than one column is not supported yet.")
        return name


class TestShape(serializers.Serializer[Any]):
    limit = serializers.IntegerField(required=False, min_value=1, max_value=100, default=1)


class ExportShape(Shape):
    kept = (
        "dataURITemplate",
        "traceKeyTemplate",
        "settings",
        "settingsForm",
        "mockOutput",
        "sampleData",
        "debugUntil",
        "_integrationId",
        "_connectorId",
    )
    later = (
        "isLookup",
        "oneToMany",
        "pathToMany",
        "groupByFields",
        "once",
        "webhook",
        "distributed",
        "simple",
        "inputFilter",
        "mappings",
        "transform",
        "hooks",
        "preSave",
    )

    name = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    _connectionId = serializers.CharField()
    adaptorType = serializers.ChoiceField(
        ["RDBMSExport"], error_messages={"invalid_choice": "Only RDBMSExport is supported yet."}
    )
    type = serializers.ChoiceField(
        ["delta", "test"],
        required=False,
        allow_null=True,
        help_text="Left out for all records.",
        error_messages={"invalid_choice": "Only delta, test or none is supported yet."},
    )
    pageSize = serializers.IntegerField(required=False, help_text=f"Records; {DEFAULT_PAGE_SIZE} if it is left out.")
    delta = DeltaShape(required=False, allow_null=True)
    test = TestShape(required=False, allow_null=True)
    rdbms = SourceShape()
    filter = filters.FilterField(required=False)

    def values(self, connection: Connection) -> Values:
        """By the model's field names."""
        data = self.validated_data
        source, delta, test = data["rdbms"], data.get("delta") or {}, data.get("test") or {}
        type_ = data.get("type") or Export.Type.ALL
        return {
            "connection": connection,
            "name": data["name"],
            "description": data.get("description", ""),
            "type": type_,
            "source": {name: source[name] for name in ("query", "schema", "table") if source.get(name)},
            "columns": source.get("columns", []),
            "key": source.get("key", []),
            "cursor": _cursor(delta),
            "filter": data.get("filter", []),
            "page_size": data.get("pageSize", DEFAULT_PAGE_SIZE),
            "limit": test.get("limit", 1) if type_ == Export.Type.TEST else None,
            "document": self.document(),
        }


def _cursor(delta: Values) -> Values:
    """Celigo counts the overlap in milliseconds, we in the cursor's own unit, which for moments is the second."""
    if not delta:
        return {}
    lag = delta.get("lagOffset")
    return {"column": delta["dateField"]} | ({} if lag is None else {"overlap": lag / 1000})


def _wrap(row: Values) -> Values:
    source = {**row["source"], "columns": row["columns"], "key": row["key"]}
    shown = {
        "_id": row["_id"],
        "createdAt": row["createdAt"],
        "lastModified": row["lastModified"],
        "name": row["name"],
        "_connectionId": row["_connectionId"],
        "adaptorType": "RDBMSExport",
        "pageSize": row["pageSize"],
        "rdbms": {name: value for name, value in source.items() if value},
        **filters.shown(row["filter"]),
        **row["document"],
    }
    if row["description"]:
        shown["description"] = row["description"]
    if row["type"] != Export.Type.ALL:
        shown["type"] = row["type"]
    if cursor := row["cursor"]:
        overlap = cursor.get("overlap")
        lag = {} if overlap is None else {"lagOffset": round(overlap * 1000)}
        shown["delta"] = {"dateField": cursor.get("column", ""), **lag}
    if row["type"] == Export.Type.TEST:
        shown["test"] = {"limit": row["limit"] or 1}
    return shown


LISTING = Listing(
    "flows_export row JOIN connections_connection connection ON connection.id = row.connection_id",
    {
        "_id": "row.uid",
        "createdAt": moment("row.created_at"),
        "lastModified": moment("row.updated_at"),
        "name": "row.name",
        "description": "row.description",
        "_connectionId": "connection.uid",
        "type": "row.type",
        "pageSize": "row.page_size",
        "limit": 'row."limit"',
        "source": document("row.source"),
        "columns": document("row.columns"),
        "key": document("row.key"),
        "cursor": document("row.cursor"),
        "filter": document("row.filter"),
        "document": document("row.document"),
    },
    _wrap,
)

SENT = {
    "name": "Orders of the shop",
    "_connectionId": "5e03061cda20740022300f09",
    "adaptorType": "RDBMSExport",
    "type": "delta",
    "delta": {"dateField": "updated_at", "lagOffset": 60000},
    "rdbms": {"schema": "public", "table": "orders"},
}
GOT = {
    "_id": "5e03061cda20740022300f0a",
    "createdAt": "2026-11-22T09:30:00.000Z",
    "lastModified": "2026-11-22T09:30:00.000Z",
    "pageSize": DEFAULT_PAGE_SIZE,
    **SENT,
}


@documented(tag="Celigo: exports", noun="export", shape=ExportShape, request=SENT, response=GOT)
class ExportViews(Resource):
    what = "Export"
    listing = LISTING
    shape = ExportShape
    patchable = frozenset(
        {"name", "description", "pageSize", "delta", "test", "type", "rdbms", "filter", "settings", "debugUntil"}
    )
    names = {
        "connection": "_connectionId",
        "source": "rdbms.query",
        "columns": "rdbms.columns",
        "key": "rdbms.key",
        "cursor": "delta.dateField",
        "page_size": "pageSize",
        "limit": "test.limit",
    }

    def rows(self) -> QuerySet[Export]:
        return visible(Export.objects.all(), caller_of(self.request))

    def values(self, shape: ExportShape) -> Values:
        uid = shape.validated_data["_connectionId"]
        return shape.values(resolved(Connection.objects.all(), uid, caller_of(self.request), field="_connectionId"))

    def make(self, values: Values) -> Export:
        caller = caller_of(self.request)
        return services.create_export(
            organization_id=caller.organization_id, project_id=caller.project_id, values=values
        )

    def alter(self, row: Export, values: Values) -> None:
        services.change_export(export=row, values=values)

    def drop(self, row: Export) -> None:
        services.remove_export(export=row)

    def copy(self, row: Export, values: Values) -> Export:
        connections = connection_map(values, caller_of(self.request))
        return services.clone_export(export=row, name=values.get("name", ""), connections=connections)
