"""What OpenAPI says of source connections: what is sent, and what is answered."""

from typing import Any

from rest_framework import serializers

from apps.dialects.lists import Values
from apps.dialects.sources.pages import Page

TAGS = ["Sources: source connections"]
MOMENT = "2024-01-15T10:00:00Z"
CREDENTIALS: Values = {
    "host": "db.example.com",
    "port": 5432,
    "database": "myapp",
    "username": "readonly",
    "password": "…",
}
SENT: Values = {
    "collectionId": "col_5e03061cda20740022300f01",
    "sourceShortName": "postgresql",
    "name": "Production Database",
    "credentials": CREDENTIALS,
}
LISTED: Values = {
    "id": "sc_5e03061cda20740022300f02",
    "name": "Production Database",
    "collectionId": "col_5e03061cda20740022300f01",
    "collectionReadableId": "product-docs",
    "sourceShortName": "postgresql",
    "sourceName": "PostgreSQL",
    "status": "pending",
    "statusMessage": "",
    "continuous": False,
    "streams": 0,
    "records": 0,
    "lastSyncAt": None,
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
}
COUNTED: Values = {"inserted": 3, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}
SYNC: Values = {
    "id": "sync_5e03061cda20740022300f03",
    "status": "completed",
    "mode": "incremental",
    "trigger": "manual",
    "createdAt": MOMENT,
    "startedAt": MOMENT,
    "endedAt": MOMENT,
    **COUNTED,
    "error": None,
}
SHOWN: Values = {
    **LISTED,
    "status": "connected",
    "records": 3,
    "lastSyncAt": MOMENT,
    "config": {"tables": ["public.articles"]},
    "credentials": {"host": "db.example.com", "port": 5432, "database": "myapp", "username": "readonly"},
    "lastSync": SYNC,
    "following": None,
    "totals": {"streams": 1, "records": 3},
    "streams": [
        {
            "name": "public.articles",
            "catalog": "",
            "schema": "public",
            "table": "articles",
            "records": 3,
            "syncedAt": MOMENT,
            "lastRun": {**COUNTED, "error": None},
        }
    ],
}
GOES_ON: Values = {
    "success": False,
    "status": "pending",
    "message": "It takes a while: poll the job, whose result has the answer.",
    "jobId": "5e03061cda20740022300f09",
}


class SourceConnectionSent(serializers.Serializer[Any]):
    collectionId = serializers.CharField(help_text="Its id, UUID or readable id.")
    sourceShortName = serializers.CharField()
    name = serializers.CharField()
    credentials = serializers.DictField(required=False, help_text="By the names of the source's `authFields`.")
    config = serializers.DictField(required=False, help_text="By the names of the source's `configFields`.")
    verify = serializers.BooleanField(required=False, help_text="Test it first: nothing is made that does not work.")
    sync = serializers.BooleanField(required=False, help_text="Start a sync at once.")


class SourceConnectionListed(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    collectionId = serializers.CharField()
    collectionReadableId = serializers.CharField()
    sourceShortName = serializers.CharField()
    sourceName = serializers.CharField()
    status = serializers.CharField(help_text="pending, connected, syncing, error or needs_reauth.")
    statusMessage = serializers.CharField(allow_blank=True)
    continuous = serializers.BooleanField(help_text="Whether changes are followed as they happen.")
    streams = serializers.IntegerField(help_text="How many tables or files have landed.")
    records = serializers.IntegerField()
    lastSyncAt = serializers.CharField(allow_null=True)
    createdAt = serializers.CharField()
    updatedAt = serializers.CharField()


class SyncFailure(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class SyncCounts(serializers.Serializer[Any]):
    inserted = serializers.IntegerField()
    updated = serializers.IntegerField()
    deleted = serializers.IntegerField()
    kept = serializers.IntegerField()
    failed = serializers.IntegerField()
    error = SyncFailure(allow_null=True)


class SyncListed(SyncCounts):
    id = serializers.CharField()
    status = serializers.CharField(help_text="queued, running, completed, failed, cancelling or cancelled.")
    mode = serializers.CharField(allow_blank=True, help_text="full, incremental, or as the sync decided itself.")
    trigger = serializers.CharField(help_text="manual or schedule.")
    createdAt = serializers.CharField()
    startedAt = serializers.CharField(allow_null=True)
    endedAt = serializers.CharField(allow_null=True)


class SyncProgress(serializers.Serializer[Any]):
    recordsRead = serializers.IntegerField()
    recordsExpected = serializers.IntegerField(allow_null=True)


class StreamCounts(SyncCounts):
    name = serializers.CharField()


class SyncShown(SyncListed):
    progress = SyncProgress()
    streams = StreamCounts(many=True)


class StreamShown(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="As the configuration names it.")
    catalog = serializers.CharField(allow_blank=True)
    schema = serializers.CharField(allow_blank=True)
    table = serializers.CharField()
    records = serializers.IntegerField()
    syncedAt = serializers.CharField(allow_null=True)
    lastRun = SyncCounts(allow_null=True)


class SourceTotals(serializers.Serializer[Any]):
    streams = serializers.IntegerField()
    records = serializers.IntegerField()


class SourceFollowing(serializers.Serializer[Any]):
    reason = serializers.CharField(allow_blank=True, help_text="Why everything is read instead.")
    leftOut = serializers.DictField(help_text="By the tables that cannot be followed, why.")
    lagBytes = serializers.IntegerField(allow_null=True, help_text="Of the source's journal, not taken yet.")
    retainedBytes = serializers.IntegerField(allow_null=True, help_text="Of it, kept on the source's disk for this.")
    at = serializers.CharField(allow_null=True)


class SourceConnectionShown(SourceConnectionListed):
    streams = StreamShown(many=True)  # type: ignore[assignment]  # one alone is shown in full
    totals = SourceTotals()
    config = serializers.DictField()
    credentials = serializers.DictField(help_text="Without any secret.")
    lastSync = SyncListed(allow_null=True)
    following = SourceFollowing(allow_null=True, help_text="Where changes are followed as they happen.")


class SourceConnectionList(Page):
    sourceConnections = SourceConnectionListed(many=True)


class SourceConnectionMade(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    sourceConnection = SourceConnectionListed()
    syncId = serializers.CharField(required=False, help_text="Of the sync that was asked for.")
    message = serializers.CharField(required=False)
    jobId = serializers.CharField(required=False, help_text="Of a test that goes on.")


class SourceConnectionAnswer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    sourceConnection = SourceConnectionShown()


class SourceOutcome(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    status = serializers.CharField(help_text="connected, error or pending.")
    message = serializers.CharField()


class SourceWaiting(SourceOutcome):
    jobId = serializers.CharField(help_text="Poll `/api/jobs/{jobId}`.")


class SourceConnectionRemoved(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    deletedRecords = serializers.IntegerField()
    retainedRecords = serializers.IntegerField(help_text="They stay searchable, marked as orphaned.")


class RecordsCleared(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    deletedRecords = serializers.IntegerField()
