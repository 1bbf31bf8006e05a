"""Errors as Databasin documents them: `{"error": reason, "message", "status"}`."""

from typing import Any

from rest_framework import serializers

from apps.dialects.failures import Failure
from apps.dialects.openapi import Responses, error_responses


class DatabasinError(serializers.Serializer[Any]):
    error = serializers.CharField(help_text="The status in words.")
    message = serializers.CharField()
    status = serializers.IntegerField()


def envelope(failure: Failure, _request_id: str) -> tuple[int, dict[str, Any]]:
    failure = failure.without_422()
    message = "; ".join(problem.message for problem in failure.problems)
    return failure.status, {"error": failure.reason, "message": message, "status": failure.status}


def errors(*statuses: int) -> Responses:
    return error_responses(DatabasinError, envelope, *statuses)
