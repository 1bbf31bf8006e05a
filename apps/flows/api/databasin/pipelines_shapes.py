"""What OpenAPI says of pipelines: the documents that come in, and those that go out."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from apps.dialects.lists import Values
from apps.flows.api.databasin.artifacts_shapes import ARTIFACT, ITEM, KEPT_ONLY, DatabasinArtifact, DatabasinItem
from apps.flows.api.databasin.automations_shapes import JobDetails
from apps.flows.api.databasin.statuses import STATUS_HELP

TAGS = ["Databasin: pipelines"]
STATES = ("active", "inactive", "running", "error", "pending")
SUMMARY: Values = {
    "pipelineID": 7,
    "pipelineName": "Shop to warehouse",
    "pipelineDescription": "",
    "institutionID": 1,
    "internalID": "proj-001",
    "ownerID": 456,
    "isPrivate": 0,
    "enabled": True,
    "isActive": 1,
    "status": "active",
    "sourceConnectorID": 123,
    "targetConnectorID": 124,
    "sourceConnectorId": 123,
    "targetConnectorId": 124,
    "connectorTechnology": ["postgres"],
    "ingestionPattern": "data warehouse",
    "sourceNamingConvention": True,
    "createCatalogs": False,
    "targetCatalogName": "analytics",
    "targetSchemaName": "",
    "sourceCatalog": "",
    "sourceSchema": "",
    "jobDetails": {
        "tags": [],
        "jobClusterSize": "S",
        "emailNotifications": [],
        "jobRunSchedule": "0 10 * * *",
        "jobRunTimeZone": "UTC",
        "jobTimeout": "43200",
        "intervalMinutes": None,
    },
    "configuration": {"schedule": "0 10 * * *"},
    "lastRunDate": "2025-01-20T10:00:00Z",
    "lastRunStatus": "Successful",
    "lastRunErrorMessage": None,
    "nextRunDate": "2025-01-21T10:00:00Z",
    "deleted": False,
    "createdDate": "2025-01-15T10:30:00Z",
    "lastModifiedDate": "2025-01-20T14:45:00Z",
    "createdAt": "2025-01-15T10:30:00Z",
    "updatedAt": "2025-01-20T14:45:00Z",
}
WHOLE: Values = {**SUMMARY, "artifacts": [ARTIFACT], "items": [ITEM]}
SENT: Values = {
    "pipelineName": "Shop to warehouse",
    "institutionID": 1,
    "internalID": "proj-001",
    "ownerID": 456,
    "ingestionPattern": "data warehouse",
    "targetCatalogName": "analytics",
    "jobDetails": {"jobRunSchedule": "0 10 * * *", "jobRunTimeZone": "UTC"},
    "items": [{key: value for key, value in ITEM.items() if key != "artifactID"}],
}
CREATED = "Pipeline created successfully"
UPDATED = "Pipeline updated successfully"
DELETED = {"message": "Pipeline deleted successfully", "status": "success"}


class PipelineJobDetails(JobDetails):
    intervalMinutes = serializers.IntegerField(required=False, allow_null=True, help_text="In place of a cron.")


class PipelineSent(serializers.Serializer[Any]):
    pipelineName = serializers.CharField(max_length=200)
    pipelineDescription = serializers.CharField(required=False, allow_blank=True)
    institutionID = serializers.IntegerField(required=False, help_text="The organisation; 0: the caller's.")
    internalID = serializers.CharField(required=False, allow_blank=True, help_text="The project; empty for none.")
    ownerID = serializers.IntegerField(required=False, help_text="Nobody, or a stranger: the caller.")
    isPrivate = serializers.IntegerField(required=False, help_text="1 leaves it out of lists for another `ownerID`.")
    enabled = serializers.BooleanField(required=False, help_text="Whether it runs; true if it is left out.")
    isActive = serializers.IntegerField(required=False, help_text="The same as 1 or 0.")
    status = serializers.CharField(
        required=False, help_text=f"{', '.join(STATES[:-1])} or {STATES[-1]}; written: active or inactive."
    )
    sourceConnectorID = serializers.IntegerField(required=False, allow_null=True, help_text="For items without one.")
    targetConnectorID = serializers.IntegerField(required=False, allow_null=True, help_text="For items without one.")
    sourceConnectorId = serializers.IntegerField(required=False, allow_null=True, help_text="The same.")
    targetConnectorId = serializers.IntegerField(required=False, allow_null=True, help_text="The same.")
    connectorTechnology = serializers.ListField(child=serializers.CharField(), required=False, help_text=KEPT_ONLY)
    ingestionPattern = serializers.CharField(
        required=False,
        help_text="`data warehouse`, which needs targetCatalogName, or `datalake`, which needs targetSchemaName.",
    )
    sourceNamingConvention = serializers.BooleanField(required=False, help_text=KEPT_ONLY)
    createCatalogs = serializers.BooleanField(required=False, help_text=KEPT_ONLY)
    targetCatalogName = serializers.CharField(required=False, allow_blank=True, help_text="For items without one.")
    targetSchemaName = serializers.CharField(required=False, allow_blank=True, help_text="For items without one.")
    sourceCatalog = serializers.CharField(required=False, allow_blank=True, help_text="For items without one.")
    sourceSchema = serializers.CharField(required=False, allow_blank=True, help_text="For items without one.")
    jobDetails = PipelineJobDetails(required=False)
    configuration = serializers.DictField(
        required=False, help_text="`schedule`: a cron expression, where jobDetails has none."
    )
    items = DatabasinItem(
        many=True, required=False, help_text="All of them; an empty list leaves those that there are."
    )


class PipelineShown(PipelineSent):
    pipelineID = serializers.IntegerField()
    lastRunDate = serializers.CharField(allow_null=True)
    lastRunStatus = serializers.CharField(allow_null=True, help_text=STATUS_HELP)
    lastRunErrorMessage = serializers.CharField(allow_null=True)
    nextRunDate = serializers.CharField(allow_null=True)
    deleted = serializers.BooleanField()
    createdDate = serializers.CharField()
    lastModifiedDate = serializers.CharField()
    createdAt = serializers.CharField()
    updatedAt = serializers.CharField()
    artifacts = DatabasinArtifact(many=True, required=False, help_text="The same as `items`, in few words.")


class PipelineStored(PipelineShown):
    message = serializers.CharField()


class Done(serializers.Serializer[Any]):
    message = serializers.CharField()
    status = serializers.CharField()


def sends(body: Any) -> OpenApiExample:
    return OpenApiExample("Request", body, request_only=True)


def answers(body: Any) -> OpenApiExample:
    return OpenApiExample("Answer", body, response_only=True, status_codes=["200"])
