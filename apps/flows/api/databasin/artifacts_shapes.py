"""What OpenAPI says of the artifacts of pipelines."""

from typing import Any

from rest_framework import serializers

from apps.dialects.lists import Values

KEPT_ONLY = "Kept and shown; it changes nothing here."
ITEM: Values = {
    "artifactID": 31,
    "artifactType": 1,
    "sourceConnectionID": 123,
    "sourceDatabaseName": "shop",
    "sourceSchemaName": "public",
    "sourceTableName": "orders",
    "sourceColumnNames": None,
    "targetConnectionID": 124,
    "targetDatabaseName": "analytics",
    "targetSchemaName": "analytics",
    "targetTableName": "orders",
    "ingestionType": "delta",
    "mergeColumns": ["id"],
    "watermarkColumnName": ["updated_at"],
    "backloadNumDays": 0,
}
ARTIFACT: Values = {
    "id": "31",
    "type": "table",
    "config": {"tableName": "orders", "schema": "public", "mode": "upsert"},
}


class DatabasinItem(serializers.Serializer[Any]):
    artifactID = serializers.IntegerField(required=False, help_text="Of one that there is; left out for a new one.")
    artifactType = serializers.IntegerField(required=False, help_text="The number of the source's category: 1, 2 or 3.")
    sourceConnectionID = serializers.IntegerField(
        required=False, allow_null=True, help_text="Left out: the pipeline's source."
    )
    sourceDatabaseName = serializers.CharField(required=False, allow_blank=True)
    sourceSchemaName = serializers.CharField(required=False, allow_blank=True)
    sourceTableName = serializers.CharField(required=False, allow_blank=True)
    sourceColumnNames = serializers.ListField(
        child=serializers.CharField(), required=False, allow_null=True, help_text="null: all."
    )
    sourceQuery = serializers.CharField(read_only=True, help_text="Of a flow that reads a query.")
    sourceFileName = serializers.CharField(required=False, help_text="A file or a pattern, in place of a table.")
    sourceFileFormat = serializers.CharField(required=False, help_text="csv, tsv, json, jsonl, parquet or xlsx.")
    sourceFileDelimiter = serializers.CharField(required=False, allow_null=True)
    containsHeader = serializers.BooleanField(required=False)
    columnHeaderLineNumber = serializers.IntegerField(required=False, allow_null=True)
    targetConnectionID = serializers.IntegerField(required=False, help_text="Left out: the pipeline's target.")
    targetDatabaseName = serializers.CharField(required=False, allow_blank=True)
    targetSchemaName = serializers.CharField(required=False, allow_blank=True)
    targetTableName = serializers.CharField(required=False, help_text="Left out: the source's name.")
    ingestionType = serializers.CharField(
        required=False,
        help_text="full, historical or snapshot: all rows, in place of what is there. delta or cdc: what changed by "
        "watermarkColumnName, merged by mergeColumns or, without these, appended. append: all rows, appended.",
    )
    mergeColumns = serializers.ListField(child=serializers.CharField(), required=False)
    watermarkColumnName = serializers.ListField(child=serializers.CharField(), required=False, help_text="One column.")
    backloadNumDays = serializers.IntegerField(
        required=False, help_text="So many days before the last run's end are read again; 0: five minutes."
    )
    autoExplode = serializers.BooleanField(required=False, help_text=KEPT_ONLY)
    detectDeletes = serializers.BooleanField(
        required=False, help_text=f"{KEPT_ONLY} Rows that are gone from the source are missed by a full copy alone."
    )
    priority = serializers.BooleanField(required=False, help_text=KEPT_ONLY)
    replaceTable = serializers.BooleanField(required=False, help_text=KEPT_ONLY)
    snapshotRetentionPeriod = serializers.IntegerField(required=False, help_text=KEPT_ONLY)


class ArtifactConfig(serializers.Serializer[Any]):
    tableName = serializers.CharField(required=False)
    schema = serializers.CharField(required=False, allow_blank=True)
    filePath = serializers.CharField(required=False)
    format = serializers.CharField(required=False)
    query = serializers.CharField(read_only=True)
    mode = serializers.CharField(required=False, help_text="append, overwrite or upsert.")


class DatabasinArtifact(serializers.Serializer[Any]):
    id = serializers.CharField(read_only=True)
    type = serializers.CharField(required=False, help_text="table, file or query.")
    config = ArtifactConfig(required=False)


class ArtifactSent(DatabasinItem):
    """As an item of a pipeline, or by `type` and `config`."""

    type = serializers.CharField(required=False, help_text="table or file.")
    config = ArtifactConfig(required=False)


class ArtifactStored(ArtifactSent):
    id = serializers.CharField()
    pipelineID = serializers.IntegerField()
    message = serializers.CharField()
    status = serializers.CharField()
