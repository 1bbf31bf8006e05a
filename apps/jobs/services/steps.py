"""The figures of a job's steps: all of them in one statement, since they are told at every checkpoint."""

from collections.abc import Sequence

import orjson
from django.db import connection

from apps.jobs.models import JobStep

COLUMNS = ("step_uid", "records", "ignored", "failed", "pages", "lane", "delivery")
STORE = """
UPDATE jobs_jobstep step SET
  records = told.records, ignored = told.ignored, failed = told.failed, pages = told.pages,
  lane = told.lane, delivery = told.delivery, updated_at = now()
FROM jsonb_to_recordset(%s) AS told (
  step_uid text, records bigint, ignored bigint, failed bigint, pages bigint, lane text, delivery text)
WHERE step.job_id = %s AND step.step_uid = told.step_uid
"""


def store(job_id: int, steps: Sequence[JobStep]) -> None:
    """The steps' present figures, into their rows."""
    told = [{name: getattr(step, name) for name in COLUMNS} for step in steps]
    with connection.cursor() as cursor:
        cursor.execute(STORE, [orjson.dumps(told).decode(), job_id])
