"""Errors as Databite's server words them: `{"error": text}`, and `fields` where several are wrong."""

from typing import Any

from rest_framework import serializers

from apps.dialects.failures import Failure
from apps.dialects.openapi import Responses, error_responses


class DatabiteError(serializers.Serializer[Any]):
    error = serializers.CharField()


def envelope(failure: Failure, _request_id: str) -> tuple[int, dict[str, Any]]:
    failure = failure.without_422()
    body: dict[str, Any] = {"error": failure.first.message}
    if fields := {problem.field: problem.message for problem in failure.problems if problem.field}:
        body["fields"] = fields
    return failure.status, body


def errors(*statuses: int) -> Responses:
    return error_responses(DatabiteError, envelope, *statuses)
