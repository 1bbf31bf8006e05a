"""A job's own numbered log. Changes of state and lines for people share one sequence."""

from typing import Any

import orjson
from django.db import connection

from apps.jobs.models import JobEvent
from engine.toolkit.masking import mask

APPEND = """
WITH counted AS (UPDATE jobs_job SET event_count = event_count + 1 WHERE id = %s RETURNING id, event_count)
INSERT INTO jobs_jobevent (job_id, number, at, level, message, data)
SELECT id, event_count, clock_timestamp(), %s, %s, %s FROM counted
"""


def append(job_id: int, level: JobEvent.Level, message: str, data: dict[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(APPEND, [job_id, level, mask(message), orjson.dumps(data or {}).decode()])
