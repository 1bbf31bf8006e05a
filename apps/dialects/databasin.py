"""Errors as Databasin documents them: `{"error": reason, "message", "status"}`."""

from typing import Any

from apps.dialects.failures import Failure


def envelope(failure: Failure, _request_id: str) -> tuple[int, dict[str, Any]]:
    status = 400 if failure.status == 422 else failure.status
    message = "; ".join(problem.message for problem in failure.problems)
    return status, {"error": failure.reason, "message": message, "status": status}
