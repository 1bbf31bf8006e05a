"""Reads of connections. Callers narrow them to what they may see."""

from django.db.models import QuerySet

from apps.connections.models import Connection
from apps.errors import NotFound
from engine.toolkit.masking import STARS


def connection(connection_id: int) -> Connection:
    """With all that opening it needs. Raises NotFound."""
    try:
        return Connection.objects.select_related("connector", "organization").get(id=connection_id)
    except Connection.DoesNotExist:
        raise NotFound("The connection does not exist any more.") from None


def connection_for_update(connection_id: int) -> Connection:
    """The row under a lock, for the length of the transaction. Raises NotFound."""
    try:
        return Connection.objects.select_for_update(of=("self",)).select_related("connector").get(id=connection_id)
    except Connection.DoesNotExist:
        raise NotFound("The connection does not exist any more.") from None


def held_secrets(connection: Connection) -> frozenset[str]:
    """The names of the secrets that the connection holds; what is shown says it without opening any."""
    return frozenset(
        name for name, value in connection.shown.items() if value == STARS and name not in connection.settings
    )


def offline_beside(connection: Connection) -> QuerySet[Connection]:
    """The organisation's other connections that cannot be used, also those removed."""
    neighbours = Connection.everything.filter(organization_id=connection.organization_id, is_offline=True)
    return neighbours.exclude(id=connection.id)
