"""What a button says that has started a job."""

from django.urls import reverse

from apps.accounts.admin.buttons import Done
from apps.jobs.models import Job


def following(job: Job, message: str) -> Done:
    """The page follows the job to its end; without a script the job's own page is shown."""
    page, watch = (reverse(f"admin:jobs_job_{name}", args=[job.pk]) for name in ("change", "live"))
    return Done(message, page=page, watch=watch)
