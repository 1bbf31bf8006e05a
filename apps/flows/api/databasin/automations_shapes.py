"""What OpenAPI says of automations."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from apps.dialects.lists import Values
from apps.flows.api.databasin.statuses import STATUS_HELP

KEPT_ONLY = "Kept and shown; it changes nothing here."


class JobDetails(serializers.Serializer[Any]):
    jobRunSchedule = serializers.CharField(allow_null=True, required=False, help_text="Cron, five fields; null: none.")
    jobRunTimeZone = serializers.CharField(required=False)
    jobClusterSize = serializers.CharField(required=False, help_text=KEPT_ONLY)
    jobTimeout = serializers.CharField(required=False, help_text=KEPT_ONLY)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    emailNotifications = serializers.ListField(child=serializers.CharField(), required=False, help_text=KEPT_ONLY)


class DatabasinTask(serializers.Serializer[Any]):
    automationTaskID = serializers.IntegerField(read_only=True)
    taskType = serializers.ChoiceField(["pipeline"])
    taskName = serializers.CharField(required=False, help_text="Left out: the pipeline's name.")
    jobID = serializers.IntegerField(help_text="The pipeline's number.")
    automationOrderNumber = serializers.IntegerField(required=False, help_text="Left out: by its place in the list.")
    isActive = serializers.BooleanField(required=False, default=True, help_text="Others are passed over.")


class DatabasinAutomation(serializers.Serializer[Any]):
    automationID = serializers.IntegerField(read_only=True)
    automationName = serializers.CharField()
    institutionID = serializers.IntegerField(required=False)
    internalID = serializers.CharField(required=False, allow_blank=True, help_text="The project; empty for none.")
    ownerID = serializers.IntegerField(required=False, help_text="0 for nobody.")
    isActive = serializers.BooleanField(required=False, default=True, help_text="Whether it runs by its schedule.")
    isPrivate = serializers.BooleanField(required=False, help_text=KEPT_ONLY)
    jobRunSchedule = serializers.CharField(required=False, allow_blank=True, help_text="Cron, five fields.")
    jobRunTimeZone = serializers.CharField(required=False)
    intervalMinutes = serializers.IntegerField(required=False, allow_null=True, help_text="In place of a cron.")
    jobName = serializers.CharField(required=False, allow_blank=True, help_text=KEPT_ONLY)
    jobClusterSize = serializers.CharField(required=False, allow_blank=True, help_text=KEPT_ONLY)
    jobTimeout = serializers.CharField(required=False, allow_blank=True, help_text=KEPT_ONLY)
    jobTags = serializers.ListField(child=serializers.CharField(), required=False)
    auditEnabled = serializers.BooleanField(required=False, help_text=KEPT_ONLY)
    auditInformation = serializers.DictField(required=False, help_text=KEPT_ONLY)
    pipelineId = serializers.CharField(
        required=False, allow_null=True, help_text="The first task's; written: the only one's."
    )
    automationTasks = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="Their types.")
    automationTask = DatabasinTask(many=True, required=False)
    jobDetails = JobDetails(required=False)
    currentlyRunning = serializers.BooleanField(read_only=True, help_text="Or about to: stop it then.")
    lastRunStatus = serializers.CharField(read_only=True, help_text=STATUS_HELP)
    lastRunErrorMessage = serializers.CharField(read_only=True, allow_null=True)
    lastRun = serializers.CharField(read_only=True, allow_null=True)
    nextRun = serializers.CharField(read_only=True, allow_null=True)
    createdAt = serializers.CharField(read_only=True)
    updatedAt = serializers.CharField(read_only=True)
    lastUpdatedDateTime = serializers.CharField(read_only=True)


class StoredAutomation(DatabasinAutomation):
    message = serializers.CharField()
    status = serializers.CharField(help_text='Of the request: "success".')


class Told(serializers.Serializer[Any]):
    message = serializers.CharField()
    status = serializers.CharField()


TAGS = ["Databasin: automations"]
SENT: Values = {
    "automationName": "Daily ETL",
    "institutionID": 1,
    "internalID": "proj-001",
    "isActive": True,
    "isPrivate": False,
    "jobRunSchedule": "0 2 * * *",
    "jobRunTimeZone": "America/New_York",
    "automationTask": [{"taskType": "pipeline", "taskName": "Load orders", "jobID": 12, "automationOrderNumber": 1}],
}
SHOWN: Values = {
    "automationID": 7,
    **SENT,
    "ownerID": 456,
    "intervalMinutes": None,
    "jobName": "",
    "jobClusterSize": "",
    "jobTimeout": "",
    "jobTags": [],
    "auditEnabled": False,
    "auditInformation": {},
    "pipelineId": "12",
    "automationTasks": ["pipeline"],
    "automationTask": [
        {
            "automationTaskID": 31,
            "taskType": "pipeline",
            "taskName": "Load orders",
            "jobID": 12,
            "automationOrderNumber": 1,
            "isActive": True,
        }
    ],
    "jobDetails": {
        "jobRunSchedule": "0 2 * * *",
        "jobRunTimeZone": "America/New_York",
        "jobClusterSize": "",
        "jobTimeout": "",
        "tags": [],
        "emailNotifications": [],
    },
    "currentlyRunning": False,
    "lastRunStatus": "Successful",
    "lastRunErrorMessage": None,
    "lastRun": "2025-01-20T07:00:00Z",
    "nextRun": "2025-01-21T07:00:00Z",
    "createdAt": "2025-01-15T10:30:00Z",
    "updatedAt": "2025-01-20T14:45:00Z",
    "lastUpdatedDateTime": "2025-01-20T14:45:00Z",
}
CREATED: Values = {**SHOWN, "message": "Automation created successfully", "status": "success"}
UPDATED: Values = {**SHOWN, "message": "Automation updated successfully", "status": "success"}
DELETED = {"message": "Automation deleted successfully", "status": "success"}


def sends(document: Values) -> OpenApiExample:
    return OpenApiExample("Request", document, request_only=True)


def answers(document: object) -> OpenApiExample:
    return OpenApiExample("Answer", document, response_only=True, status_codes=["200"])
