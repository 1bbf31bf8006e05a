"""Reads of who owns and who calls. Every query for a caller starts at `visible`."""

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from apps.accounts.models import Membership, Organization, Role, User
from apps.dialects.caller import Caller
from apps.errors import NotFound

Row = TypeVar("Row", bound=Model)

LONGEST_NUMBER = 18


def visible(rows: QuerySet[Row], caller: Caller) -> QuerySet[Row]:
    """The rows of the caller's organisation; of one project only, where the caller's key is limited to one."""
    rows = rows.filter(organization_id=caller.organization_id)
    return rows.filter(project_id=caller.project_id) if caller.project_id else rows


def organization(reference: str) -> Organization:
    """By its name, uid or number, in this order. Raises NotFound."""
    is_number = reference.isascii() and reference.isdecimal() and len(reference) <= LONGEST_NUMBER
    named = Organization.objects.filter(Q(name=reference) | Q(uid=reference)).first()
    found = named or (Organization.objects.filter(id=reference).first() if is_number else None)
    if found is None:
        raise NotFound(f"There is no organisation {reference!r}.", field="organization")
    return found


def first_owner(organization: Organization) -> User | None:
    """Whom an organisation's keys belong to when nobody else is named."""
    owners = Membership.objects.filter(organization=organization, role=Role.OWNER, user__is_active=True)
    membership = owners.select_related("user").order_by("id").first()
    return membership.user if membership else None


def is_member(organization: Organization, user: User) -> bool:
    return Membership.objects.filter(organization=organization, user=user).exists()
