"""How far a person reaches in the console: superusers everywhere, other staff where they are members, as their role
allows."""

from collections.abc import Collection
from typing import TypeVar
from weakref import WeakKeyDictionary

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.accounts.models import Membership, Role, User

EVERYBODY = frozenset(Role)
EDITORS = frozenset({Role.OWNER, Role.ADMIN, Role.EDITOR})
ADMINS = frozenset({Role.OWNER, Role.ADMIN})

Row = TypeVar("Row", bound=Model)

# A page asks dozens of times; the answer lives as long as its request
_roles: WeakKeyDictionary[HttpRequest, dict[int, str]] = WeakKeyDictionary()


def is_boundless(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


def organizations(request: HttpRequest, roles: Collection[Role] = EVERYBODY) -> list[int]:
    """The ids of the organisations in which the user has one of the roles; of no use for superusers."""
    if request not in _roles:
        memberships = Membership.objects.filter(user__id=request.user.pk or 0)
        _roles[request] = dict(memberships.values_list("organization_id", "role"))
    return [organization_id for organization_id, role in _roles[request].items() if role in roles]


def may(request: HttpRequest, roles: Collection[Role], organization_id: int | None = None) -> bool:
    """Whether the user has one of the roles in the organisation; without one, in any."""
    if is_boundless(request):
        return True
    theirs = organizations(request, roles)
    return bool(theirs) if organization_id is None else organization_id in theirs


def within(
    rows: QuerySet[Row], request: HttpRequest, roles: Collection[Role] = EVERYBODY, *, path: str = "organization"
) -> QuerySet[Row]:
    """The rows whose organisation (at `path`) is among those in which the user has one of the roles."""
    if is_boundless(request):
        return rows
    return rows.filter(**{f"{path}__in": organizations(request, roles)})
