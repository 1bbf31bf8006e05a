"""The `rdbms` block of exports and imports: Celigo's queries, inserts and loads, and, our extension, tables by name."""

import re
from typing import Any

from rest_framework import serializers

from apps.connections.models import Connection
from apps.dialects.lists import Values
from apps.errors import Invalid
from apps.flows.api.celigo import tables
from apps.flows.api.celigo.names import NameField, name_list
from apps.flows.models import Import

TEMPLATE = re.compile(r"\{\{\{?[#/]?\s*[A-Za-z]")
PLACE = ("catalog", "schema", "table")
QUERY_TYPES = ("bulk_insert", "bulk_load")
NAMES = {
    "source": "rdbms.query",
    "columns": "rdbms.columns",
    "target": "rdbms.table",
    "mode": "rdbms.mode",
    "key": "rdbms.key",
    "allow_empty": "rdbms.allowEmpty",
}


class SourceShape(serializers.Serializer[Any]):
    query = serializers.CharField(required=False, max_length=100_000, help_text="One SELECT statement.")
    catalog = NameField(required=False, allow_blank=True, help_text="Only where one server has several.")
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
    catalog = NameField(required=False, allow_blank=True, help_text="Only where one server has several.")
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


class DatabaseBlocks:
    def name_of(self, field: str) -> str:
        """One of our field names in the words of the block."""
        return NAMES.get(field, field)

    def source_values(self, data: Values, _connection: Connection) -> Values:
        """An export's `source`, `columns` and `key`."""
        rdbms = data["rdbms"]
        return {
            "source": {name: rdbms[name] for name in ("query", *PLACE) if rdbms.get(name)},
            "columns": rdbms.get("columns", []),
            "key": rdbms.get("key", []),
        }

    def source_blocks(self, row: Values) -> Values:
        source = {**row["source"], "columns": row["columns"], "key": row["key"]}
        return {"rdbms": {name: value for name, value in source.items() if value}}

    def target_values(self, data: Values, _connection: Connection) -> Values:
        """An import's `target`, `mode`, `key` and `allow_empty` from either way of saying it. Raises Invalid."""
        rdbms = data["rdbms"]
        query_type = (rdbms.get("queryType") or [""])[0]
        if not query_type:
            target = {name: rdbms[name] for name in PLACE if rdbms.get(name)}
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

    def said(self, data: Values) -> Values:
        """How the client said it, so that it reads back in the same words."""
        query_type = data["rdbms"].get("queryType")
        if not query_type:
            return {}
        batch = (data["rdbms"].get("bulkInsert") or {}).get("batchSize")
        return {"rdbms": {"queryType": query_type, **({"batchSize": batch} if batch else {})}}

    def target_blocks(self, row: Values) -> Values:
        """In Celigo's words if they were used and still hold what is stored, else in ours."""
        said = row["document"].get("rdbms", {})
        query_type = said.get("queryType")
        name = tables.written(row["target"])
        if query_type == ["bulk_insert"] and row["mode"] == Import.Mode.APPEND:
            batch = {"batchSize": said["batchSize"]} if "batchSize" in said else {}
            return {"rdbms": {"queryType": query_type, "bulkInsert": {"tableName": name, **batch}}}
        if query_type == ["bulk_load"] and row["mode"] != Import.Mode.REPLACE:
            keys = {"primaryKeys": row["key"]} if row["key"] else {}
            return {"rdbms": {"queryType": query_type, "bulkLoad": {"tableName": name, **keys}}}
        ours = {**row["target"], "mode": row["mode"], "key": row["key"], "allowEmpty": row["allowEmpty"]}
        return {"rdbms": {name: value for name, value in ours.items() if value}}
