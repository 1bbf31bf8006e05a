"""What the list of connections can be narrowed to."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.connections.models import Connection

STATES: dict[str, Q] = {
    "online": Q(is_offline=False, checked_at__isnull=False),
    "offline": Q(is_enabled=True, is_offline=True),
    "switched off": Q(is_enabled=False),
    "not tested": Q(is_offline=False, checked_at=None),
}
"""Every connection is in one of them."""


def standing(connection: Connection) -> str:
    """The one of STATES that it is in."""
    if not connection.is_enabled:
        return "switched off"
    if connection.is_offline:
        return "offline"
    return "online" if connection.checked_at else "not tested"


class InState(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [(state, state.capitalize()) for state in STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(STATES.get(str(self.value()), Q()))


class OfCategory(SimpleListFilter):
    """Databases, file stores: not offered where there are only connections of one."""

    title = "category"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        found = model_admin.get_queryset(request).order_by("connector__category")
        categories = list(found.values_list("connector__category", flat=True).distinct())
        return [(category, category.capitalize()) for category in categories] if len(categories) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(connector__category=self.value()) if self.value() else queryset
