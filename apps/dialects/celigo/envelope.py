"""Errors as Celigo words them: always a list, one entry per failing field."""

from typing import Any

from rest_framework import serializers

from apps.dialects.failures import Failure, Problem
from apps.dialects.openapi import Responses, error_responses

QUERY_CODES = {"invalid_query", "invalid_query_params"}


class CeligoError(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(required=False, help_text="The failing field, as a dotted path.")


class CeligoErrors(serializers.Serializer[Any]):
    errors_ = CeligoError(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {"errors": super().get_fields()["errors_"]}  # DRF keeps `errors` for itself


def envelope(failure: Failure, _request_id: str) -> tuple[int, dict[str, Any]]:
    is_query = failure.status == 422 and failure.first.code in QUERY_CODES
    return 400 if is_query else failure.status, {"errors": [_error(problem) for problem in failure.problems]}


def _error(problem: Problem) -> dict[str, str]:
    error = {"code": problem.code, "message": problem.message}
    return error | {"field": problem.field} if problem.field else error


def errors(*statuses: int) -> Responses:
    return error_responses(CeligoErrors, envelope, *statuses)
