"""Removing connections: those that nothing uses, or whatever uses them."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Model, ProtectedError

from apps.connections import queries
from apps.connections.models import Connection
from apps.connections.services.metadata_storing import forget
from apps.connections.services.wording import listed
from apps.errors import Conflict
from apps.jobs import services as jobs

NAMED_USERS = 5


def remove(*, connection: Connection) -> None:
    """Raises Conflict naming what uses the connection, NotFound when it is gone already."""
    with transaction.atomic():
        row = queries.connection_for_update(connection.id)
        forget(connection=row)
        try:
            row.delete()
        except ProtectedError as error:
            raise Conflict(f"The connection is used by {_users(error.protected_objects)}.", code="in_use") from error


def discard(*, connection: Connection, at: datetime) -> None:
    """Removes the connection, whatever uses it: flows over it fail from now on, and their schedules pause.

    Raises NotFound when it is gone already.
    """
    try:
        remove(connection=connection)
    except Conflict:
        _empty(connection, at=at)


def _empty(connection: Connection, *, at: datetime) -> None:
    """Leaves the name and what refers to it, so that flows can say what they miss."""
    with transaction.atomic():
        row = queries.connection_for_update(connection.id)
        forget(connection=row)
        row.sealed = row.external_id = ""
        row.settings, row.shown, row.document, row.details = {}, {}, {}, {}
        row.may_query = False
        row.is_offline, row.offline_reason = True, f"The connection {row.name!r} was removed."
        row.removed_at = at
        row.save()
        jobs.pause_schedules(needs=row.uid, reason=row.offline_reason)


def _users(users: Iterable[Model]) -> str:
    named = [f"{type(user).__name__.lower()} {str(user)!r}" for user in users]
    if len(named) > NAMED_USERS:
        named = [*named[:NAMED_USERS], f"{len(named) - NAMED_USERS} more"]
    return listed(named)
