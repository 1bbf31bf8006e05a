"""Errors as Databasin documents them: `{"error": reason, "message", "status"}`."""

from typing import Any

from apps.dialects.failures import Failure


def envelope(failure: Failure, _request_id: str) -> tuple[int, dict[str, Any]]:
    failure = failure.without_422()
    message = "; ".join(problem.message for problem in failure.problems)
    return failure.status, {"error": failure.reason, "message": message, "status": failure.status}
