"""How every job about a source connection begins."""

from datetime import datetime
from typing import Any

from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.sources.models import SourceConnection


def begin(*, kind: str, source: SourceConnection, at: datetime, **values: Any) -> Job:
    """The queued job; `values` and what is raised: as of `jobs.start`."""
    return jobs.start(kind=kind, organization_id=source.organization_id, at=at, **subject(source), **values)


def subject(source: SourceConnection) -> dict[str, Any]:
    """What jobs and schedules about it say of it, and are found by."""
    return {
        "subject_id": source.id,
        "subject_uid": source.uid,
        "project_id": source.project_id,
        "labels": {"source_connection": source.uid, "collection": source.collection.uid},
    }
