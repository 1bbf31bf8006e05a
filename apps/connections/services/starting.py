"""How every job about a connection begins."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.connections.models import Connection
from apps.jobs import services as jobs
from apps.jobs.models import Job


def start(
    *, kind: str, connection: Connection, at: datetime, labels: Mapping[str, str] | None = None, **values: Any
) -> Job:
    """The queued job. `labels`: besides the connection's; `values` and what is raised: as of `jobs.start`."""
    return jobs.start(
        kind=kind,
        subject_id=connection.id,
        subject_uid=connection.uid,
        organization_id=connection.organization_id,
        project_id=connection.project_id,
        labels={"connection": connection.uid, **(labels or {})},
        at=at,
        **values,
    )
