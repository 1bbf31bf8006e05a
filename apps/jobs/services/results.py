"""Waiting for interactive jobs, and forgetting their answers."""

import time

from django.db.models.functions import Now

from apps.jobs.models import ENDED, Job, Result


def wait(job: Job, *, seconds: float) -> Job:
    """The job as it is when it has ended, or after `seconds`. Looks every 50 ms at first, later every 250 ms."""
    began = time.monotonic()
    while job.state not in ENDED and (waited := time.monotonic() - began) < seconds:
        time.sleep(0.05 if waited < 2 else 0.25)
        job.refresh_from_db()
    return job


def erase_expired_results() -> int:
    return Result.objects.filter(expires_at__lt=Now()).delete()[0]
