"""Roles of members, and their leaving. An organisation always keeps an owner."""

from django.db import transaction

from apps.accounts.models import Membership, Organization, Role
from apps.errors import Conflict


def change_role(*, membership: Membership, role: Role) -> Membership:
    """Raises Conflict when no owner would be left."""
    with transaction.atomic():
        if role != Role.OWNER:
            _keep_an_owner(membership)
        membership.role = role
        membership.save(update_fields=["role", "updated_at"])
    return membership


def remove_member(*, membership: Membership) -> None:
    """The person's keys in the organisation are refused from now on. Raises Conflict when no owner would be left."""
    with transaction.atomic():
        _keep_an_owner(membership)
        membership.delete()


def _keep_an_owner(leaving: Membership) -> None:
    """Under a lock, so that two owners who leave at once do not both go."""
    Organization.objects.select_for_update().get(id=leaving.organization_id)
    owners = Membership.objects.filter(organization_id=leaving.organization_id, role=Role.OWNER)
    if owners.filter(id=leaving.id).exists() and not owners.exclude(id=leaving.id).exists():
        raise Conflict("An organisation keeps at least one owner: name another one first.", code="last_owner")
