"""When flows run by themselves, and the connections that they need for it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from apps.flows.models import Flow
from apps.flows.queries import connections_of
from apps.jobs import services as jobs

KIND = "flow"


def store_schedule(*, flow: Flow, schedule: Mapping[str, Any] | None, at: datetime) -> None:
    """`schedule`: {"cron", "timezone"}, {"interval"} or None. Raises Invalid."""
    if not schedule:
        jobs.remove_schedule(kind=KIND, subject_id=flow.id)
        return
    jobs.set_schedule(
        kind=KIND,
        subject_id=flow.id,
        subject_uid=flow.uid,
        organization_id=flow.organization_id,
        project_id=flow.project_id,
        cron=schedule.get("cron") or "",
        interval=schedule.get("interval"),
        timezone=schedule.get("timezone") or "UTC",
        is_enabled=flow.is_enabled,
        labels={"flow": flow.uid},
        at=at,
        **_needs(flow),
    )


def follow_connections(flows: Iterable[Flow]) -> None:
    """After an export or an import went over to another connection."""
    for flow in flows:
        jobs.change_needs(kind=KIND, subject_id=flow.id, **_needs(flow))


def _needs(flow: Flow) -> dict[str, Any]:
    """A flow over a connection that is offline waits for it."""
    connections = list(connections_of(flow))
    reasons = [connection.offline_reason for connection in connections if connection.is_offline]
    return {"needs": [connection.uid for connection in connections], "paused_reason": next(iter(reasons), "")}
