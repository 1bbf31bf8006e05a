"""Errors as the Sources API documents them: `{"success": false, "error": code, "message", "details", "requestId"}`."""

from typing import Any

from rest_framework import serializers

from apps.dialects.failures import CODES, Failure
from apps.dialects.openapi import Responses, error_responses
from apps.dialects.sources.ids import sync_id

CREDENTIALS, SYNCING = "invalid_credentials", "sync_in_progress"
REFUSED = frozenset({CREDENTIALS, "auth_failed", "credentials_unreadable"})
"""What is wrong when a system does not let us in for the credentials that were sent."""


class ErrorDetail(serializers.Serializer[Any]):
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class SourcesError(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    error = serializers.CharField(
        help_text="invalid_credentials, invalid_request, unauthorized, forbidden, not_found, sync_in_progress, "
        "rate_limited, internal …"
    )
    message = serializers.CharField()
    details = ErrorDetail(many=True, help_text="Every field that is to blame; never its value.")
    requestId = serializers.CharField()
    syncId = serializers.CharField(required=False, help_text="With sync_in_progress: the sync that is in the way.")


def envelope(failure: Failure, request_id: str) -> tuple[int, dict[str, Any]]:
    failure = failure.without_422()
    details = [
        {"field": problem.field, "code": problem.code, "message": problem.message}
        for problem in failure.problems
        if problem.field
    ]
    code = _code(failure)
    body = {"success": False, "error": code, "message": failure.first.message, "details": details}
    if code == SYNCING and failure.job:
        body["syncId"] = sync_id(failure.job)
    return failure.status, body | {"requestId": request_id}


def errors(*statuses: int) -> Responses:
    return error_responses(SourcesError, envelope, *statuses)


def _code(failure: Failure) -> str:
    """One for each status, but for two: wrong credentials, and what stands in the way."""
    if failure.status == 400:
        return CREDENTIALS if {failure.code, failure.first.code} & REFUSED else CODES[400]
    if failure.status == 409:
        return failure.first.code
    return CODES.get(failure.status, failure.first.code)
