"""Which collections a caller reaches, and what they may do there.

A collection without members is open to everybody in its organisation, by their role. With members it is open to them,
whose roles in it narrow what they may do, and to the organisation's owners and admins. A key may be confined to some
collections, or to those that name its owner. What another organisation owns is not there; what a role or a scope
excludes is refused.
"""

import re
from typing import TypeVar
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields import CharField
from django.db.models.functions import Coalesce

from apps.accounts.queries import visible
from apps.dialects.caller import Caller
from apps.dialects.permissions import READ, ROLES, allowed_scopes
from apps.errors import NotFound, Refused
from apps.sources.models import Collection, CollectionMember, SourceConnection, Stream

REFUSED = "Your role or your key's scopes do not allow this in this collection."
ID = re.compile("col_([0-9a-f]{24})")
UUID_TEXT = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Found = TypeVar("Found", bound=Model)


def collections(caller: Caller) -> QuerySet[Collection]:
    """Those that the caller may read."""
    return reached(Collection.objects.all(), caller, collection="")


def source_connections(caller: Caller) -> QuerySet[SourceConnection]:
    """Those in such collections."""
    rows = SourceConnection.objects.filter(collection__removed_at=None)
    return reached(rows, caller, collection="collection")


def reached(rows: QuerySet[Found], caller: Caller, *, collection: str) -> QuerySet[Found]:
    """The rows whose collection, the field named so ("" for the row itself), the caller may read."""
    rows = visible(rows, caller)
    if caller.collections:
        field = f"{collection}__uid__in" if collection else "uid__in"
        rows = rows.filter(**{field: caller.collections})
    if caller.is_admin and not caller.is_personal:
        return rows
    members = CollectionMember.objects.filter(collection=OuterRef(f"{collection}_id" if collection else "id"))
    own = Exists(members.filter(user_id=caller.user_id))
    return rows.filter(own) if caller.is_personal else rows.filter(own | ~Exists(members))


def collection(reference: object, caller: Caller, *, needs: str = READ) -> Collection:
    """By its id, its UUID or its readable id. Raises NotFound and Refused."""
    rows = visible(Collection.objects.filter(_named(reference)), caller)
    found = rows.annotate(standing=_standing(caller, "id")).first()
    if found is None:
        raise NotFound("Collection not found", field="collectionId")
    _admit(caller, found.uid, found.standing, needs)
    return found


def source_connection(uid: str, caller: Caller, *, needs: str = READ, or_orphan: bool = False) -> SourceConnection:
    """With its collection and its connection; `or_orphan`: one that was removed, too, while its records are there.
    Raises NotFound and Refused."""
    everything = SourceConnection.everything if or_orphan else SourceConnection.objects
    rows = visible(everything.filter(uid=uid, collection__removed_at=None), caller)
    if or_orphan:
        rows = rows.filter(Q(removed_at=None) | Exists(orphaned_streams()))
    rows = rows.select_related("collection", "connection__connector")
    found = rows.annotate(standing=_standing(caller, "collection_id")).first()
    if found is None:
        raise NotFound("Source connection not found")
    _admit(caller, found.collection.uid, found.standing, needs)
    return found


def orphans(collection: Collection) -> QuerySet[SourceConnection]:
    """Source connections that were removed and left records in the collection."""
    rows = SourceConnection.everything.filter(collection=collection).exclude(removed_at=None)
    return rows.filter(Exists(orphaned_streams()))


def orphaned_streams() -> QuerySet[Stream]:
    """Those of a source connection, the row that is asked for, in which there are records yet."""
    return Stream.objects.filter(source_connection=OuterRef("id"), removed_at=None, record_count__gt=0)


def _named(reference: object) -> Q:
    text = reference if isinstance(reference, str) else ""
    if found := ID.fullmatch(text):
        return Q(uid=found[1])
    return Q(uuid=UUID(text)) if UUID_TEXT.fullmatch(text) else Q(readable_id=text)


OPEN, CLOSED = "", "none"
"""How a caller stands to a collection who is no member of it: it has none at all, or others."""


def _standing(caller: Caller, collection: str) -> Coalesce:
    """The caller's role in the collection whose number the field `collection` holds; OPEN or CLOSED without one."""
    members = CollectionMember.objects.filter(collection=OuterRef(collection))
    own = Subquery(members.filter(user_id=caller.user_id).values("role")[:1])
    others = Subquery(members.annotate(word=Value(CLOSED)).values("word")[:1])
    return Coalesce(own, others, Value(OPEN), output_field=CharField())


def _admit(caller: Caller, uid: str, standing: str, needs: str) -> None:
    """Raises Refused."""
    is_named = standing not in {OPEN, CLOSED}
    allowed = allowed_scopes(caller)
    if is_named and not caller.is_admin:
        allowed &= ROLES.get(standing, frozenset())
    is_outside = (caller.collections and uid not in caller.collections) or (caller.is_personal and not is_named)
    if is_outside or (standing == CLOSED and not caller.is_admin) or needs not in allowed:
        raise Refused(REFUSED)
