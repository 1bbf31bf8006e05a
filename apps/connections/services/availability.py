"""Whether a connection can be used; what needs it pauses while it cannot."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from apps.connections import queries
from apps.connections.models import Connection
from apps.jobs import services as jobs

SWITCHED_OFF = "The connection is switched off."


def mark_offline(*, connection: Connection, reason: str, at: datetime, code: str = "") -> None:
    """Nothing runs over the connection, and its schedules pause, until it passes a test. `code`: of what went wrong.

    `connection` is as it was when it failed: if it was changed since, nothing is known about it as it is now.
    """
    with transaction.atomic():
        offline = {"is_offline": True, "offline_reason": reason, "offline_code": code}
        if _unchanged(connection).update(**offline, checked_at=at):
            jobs.pause_schedules(needs=connection.uid, reason=reason)


def mark_online(*, connection: Connection, at: datetime) -> None:
    """`connection` as it was when it worked. Its schedules go on at their next slot, but for those that wait for
    another connection as well. One that is switched off stays so."""
    with transaction.atomic():
        row = _unchanged(connection)
        row.filter(is_enabled=False).update(offline_reason=SWITCHED_OFF, offline_code="")
        row.update(checked_at=at)
        if row.filter(is_enabled=True, is_offline=True).update(is_offline=False, offline_reason="", offline_code=""):
            _resume_schedules(connection, at=at)


def switch_off(*, connection: Connection) -> None:
    """Nothing but tests runs over the connection, and its schedules pause, until it is switched on again.

    Raises NotFound.
    """
    with transaction.atomic():
        row = queries.connection_for_update(connection.id)
        if row.is_enabled:
            row.is_enabled, row.is_offline = False, True
            row.offline_reason = row.offline_reason or SWITCHED_OFF
            row.save()
            jobs.pause_schedules(needs=row.uid, reason=SWITCHED_OFF)


def switch_on(*, connection: Connection, at: datetime) -> None:
    """It can be used as before it was switched off; what was found wrong with it still waits for a test.

    Raises NotFound.
    """
    with transaction.atomic():
        row = queries.connection_for_update(connection.id)
        row.is_enabled = True
        if row.offline_reason == SWITCHED_OFF:
            row.is_offline, row.offline_reason = False, ""
            _resume_schedules(row, at=at)
        row.save()


def _resume_schedules(connection: Connection, *, at: datetime) -> None:
    jobs.resume_schedules(needs=connection.uid, at=at)
    for other in queries.offline_beside(connection):
        jobs.pause_schedules(needs=other.uid, reason=other.offline_reason)


def _unchanged(connection: Connection) -> QuerySet[Connection]:
    return Connection.objects.filter(id=connection.id, updated_at=connection.updated_at)
