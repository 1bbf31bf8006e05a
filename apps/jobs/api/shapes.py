"""A job and its events as the platform's own paths show them."""

from apps.dialects.lists import Listing, Values, document, moment
from apps.jobs.models import ENDED
from apps.jobs.queries import pace

FIGURES = {
    "recordsRead": "records_read",
    "recordsWritten": "records_written",
    "recordsIgnored": "records_ignored",
    "recordsFailed": "records_failed",
    "recordsExpected": "records_expected",
    "pagesRead": "pages_read",
    "pagesWritten": "pages_written",
    "bytesMoved": "bytes_moved",
}


RESULT = """
    SELECT convert_from(result.body, 'UTF8') FROM jobs_result result
    WHERE result.job_id = row.id AND result.expires_at > now() AND result.content_type = 'application/json'
"""
"""The JSON body of a job's answer, while it is kept."""


def _wrap(row: Values) -> Values:
    figures = {name: row[name] for name in FIGURES}
    rhythm = pace(
        records=row["recordsRead"],
        expected=row["recordsExpected"],
        seconds=row["seconds"],
        is_over=row["state"] in ENDED,
    )
    figures |= {"recordsPerSecond": rhythm.records_per_second, "secondsLeft": rhythm.seconds_left}
    error = {"code": row["errorCode"], "message": row["errorMessage"]} if row["errorCode"] else None
    shown = ("id", "kind", "subjectId", "parentId", "state", "origin", "createdAt", "startedAt", "endedAt", "attempt")
    return {name: row[name] for name in shown} | {
        "progress": figures,
        "error": error,
        "events": row["events"],
        "result": row["result"],
    }


JOB = Listing(
    "jobs_job row LEFT JOIN jobs_job parent ON parent.id = row.parent_id",
    {
        "id": "row.uid",
        "kind": "row.kind",
        "subjectId": "row.subject_uid",
        "parentId": "parent.uid",
        "state": "row.state",
        "origin": "row.origin",
        "createdAt": moment("row.created_at"),
        "startedAt": moment("row.started_at"),
        "endedAt": moment("row.ended_at"),
        "attempt": "row.attempt",
        "errorCode": "row.error_code",
        "errorMessage": "row.error_message",
        "events": "row.event_count",
        "seconds": "extract(epoch FROM coalesce(row.ended_at, now()) - row.started_at)::float8",
        "result": document(RESULT),
        **{name: f"row.{column}" for name, column in FIGURES.items()},
    },
    _wrap,
)

EVENT = Listing(
    "jobs_jobevent row",
    {
        "number": "row.number",
        "at": moment("row.at"),
        "level": "row.level",
        "message": "row.message",
        "data": document("row.data"),
    },
    order="row.number",
)
