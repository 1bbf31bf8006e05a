"""When flows and automations run by themselves, and the connections that they need for it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from apps.flows.models import Flow
from apps.flows.queries import Subject, automations_of, connections_of, kind_of
from apps.jobs import services as jobs

KIND = "flow"


def store_schedule(*, subject: Subject, schedule: Mapping[str, Any] | None, at: datetime) -> None:
    """`schedule`: {"cron", "timezone"}, {"interval"} or None. Raises Invalid."""
    kind = kind_of(subject)
    if not schedule:
        jobs.remove_schedule(kind=kind, subject_id=subject.id)
        return
    jobs.set_schedule(
        kind=kind,
        subject_id=subject.id,
        subject_uid=subject.uid,
        organization_id=subject.organization_id,
        project_id=subject.project_id,
        cron=schedule.get("cron") or "",
        interval=schedule.get("interval"),
        timezone=schedule.get("timezone") or "UTC",
        is_enabled=subject.is_enabled,
        labels={kind: subject.uid},
        at=at,
        **_needs(subject),
    )


def follow_connections(flows: Collection[Flow]) -> None:
    """After an export or an import went over to another connection, or the flows to other exports and imports."""
    subjects: list[Subject] = [*flows, *automations_of(*flows)]
    for subject in subjects:
        jobs.change_needs(kind=kind_of(subject), subject_id=subject.id, **_needs(subject))


def _needs(subject: Subject) -> dict[str, Any]:
    """What runs over a connection that is offline waits for it."""
    connections = list(connections_of(subject))
    reasons = [connection.offline_reason for connection in connections if connection.is_offline]
    return {"needs": [connection.uid for connection in connections], "paused_reason": next(iter(reasons), "")}
