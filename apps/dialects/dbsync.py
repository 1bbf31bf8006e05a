"""Errors as DBSync documents them: `{"error": {"code": status, "message", "details"}}`."""

from typing import Any

from apps.dialects.failures import Failure


def envelope(failure: Failure, _request_id: str) -> tuple[int, dict[str, Any]]:
    status = 400 if failure.status == 422 else failure.status
    error: dict[str, Any] = {"code": status, "message": failure.first.message}
    fields = [problem for problem in failure.problems if problem.field]
    if fields:
        error["details"] = [{"field": problem.field, "message": problem.message} for problem in fields]
    return status, {"error": error}
