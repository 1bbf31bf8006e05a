"""Filters of lists that know who asks."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin import reach
from apps.accounts.models import Organization


class OfOrganization(SimpleListFilter):
    """One of those that the user reaches; not offered to who reaches one alone."""

    title = "organisation"
    parameter_name = "organization"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.path = model_admin.organization_path
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        organizations = reach.within(Organization.objects.order_by("name"), request, path="id")
        found = [(str(key), name) for key, name in organizations.values_list("pk", "name")]
        return found if len(found) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = str(self.value() or "")
        return queryset.filter(**{self.path: int(chosen)}) if chosen.isdecimal() else queryset
