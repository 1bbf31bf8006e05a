"""Who reaches a collection besides the organisation's owners and admins, and what their role leaves them to do."""

from django.db import IntegrityError, transaction

from apps.accounts.models import Role, User
from apps.accounts.queries import members
from apps.errors import Conflict, Invalid, NotFound
from apps.sources.models import Collection, CollectionMember


def add_member(*, collection: Collection, email: str, role: str, by_id: int) -> CollectionMember:
    """With its first member a collection is closed to all others: then whoever adds it (the user `by_id`) and is no
    owner or admin stays in it as well. Raises NotFound for somebody who is not in the organisation, Invalid for a role
    that there is not, Conflict for one who is a member already."""
    if role not in Role.values:
        raise Invalid(f"role is one of {', '.join(Role.values)}.", field="role")
    user = _person(collection, email)
    with transaction.atomic():
        Collection.objects.select_for_update().get(id=collection.id)
        is_first = not CollectionMember.objects.filter(collection=collection).exists()
        if is_first and by_id != user.id and not _is_admin(collection, by_id):
            CollectionMember.objects.create(collection=collection, user_id=by_id, role=Role.OWNER)
        return _insert(collection, user, Role(role))


def change_member(*, member: CollectionMember, role: str) -> CollectionMember:
    """Raises Invalid for a role that there is not."""
    if role not in Role.values:
        raise Invalid(f"role is one of {', '.join(Role.values)}.", field="role")
    member.role = Role(role)
    member.save(update_fields=["role", "updated_at"])
    return member


def remove_member(*, member: CollectionMember) -> None:
    """Without any member left, the collection is open to everybody in its organisation again."""
    member.delete()


def _insert(collection: Collection, user: User, role: Role) -> CollectionMember:
    try:
        with transaction.atomic():
            return CollectionMember.objects.create(collection=collection, user=user, role=role)
    except IntegrityError as error:
        raise Conflict(f"{user.email} is a member already.", code="already_member", field="email") from error


def _person(collection: Collection, email: str) -> User:
    found = members(collection.organization).filter(user__email__iexact=email).first()
    if found is None:
        raise NotFound("There is no such person in the organisation.", field="email")
    return found.user


def _is_admin(collection: Collection, user_id: int) -> bool:
    return members(collection.organization).filter(user_id=user_id, role__in=[Role.OWNER, Role.ADMIN]).exists()
