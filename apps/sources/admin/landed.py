"""What the desks of collections and of source connections have in common: a collection decides who sees them."""

from collections.abc import Collection as Several
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from apps.accounts.admin import reach
from apps.accounts.admin.scoped import ScopedAdmin
from apps.accounts.models import Role
from apps.sources.admin import admission
from apps.sources.models import Collection


class LandedAdmin(ScopedAdmin):
    """`collection_field`: the row's way to its collection, "" for the row itself."""

    collection_field = ""

    def reached(self, request: HttpRequest, roles: Several[Role]) -> QuerySet[Any]:
        rows = super().reached(request, roles)
        return admission.admitted(rows, request, roles, collection=self.collection_field)

    def collection_of(self, row: Any) -> Collection:
        found: Collection = getattr(row, self.collection_field) if self.collection_field else row
        return found

    def may_change(self, request: HttpRequest, row: Model | None = None) -> bool:
        if not super().may_change(request, row):
            return False
        return row is None or admission.may(request, self.changed_by, self.collection_of(row))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if not super().has_view_permission(request, obj):
            return False
        return obj is None or admission.may(request, reach.EVERYBODY, self.collection_of(obj))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """The page counts the records itself; listing all that hangs on a row would take for ever."""
        return [str(row) for row in objs], {}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.row(request, object_id)
        return super().delete_view(request, object_id, {**(extra_context or {}), **self.removal(row), "row": row})

    def removal(self, row: Any) -> dict[str, Any]:
        """What the page that asks before removing tells."""
        raise NotImplementedError
