"""Which collections a person reaches in the console: without members all of an organisation's, with members those that
name the person, whose role there narrows the one in the organisation; its owners and admins all of them."""

from collections.abc import Collection as Several
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakKeyDictionary

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest

from apps.accounts.admin import reach
from apps.accounts.models import Role
from apps.sources.models import Collection, CollectionMember, SourceConnection

Row = TypeVar("Row", bound=Model)


@dataclass
class Standing:
    """`roles`: the person's own, by collection; `closed`: whether a collection has members, as far as was asked."""

    roles: dict[int, str]
    closed: dict[int, bool] = field(default_factory=dict)
    hidden: list[int] | None = None


# A page asks dozens of times; the answer lives as long as its request
_standings: WeakKeyDictionary[HttpRequest, Standing] = WeakKeyDictionary()


def admitted(rows: QuerySet[Row], request: HttpRequest, roles: Several[Role], *, collection: str) -> QuerySet[Row]:
    """Of rows that the organisations' roles allow those whose collection, the field named so ("" for the row itself),
    allows one of the roles as well."""
    if reach.is_boundless(request):
        return rows
    theirs = [key for key, role in _standing(request).roles.items() if role in roles]
    members = CollectionMember.objects.filter(collection=OuterRef(f"{collection}_id" if collection else "id"))
    own = Q(**{f"{collection}_id__in" if collection else "id__in": theirs})
    return rows.filter(Q(organization__in=reach.organizations(request, reach.ADMINS)) | own | ~Exists(members))


def may(request: HttpRequest, roles: Several[Role], collection: Collection) -> bool:
    """Whether the collection allows the person one of the roles that the organisation does."""
    if reach.may(request, reach.ADMINS, collection.organization_id):
        return True
    standing = _standing(request)
    if collection.pk in standing.roles:
        return standing.roles[collection.pk] in roles
    if collection.pk not in standing.closed:
        standing.closed[collection.pk] = collection.members.exists()
    return not standing.closed[collection.pk]


def hidden_collections(request: HttpRequest) -> list[int]:
    """The ids of those that the person's organisations have, and do not let that person see."""
    if reach.is_boundless(request):
        return []
    standing = _standing(request)
    if standing.hidden is None:
        admins = reach.organizations(request, reach.ADMINS)
        others = [key for key in reach.organizations(request) if key not in admins]
        members = CollectionMember.objects.filter(collection__organization__in=others)
        closed = members.exclude(collection__in=list(standing.roles))
        standing.hidden = list(closed.values_list("collection", flat=True).distinct()) if others else []
    return standing.hidden


def hidden_source_connections(request: HttpRequest) -> list[int]:
    """The ids of those in such collections."""
    if not (collections := hidden_collections(request)):
        return []
    return list(SourceConnection.everything.filter(collection__in=collections).values_list("id", flat=True))


def forget(request: HttpRequest) -> None:
    """What is known of the person, once members have changed."""
    _standings.pop(request, None)


def _standing(request: HttpRequest) -> Standing:
    if request not in _standings:
        own = CollectionMember.objects.filter(user__id=request.user.pk or 0)
        _standings[request] = Standing(dict(own.values_list("collection_id", "role")))
    return _standings[request]
