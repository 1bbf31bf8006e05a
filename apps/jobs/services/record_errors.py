"""Errors of single records, after the run."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F

from apps.errors import NotFound
from apps.jobs.models import Job, RecordError


def resolve_errors(*, job: Job, at: datetime, by: str, uids: Collection[str] | None = None) -> int:
    """Marks open errors as resolved (all of them, or those named); how many. Raises NotFound for an unknown uid."""
    with transaction.atomic():
        errors = RecordError.objects.select_for_update().filter(job=job)
        if uids is not None:
            errors = errors.filter(uid__in=uids)
            if len(errors) != len(set(uids)):
                raise NotFound("There is no such error on this job.", field="errors")
        resolved = RecordError.objects.filter(id__in=[error.id for error in errors if error.resolved_at is None])
        count = resolved.update(resolved_at=at, resolved_by=by)
        Job.objects.filter(id=job.id).update(records_failed=F("records_failed") - count)
    return count
