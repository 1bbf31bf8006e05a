"""Errors as Celigo words them: always a list, one entry per failing field."""

from typing import Any

from apps.dialects.failures import Failure, Problem

QUERY_CODES = {"invalid_query", "invalid_query_params"}


def envelope(failure: Failure, _request_id: str) -> tuple[int, dict[str, Any]]:
    is_query = failure.status == 422 and failure.first.code in QUERY_CODES
    return 400 if is_query else failure.status, {"errors": [_error(problem) for problem in failure.problems]}


def _error(problem: Problem) -> dict[str, str]:
    error = {"code": problem.code, "message": problem.message}
    return error | {"field": problem.field} if problem.field else error
