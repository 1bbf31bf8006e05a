"""Who runs a job: one attempt at a time, fenced by a number that only rises."""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from apps.jobs.models import Job, JobEvent
from apps.jobs.services import events
from apps.jobs.services.due import ALONE, OPEN, next_in_turn

FREE = """
(SELECT count(*) FROM jobs_job other
 WHERE other.worker = %(worker)s AND other.queue = 'sync' AND other.state IN ('running', 'cancelling')
 AND other.lease_until > statement_timestamp() AND other.id <> %(id)s) < %(slots)s
"""
"""Whether this worker may take one more of the queue: one of its processes stays free for interactive jobs."""

LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"
CLAIM = f"""
WITH claimed AS (
  UPDATE jobs_job job SET
    stalled = CASE WHEN state = 'running' AND lease_until IS NOT NULL THEN stalled + 1 ELSE stalled END,
    state = 'running', fence = nextval('jobs_fence'), attempt = attempt + 1, worker = %(worker)s,
    is_draining = false, is_yielding = false, lease_until = now() + make_interval(secs => %(lease)s),
    started_at = COALESCE(started_at, now()), updated_at = now()
  WHERE id = %(id)s AND {OPEN} AND {ALONE} AND (queue <> 'sync' OR {FREE})
  RETURNING job.*
), turn AS (
  INSERT INTO jobs_queueturn (organization_id, queue, fence) SELECT organization_id, queue, fence FROM claimed
  ON CONFLICT (organization_id, queue) DO UPDATE SET fence = excluded.fence
)
SELECT * FROM claimed
"""
ROUNDS = 3
"""So often a worker that was too slow for all candidates looks for others."""


def claim(*, job_id: int, worker: str) -> Job | None:
    """The job under a new fence, or None when it is not to be run: by somebody else, or not now, or not here."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(LOCK, [worker])  # in a statement before: the next one sees what was claimed meanwhile
            values = {**_slot(worker, job_id), "lease": settings.JOB_LEASE_SECONDS}
            job = next(iter(Job.objects.raw(CLAIM, values)), None)
            if job is not None:
                data = {"fence": job.fence, "attempt": job.attempt, "worker": worker}
                events.append(job_id, JobEvent.Level.STATE, "running", data)
            return job
    except IntegrityError:  # a sibling was claimed in the same moment
        return None


def claim_next(*, queue: str, worker: str) -> Job | None:
    """The job whose turn it is among those of a queue that are due and may run here."""
    for _ in range(ROUNDS):
        if queue == "sync" and not _is_slot_free(worker):
            return None
        candidates = next_in_turn(queue=queue)
        for candidate in candidates:
            if job := claim(job_id=candidate, worker=worker):
                return job
        if not candidates:
            return None
    return None


def _is_slot_free(worker: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {FREE}", _slot(worker, 0))
        return bool(cursor.fetchone()[0])


def _slot(worker: str, job_id: int) -> dict[str, Any]:
    return {"id": job_id, "worker": worker, "slots": settings.JOB_SYNC_SLOTS}
