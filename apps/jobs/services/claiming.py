"""Who runs a job: one attempt at a time, fenced by a number that only rises."""

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from apps.jobs.models import LIVE, Job, JobEvent
from apps.jobs.services import events
from apps.jobs.services.due import ALONE, OPEN, next_in_turn

CLAIM = f"""
WITH claimed AS (
  UPDATE jobs_job job SET
    stalled = CASE WHEN state = 'running' AND lease_until IS NOT NULL THEN stalled + 1 ELSE stalled END,
    state = 'running', fence = nextval('jobs_fence'), attempt = attempt + 1, worker = %(worker)s,
    is_draining = false, is_yielding = false, lease_until = now() + make_interval(secs => %(lease)s),
    started_at = COALESCE(started_at, now()), updated_at = now()
  WHERE id = %(id)s AND {OPEN} AND {ALONE}
  RETURNING organization_id, queue, fence, attempt
), turn AS (
  INSERT INTO jobs_queueturn (organization_id, queue, fence) SELECT organization_id, queue, fence FROM claimed
  ON CONFLICT (organization_id, queue) DO UPDATE SET fence = excluded.fence
)
SELECT fence, attempt FROM claimed
"""
ROUNDS = 3
"""So often a worker that was too slow for all candidates looks for others."""


def claim(*, job_id: int, worker: str) -> Job | None:
    """The job under a new fence, or None when it is not to be run: by somebody else, or not now, or not here."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if not _has_slot(job_id, worker):
                return None
            cursor.execute(CLAIM, {"id": job_id, "worker": worker, "lease": settings.JOB_LEASE_SECONDS})
            row = cursor.fetchone()
            if row is None:
                return None
            fence, attempt = row
            data = {"fence": fence, "attempt": attempt, "worker": worker}
            events.append(job_id, JobEvent.Level.STATE, "running", data)
    except IntegrityError:  # a sibling was claimed in the same moment
        return None
    return Job.objects.select_related("organization").get(id=job_id)


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


def _has_slot(job_id: int, worker: str) -> bool:
    """Whether this worker may take the job: one of its processes stays free for interactive jobs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [worker])
    if not Job.objects.filter(id=job_id, queue="sync").exists():
        return True
    return _is_slot_free(worker, besides=job_id)


def _is_slot_free(worker: str, *, besides: int = 0) -> bool:
    running = Job.objects.filter(worker=worker, queue="sync", state__in=LIVE, lease_until__gt=Now())
    return running.exclude(id=besides).count() < settings.JOB_SYNC_SLOTS
