"""Whether a connection can be used; what needs it pauses while it cannot."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from apps.connections import queries
from apps.connections.models import Connection
from apps.jobs import services as jobs


def mark_offline(*, connection: Connection, reason: str, at: datetime) -> None:
    """Nothing runs over the connection, and its schedules pause, until it passes a test.

    `connection` is as it was when it failed: if it was changed since, nothing is known about it as it is now.
    """
    with transaction.atomic():
        if _unchanged(connection).update(is_offline=True, offline_reason=reason, checked_at=at):
            jobs.pause_schedules(needs=connection.uid, reason=reason)


def mark_online(*, connection: Connection, at: datetime) -> None:
    """`connection` as it was when it worked. Its schedules go on at their next slot, but for those that wait for
    another connection as well."""
    with transaction.atomic():
        row = _unchanged(connection)
        if not row.filter(is_offline=True).update(is_offline=False, offline_reason="", checked_at=at):
            row.update(checked_at=at)
            return
        jobs.resume_schedules(needs=connection.uid, at=at)
        for other in queries.offline_beside(connection):
            jobs.pause_schedules(needs=other.uid, reason=other.offline_reason)


def _unchanged(connection: Connection) -> QuerySet[Connection]:
    return Connection.objects.filter(id=connection.id, updated_at=connection.updated_at)
