"""Errors as DBSync documents them: `{"error": {"code": status, "message", "details"}}`."""

from typing import Any

from apps.dialects.failures import Failure


def envelope(failure: Failure, _request_id: str) -> tuple[int, dict[str, Any]]:
    failure = failure.without_422()
    error: dict[str, Any] = {"code": failure.status, "message": failure.first.message}
    fields = [problem for problem in failure.problems if problem.field]
    if fields:
        error["details"] = [{"field": problem.field, "message": problem.message} for problem in fields]
    return failure.status, {"error": error}
