"""Which jobs are due, and whose turn it is among the organisations that wait."""

from django.db import connection

DUE = "(not_before IS NULL OR not_before <= now())"
CHILDLESS = """
NOT EXISTS (SELECT 1 FROM jobs_job child WHERE child.parent_id = job.id
  AND child.state IN ('queued', 'running', 'cancelling'))
"""
"""Whoever has begun other jobs goes on once they have all ended: nobody need be woken, and no wake-up is lost."""
HANDED_BACK = f"(state = 'running' AND (lease_until IS NULL OR lease_until < now()) AND {DUE} AND {CHILDLESS})"
OPEN = f"((state = 'queued' AND {DUE}) OR {HANDED_BACK})"
ALONE = """
NOT (is_exclusive AND EXISTS (
  SELECT 1 FROM jobs_job sibling WHERE sibling.kind = job.kind AND sibling.subject_id = job.subject_id
  AND sibling.id <> job.id AND sibling.state IN ('running', 'cancelling')))
"""
AHEAD = 5
"""So many candidates are looked at: another worker may be quicker."""

# Every organisation that waits, found by skipping through the index: one with 100,000 jobs costs as much as one with
# one. Then whoever has the least running, then whoever has waited longest since its last turn, then the oldest job.
TURNS = f"""
WITH RECURSIVE waiting AS (
  (SELECT organization_id FROM jobs_job WHERE state = 'queued' AND queue = %(queue)s ORDER BY organization_id LIMIT 1)
  UNION ALL
  SELECT (SELECT organization_id FROM jobs_job WHERE state = 'queued' AND queue = %(queue)s
          AND organization_id > waiting.organization_id ORDER BY organization_id LIMIT 1)
  FROM waiting WHERE waiting.organization_id IS NOT NULL
), candidate AS (
  SELECT first.id, waiting.organization_id FROM waiting CROSS JOIN LATERAL (
    SELECT id FROM jobs_job job WHERE organization_id = waiting.organization_id AND queue = %(queue)s
    AND state = 'queued' AND {DUE} AND {ALONE} ORDER BY id LIMIT {AHEAD}) first
  UNION ALL
  SELECT id, organization_id FROM jobs_job job
  WHERE state IN ('running', 'cancelling') AND queue = %(queue)s AND {HANDED_BACK} AND {ALONE}
), busy AS (
  SELECT organization_id, count(*) AS running FROM jobs_job
  WHERE state IN ('running', 'cancelling') AND queue = %(queue)s AND lease_until >= now() GROUP BY organization_id
)
SELECT candidate.id FROM candidate
LEFT JOIN busy USING (organization_id)
LEFT JOIN jobs_queueturn turn ON turn.organization_id = candidate.organization_id AND turn.queue = %(queue)s
ORDER BY
  COALESCE(busy.running, 0) + row_number() OVER (PARTITION BY candidate.organization_id ORDER BY candidate.id),
  COALESCE(turn.fence, 0), candidate.id
LIMIT {AHEAD}
"""


def next_in_turn(*, queue: str) -> list[int]:
    """The ids of the jobs of a queue that are to run next, in order."""
    with connection.cursor() as cursor:
        cursor.execute(TURNS, {"queue": queue})
        return [row[0] for row in cursor.fetchall()]
