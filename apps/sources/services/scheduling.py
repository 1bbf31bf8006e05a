"""When source connections are synced by themselves, as their config says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.jobs import services as jobs
from apps.sources.models import SourceConnection
from apps.sources.queries.activity import SYNC, source_connection_for_update
from apps.sources.services.beginning import subject
from apps.sources.services.letting_go import let_go

CONTINUOUS_SECONDS = 60
"""Changes that are followed are taken so often; what cannot be followed is read so often."""


def schedule(source: SourceConnection, *, at: datetime) -> None:
    """Follows what the config says. Raises Invalid for a schedule that cannot be."""
    wanted = source.config.get("schedule") or {}
    if source.config.get("continuous"):
        wanted = {"interval": CONTINUOUS_SECONDS}
    if not wanted or source.connection is None:
        jobs.remove_schedule(kind=SYNC, subject_id=source.id)
        return
    connection = source.connection
    jobs.set_schedule(
        kind=SYNC,
        organization_id=source.organization_id,
        cron=wanted.get("cron") or "",
        interval=wanted.get("interval"),
        timezone=wanted.get("timezone") or "UTC",
        needs=[connection.uid],
        paused_reason=connection.offline_reason if connection.is_offline else "",
        at=at,
        **subject(source),
    )


def set_schedule(
    *, source_connection: SourceConnection, schedule_: Mapping[str, Any] | None, is_continuous: bool, at: datetime
) -> SourceConnection:
    """`schedule_`: {"cron", "timezone"}, {"interval"} or None; `is_continuous`: changes are followed as they happen,
    or, where a system cannot be followed, looked for every minute. Raises Invalid, NotFound."""
    with transaction.atomic():
        row = source_connection_for_update(source_connection.id)
        others = {name: value for name, value in row.config.items() if name not in {"schedule", "continuous"}}
        wanted = {"schedule": dict(schedule_ or {}), "continuous": is_continuous}
        row.config = others | {name: value for name, value in wanted.items() if value}
        row.save(update_fields=["config", "updated_at"])
        schedule(row, at=at)
        if not is_continuous:
            let_go(row, at=at)
    return row
