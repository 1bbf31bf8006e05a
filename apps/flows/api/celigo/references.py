"""Ids of other rows in a body. What the caller may not see is not there."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from apps.accounts.queries import visible
from apps.connections.models import Connection
from apps.dialects.caller import Caller
from apps.errors import Invalid

Row = TypeVar("Row", bound=Model)


def resolved(rows: QuerySet[Row], uid: Any, caller: Caller, *, field: str) -> Row:
    """Raises Invalid when there is no such row for the caller."""
    found = visible(rows, caller).filter(uid=uid).first() if isinstance(uid, str) else None
    if found is None:
        raise Invalid(f"{field} names nothing that you can use.", code="invalid_ref", field=field)
    return found


def connection_map(values: Mapping[str, Any], caller: Caller) -> dict[str, Connection]:
    """A clone request's `connectionMap`, its values resolved."""
    wanted = values.get("connectionMap", {})
    return {
        old: resolved(Connection.objects.all(), new, caller, field=f"connectionMap.{old}")
        for old, new in wanted.items()
    }
