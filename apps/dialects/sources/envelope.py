"""Errors as the Sources API documents them: `{"success": false, "error": code, "message", "details", "requestId"}`."""

from typing import Any

from apps.dialects.failures import Failure


def envelope(failure: Failure, request_id: str) -> tuple[int, dict[str, Any]]:
    failure = failure.without_422()
    details = [
        {"field": problem.field, "code": problem.code, "message": problem.message}
        for problem in failure.problems
        if problem.field
    ]
    code = "invalid_request" if failure.status == 400 else failure.first.code
    body = {"success": False, "error": code, "message": failure.first.message, "details": details}
    return failure.status, body | {"requestId": request_id}
