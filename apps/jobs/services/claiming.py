"""Who runs a job: one attempt at a time, fenced by a number that only rises."""

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from apps.jobs.models import LIVE, Job, JobEvent
from apps.jobs.services import events

DUE = "(not_before IS NULL OR not_before <= now())"
OPEN = (
    f"((state = 'queued' AND {DUE}) OR (state = 'running' AND (lease_until IS NULL OR lease_until < now()) AND {DUE}))"
)
ALONE = """
NOT (is_exclusive AND EXISTS (
  SELECT 1 FROM jobs_job sibling WHERE sibling.kind = job.kind AND sibling.subject_id = job.subject_id
  AND sibling.id <> job.id AND sibling.state IN ('running', 'cancelling')))
"""
CLAIM = f"""
UPDATE jobs_job job SET
  stalled = CASE WHEN state = 'running' AND lease_until IS NOT NULL THEN stalled + 1 ELSE stalled END,
  state = 'running', fence = nextval('jobs_fence'), attempt = attempt + 1, worker = %(worker)s, is_draining = false,
  lease_until = now() + make_interval(secs => %(lease)s), started_at = COALESCE(started_at, now()), updated_at = now()
WHERE id = %(id)s AND {OPEN} AND {ALONE}
RETURNING fence, attempt
"""
NEXT = f"SELECT id FROM jobs_job job WHERE queue = %s AND {OPEN} AND {ALONE} ORDER BY id LIMIT 5"


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
    """The oldest due job of a queue that may run here, so that a lost hint costs a busy worker nothing."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [queue])
        candidates = [row[0] for row in cursor.fetchall()]
    return next((job for candidate in candidates if (job := claim(job_id=candidate, worker=worker))), None)


def _has_slot(job_id: int, worker: str) -> bool:
    """Whether this worker may take the job: one of its processes stays free for interactive jobs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [worker])
    if not Job.objects.filter(id=job_id, queue="sync").exists():
        return True
    running = Job.objects.filter(worker=worker, queue="sync", state__in=LIVE, lease_until__gt=Now())
    return running.exclude(id=job_id).count() < settings.JOB_SYNC_SLOTS
