"""The operator's desk for runs."""

from apps.jobs.admin import jobs, record_errors, schedules

__all__ = ["jobs", "record_errors", "schedules"]
