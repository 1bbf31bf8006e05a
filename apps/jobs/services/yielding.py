"""Room for organisations that wait: whoever holds more than its share hands a job back at its next checkpoint."""

from django.conf import settings
from django.db import connection

from apps.jobs.services.due import next_in_turn

PATIENCE_SECONDS = 2
"""A job that is taken sooner needed no room."""
LIVE = "state IN ('running', 'cancelling') AND queue = %(queue)s AND lease_until >= now()"

# Only where it makes the shares more even, and no more jobs at a time than organisations wait
YIELD = f"""
WITH share AS (
  SELECT organization_id, count(*) FILTER (WHERE NOT is_yielding) AS running,
    count(*) FILTER (WHERE is_yielding) AS left
  FROM jobs_job WHERE {LIVE} GROUP BY organization_id
), waiting AS (
  SELECT DISTINCT organization_id, COALESCE(share.running, 0) AS running
  FROM jobs_job LEFT JOIN share USING (organization_id)
  WHERE id = ANY(%(waiting)s) AND published_at < now() - make_interval(secs => {PATIENCE_SECONDS})
)
UPDATE jobs_job SET is_yielding = true WHERE id = (
  SELECT id FROM jobs_job job JOIN share USING (organization_id)
  WHERE {LIVE} AND state = 'running' AND NOT is_yielding AND NOT is_draining AND share.running > %(share)s
  AND EXISTS (SELECT 1 FROM waiting WHERE waiting.running + 2 <= share.running)
  AND (SELECT sum(share.left) FROM share) < (SELECT count(*) FROM waiting)
  ORDER BY share.running DESC, fence DESC LIMIT 1 FOR UPDATE OF job SKIP LOCKED)
"""


def make_room(*, queue: str) -> int:
    """Asks the latest job of the largest organisation to hand back, where another waits; how many were asked."""
    waiting = next_in_turn(queue=queue)
    if not waiting:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(YIELD, {"queue": queue, "waiting": waiting, "share": settings.JOB_ORGANIZATION_SLOTS})
        return int(cursor.rowcount)
