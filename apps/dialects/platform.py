"""Errors of our own paths: the union of what Databite's and Databasin's clients read."""

from typing import Any

from rest_framework import serializers

from apps.dialects.failures import Failure
from apps.dialects.openapi import Responses, error_responses


class PlatformError(serializers.Serializer[Any]):
    error = serializers.CharField(help_text="The status in words.")
    message = serializers.CharField()
    status = serializers.IntegerField()
    fields_ = serializers.DictField(child=serializers.CharField(), required=False, help_text="By failing field.")
    jobId = serializers.CharField(required=False, help_text="The job that is in the way.")

    def get_fields(self) -> dict[str, Any]:
        declared = super().get_fields()
        return {name.removesuffix("_"): field for name, field in declared.items()}


def envelope(failure: Failure, _request_id: str) -> tuple[int, dict[str, Any]]:
    failure = failure.without_422()
    body: dict[str, Any] = {"error": failure.reason, "message": failure.first.message, "status": failure.status}
    if fields := {problem.field: problem.message for problem in failure.problems if problem.field}:
        body["fields"] = fields
    if failure.job:
        body["jobId"] = failure.job
    return failure.status, body


def errors(*statuses: int) -> Responses:
    return error_responses(PlatformError, envelope, *statuses)
