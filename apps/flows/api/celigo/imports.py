"""Imports in Celigo's shape. Of its adaptors `RDBMSImport` is served: a bulk insert or load, or, our extension, a table
and a mode."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from apps.accounts.queries import visible
from apps.connections.models import Connection
from apps.dialects.celigo.documentation import documented
from apps.dialects.celigo.resources import Resource
from apps.dialects.celigo.shapes import Shape
from apps.dialects.lists import Listing, Values, document, moment
from apps.dialects.views import caller_of
from apps.errors import Invalid
from apps.flows import services
from apps.flows.api.celigo import filters, tables
from apps.flows.api.celigo.mappings import rules_of
from apps.flows.api.celigo.names import NameField, name_list
from apps.flows.api.celigo.references import connection_map, resolved
from apps.flows.models import Import

QUERY_TYPES = ("bulk_insert", "bulk_load")


class BulkInsertShape(serializers.Serializer[Any]):
    tableName = NameField(max_length=500, help_text="orders, public.orders")
    batchSize = serializers.JSONField(
        required=False, help_text="Stored; how much is written at once is ours to choose."
    )


class BulkLoadShape(serializers.Serializer[Any]):
    tableName = NameField(max_length=500, help_text="orders, public.orders")
    primaryKeys = name_list("Given: an upsert; else an insert.")
    overrideMergeQuery = serializers.BooleanField(required=False)

    def validate_overrideMergeQuery(self, value: bool) -> bool:  # noqa: N802 (DRF's own way of calling)
        if value:
            raise serializers.ValidationError("A merge query of your own is not supported yet.")
        return value


class TargetShape(serializers.Serializer[Any]):
    queryType = serializers.ListField(child=serializers.CharField(), required=False, max_length=1)
    bulkInsert = BulkInsertShape(required=False, allow_null=True)
    bulkLoad = BulkLoadShape(required=False, allow_null=True)
    schema = NameField(required=False, allow_blank=True)
    table = NameField(required=False, help_text="In place of queryType: with a mode.")
    mode = serializers.ChoiceField(Import.Mode.values, required=False)
    key = name_list("What an upsert matches on.")
    allowEmpty = serializers.BooleanField(required=False, help_text="Whether a replacement by nothing is right.")

    def validate_queryType(self, value: list[str]) -> list[str]:  # noqa: N802 (DRF looks for the field's name)
        if value and value[0] not in QUERY_TYPES:
            raise serializers.ValidationError(
                f"The queryType {value[0]} is not supported yet; these are: {', '.join(QUERY_TYPES)}."
            )
        return value

    def validate(self, attrs: Values) -> Values:
        if attrs.get("queryType") and attrs.get("table"):
            raise serializers.ValidationError({"queryType": "Give a queryType, or a table and a mode, not both."})
        return attrs


class ImportShape(Shape):
    kept = (
        "dataURITemplate",
        "traceKeyTemplate",
        "settings",
        "settingsForm",
        "mockResponse",
        "sampleData",
        "debugUntil",
        "_integrationId",
        "_connectorId",
    )
    later = (
        "oneToMany",
        "pathToMany",
        "blobKeyPath",
        "ignoreExisting",
        "ignoreMissing",
        "idLockTemplate",
        "inputFilter",
        "lookups",
        "transform",
        "responseTransform",
        "hooks",
        "preSave",
    )

    name = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    _connectionId = serializers.CharField()
    adaptorType = serializers.ChoiceField(
        ["RDBMSImport"], error_messages={"invalid_choice": "Only RDBMSImport is supported yet."}
    )
    rdbms = TargetShape()
    mappings = serializers.JSONField(required=False, help_text="Rules of mapping 2.0; without any, every field passes.")
    mapping = serializers.JSONField(required=False, help_text='Mapping 1.0: `{"fields": […]}`.')
    filter = filters.FilterField(required=False)

    def values(self, connection: Connection) -> Values:
        """By the model's field names. Raises Invalid for a target or a mapping that is not supported."""
        data = self.validated_data
        return {
            "connection": connection,
            "name": data["name"],
            "description": data.get("description", ""),
            "mapping": rules_of(mappings=data.get("mappings"), mapping=data.get("mapping")),
            "filter": data.get("filter", []),
            **_target(data["rdbms"]),
            "document": self.document() | self._as_given(),
        }

    def _as_given(self) -> Values:
        """How the client said it, so that it reads back in the same words."""
        data, given = self.validated_data, {}
        if query_type := data["rdbms"].get("queryType"):
            given["rdbms"] = {"queryType": query_type}
            if batch := (data["rdbms"].get("bulkInsert") or {}).get("batchSize"):
                given["rdbms"]["batchSize"] = batch
        return given | ({"mapping": data["mapping"]} if data.get("mapping") else {})


def _target(rdbms: Values) -> Values:
    """`target`, `mode`, `key` and `allow_empty` from either way of saying it."""
    query_type = (rdbms.get("queryType") or [""])[0]
    if not query_type:
        target = {name: rdbms[name] for name in ("schema", "table") if rdbms.get(name)}
        mode, key = rdbms.get("mode", Import.Mode.APPEND), rdbms.get("key", [])
        return {"target": target, "mode": mode, "key": key, "allow_empty": rdbms.get("allowEmpty", False)}
    block = "bulkInsert" if query_type == "bulk_insert" else "bulkLoad"
    bulk = rdbms.get(block)
    if not bulk:
        field = f"rdbms.{block}.tableName"
        raise Invalid(f"{query_type} needs {block}.tableName.", code="missing_required_field", field=field)
    key = bulk.get("primaryKeys", [])
    target = tables.parsed(bulk["tableName"], field=f"rdbms.{block}.tableName")
    return {
        "target": target,
        "mode": Import.Mode.UPSERT if key else Import.Mode.APPEND,
        "key": key,
        "allow_empty": False,
    }


def _wrap(row: Values) -> Values:
    kept = row["document"]
    shown = {
        "_id": row["_id"],
        "createdAt": row["createdAt"],
        "lastModified": row["lastModified"],
        "name": row["name"],
        "_connectionId": row["_connectionId"],
        "adaptorType": "RDBMSImport",
        **filters.shown(row["filter"]),
        **{name: value for name, value in kept.items() if name != "mapping"},
        "rdbms": _rdbms(row, kept.get("rdbms", {})),
        **_mapping(row["mapping"], kept.get("mapping")),
    }
    return shown | ({"description": row["description"]} if row["description"] else {})


def _rdbms(row: Values, said: Values) -> Values:
    """In Celigo's words if they were used and still hold what is stored, else in ours."""
    query_type = said.get("queryType")
    name = tables.written(row["target"])
    if query_type == ["bulk_insert"] and row["mode"] == Import.Mode.APPEND:
        batch = {"batchSize": said["batchSize"]} if "batchSize" in said else {}
        return {"queryType": query_type, "bulkInsert": {"tableName": name, **batch}}
    if query_type == ["bulk_load"] and row["mode"] != Import.Mode.REPLACE:
        keys = {"primaryKeys": row["key"]} if row["key"] else {}
        return {"queryType": query_type, "bulkLoad": {"tableName": name, **keys}}
    ours = {**row["target"], "mode": row["mode"], "key": row["key"], "allowEmpty": row["allowEmpty"]}
    return {name: value for name, value in ours.items() if value}


def _mapping(rules: list[Any], said: Any) -> Values:
    """Mapping 1.0 if it was given and still means the stored rules."""
    if said and rules_of(mappings=None, mapping=said) == rules:
        return {"mapping": said}
    return {"mappings": rules} if rules else {}


LISTING = Listing(
    "flows_import row JOIN connections_connection connection ON connection.id = row.connection_id",
    {
        "_id": "row.uid",
        "createdAt": moment("row.created_at"),
        "lastModified": moment("row.updated_at"),
        "name": "row.name",
        "description": "row.description",
        "_connectionId": "connection.uid",
        "target": document("row.target"),
        "mode": "row.mode",
        "key": document("row.key"),
        "mapping": document("row.mapping"),
        "filter": document("row.filter"),
        "allowEmpty": "row.allow_empty",
        "document": document("row.document"),
    },
    _wrap,
)

SENT = {
    "name": "Orders into the warehouse",
    "_connectionId": "5e03061cda20740022300f0b",
    "adaptorType": "RDBMSImport",
    "rdbms": {"schema": "public", "table": "orders", "mode": "upsert", "key": ["id"]},
    "mappings": [
        {"generate": "id", "extract": "$.id", "status": "Active"},
        {"generate": "total", "extract": "$.total", "cast": "decimal(12,2)", "status": "Active"},
    ],
}
GOT = {
    "_id": "5e03061cda20740022300f0c",
    "createdAt": "2026-11-22T09:30:00.000Z",
    "lastModified": "2026-11-22T09:30:00.000Z",
    **SENT,
}


@documented(tag="Celigo: imports", noun="import", shape=ImportShape, request=SENT, response=GOT)
class ImportViews(Resource):
    what = "Import"
    listing = LISTING
    shape = ImportShape
    patchable = frozenset({"name", "description", "rdbms", "mapping", "mappings", "filter", "settings", "debugUntil"})
    names = {
        "connection": "_connectionId",
        "target": "rdbms.table",
        "mode": "rdbms.mode",
        "key": "rdbms.key",
        "mapping": "mappings",
        "allow_empty": "rdbms.allowEmpty",
    }

    def rows(self) -> QuerySet[Import]:
        return visible(Import.objects.all(), caller_of(self.request))

    def values(self, shape: ImportShape) -> Values:
        uid = shape.validated_data["_connectionId"]
        return shape.values(resolved(Connection.objects.all(), uid, caller_of(self.request), field="_connectionId"))

    def make(self, values: Values) -> Import:
        caller = caller_of(self.request)
        return services.create_import(
            organization_id=caller.organization_id, project_id=caller.project_id, values=values
        )

    def alter(self, row: Import, values: Values) -> None:
        services.change_import(import_=row, values=values)

    def drop(self, row: Import) -> None:
        services.remove_import(import_=row)

    def copy(self, row: Import, values: Values) -> Import:
        connections = connection_map(values, caller_of(self.request))
        return services.clone_import(import_=row, name=values.get("name", ""), connections=connections)
