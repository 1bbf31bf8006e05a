"""Errors of our own paths: the union of what Databite's and Databasin's clients read."""

from typing import Any

from apps.dialects.failures import Failure


def envelope(failure: Failure, _request_id: str) -> tuple[int, dict[str, Any]]:
    status = 400 if failure.status == 422 else failure.status
    body: dict[str, Any] = {"error": failure.reason, "message": failure.first.message, "status": status}
    if fields := {problem.field: problem.message for problem in failure.problems if problem.field}:
        body["fields"] = fields
    if failure.job:
        body["jobId"] = failure.job
    return status, body
