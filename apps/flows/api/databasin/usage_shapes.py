"""What OpenAPI says of usage."""

from typing import Any

from rest_framework import serializers

from apps.dialects.lists import Values

FIGURES: Values = {
    "activePipelines": 9,
    "activeAutomations": 2,
    "totalConnections": 14,
    "totalPipelineRuns": 1280,
    "successfulPipelineRuns": 1265,
    "failedPipelineRuns": 12,
    "totalPipelineRuntimeSeconds": 86400,
    "totalAutomationRuns": 60,
    "successfulAutomationRuns": 58,
    "failedAutomationRuns": 2,
    "totalAutomationRuntimeSeconds": 7200,
    "totalRecordsIngested": 48000000,
    "lastActivityDate": "2025-01-20T14:45:00Z",
}
USER: Values = {
    "userId": 456,
    "fullName": "Ada Byron",
    "email": "ada@example.com",
    "totalPipelinesOwned": 12,
    "totalAutomationsOwned": 3,
    **FIGURES,
}
TOTALS: Values = {"totalUsers": 5, "activeUsers": 4, "totalPipelines": 12, "totalAutomations": 3}
PROJECT: Values = {
    "projectId": 7,
    "projectName": "Sales",
    "institutionId": 1,
    "institutionName": "Acme",
    "administratorId": 456,
    "administratorName": "Ada Byron",
    **TOTALS,
    **FIGURES,
}
INSTITUTION: Values = {
    "institutionId": 1,
    "institutionName": "Acme",
    "shortName": "Acme",
    "enabled": True,
    "totalProjects": 2,
    "activeProjects": 2,
    **TOTALS,
    **FIGURES,
}


class Usage(serializers.Serializer[Any]):
    activePipelines = serializers.IntegerField(help_text="Those that run by their schedule.")
    activeAutomations = serializers.IntegerField()
    totalConnections = serializers.IntegerField()
    totalPipelineRuns = serializers.IntegerField()
    successfulPipelineRuns = serializers.IntegerField()
    failedPipelineRuns = serializers.IntegerField()
    totalPipelineRuntimeSeconds = serializers.IntegerField()
    totalAutomationRuns = serializers.IntegerField()
    successfulAutomationRuns = serializers.IntegerField()
    failedAutomationRuns = serializers.IntegerField()
    totalAutomationRuntimeSeconds = serializers.IntegerField()
    totalRecordsIngested = serializers.IntegerField(help_text="What was written.")
    lastActivityDate = serializers.CharField(allow_null=True, help_text="When the latest run began.")


class UserUsage(Usage):
    userId = serializers.IntegerField()
    fullName = serializers.CharField(allow_blank=True)
    email = serializers.CharField()
    totalPipelinesOwned = serializers.IntegerField()
    totalAutomationsOwned = serializers.IntegerField()


class SharedUsage(Usage):
    totalUsers = serializers.IntegerField(help_text="The organisation's members.")
    activeUsers = serializers.IntegerField()
    totalPipelines = serializers.IntegerField()
    totalAutomations = serializers.IntegerField()
    institutionId = serializers.IntegerField()
    institutionName = serializers.CharField()


class ProjectUsage(SharedUsage):
    projectId = serializers.IntegerField()
    projectName = serializers.CharField()
    administratorId = serializers.IntegerField(allow_null=True)
    administratorName = serializers.CharField(allow_null=True)


class InstitutionUsage(SharedUsage):
    shortName = serializers.CharField()
    enabled = serializers.BooleanField()
    totalProjects = serializers.IntegerField()
    activeProjects = serializers.IntegerField()
