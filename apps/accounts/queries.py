"""Reads of who owns and who calls. Every query for a caller starts at `visible`."""

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from apps.accounts.models import Membership, Organization, Project, Role, User
from apps.dialects.caller import Caller
from apps.dialects.numbers import is_number
from apps.errors import NotFound

Row = TypeVar("Row", bound=Model)


def visible(rows: QuerySet[Row], caller: Caller) -> QuerySet[Row]:
    """The rows of the caller's organisation; of one project only, where the caller's key is limited to one."""
    rows = rows.filter(organization_id=caller.organization_id)
    return rows.filter(project_id=caller.project_id) if caller.project_id else rows


def projects(caller: Caller) -> QuerySet[Project]:
    """Those of the caller's organisation; only its own, where the caller's key is limited to one."""
    rows = Project.objects.filter(organization_id=caller.organization_id)
    return rows.filter(id=caller.project_id) if caller.project_id else rows


def project(reference: str, caller: Caller) -> Project:
    """By its number, where the reference is all digits, else by its internal id. Raises NotFound."""
    field = "id" if is_number(reference) else "internal_id"
    found = projects(caller).filter(**{field: reference}).select_related("organization").first()
    if found is None:
        raise NotFound(f"Project with ID {reference} not found", field="project")
    return found


def organization(reference: str) -> Organization:
    """By its name, uid or number, in this order. Raises NotFound."""
    named = Organization.objects.filter(Q(name=reference) | Q(uid=reference)).first()
    found = named or (Organization.objects.filter(id=reference).first() if is_number(reference) else None)
    if found is None:
        raise NotFound(f"There is no organisation {reference!r}.", field="organization")
    return found


def first_owner(organization: Organization) -> User | None:
    """Whom an organisation's keys belong to when nobody else is named."""
    membership = members(organization).filter(role=Role.OWNER).first()
    return membership.user if membership else None


def organizations_of(user: User) -> QuerySet[Organization]:
    return Organization.objects.filter(memberships__user=user).order_by("name")


def is_member(organization: Organization, user: User) -> bool:
    return Membership.objects.filter(organization=organization, user=user).exists()


def members(organization: Organization) -> QuerySet[Membership]:
    """Of people who may still sign in, those who joined first before the others."""
    rows = Membership.objects.filter(organization=organization, user__is_active=True)
    return rows.select_related("user").order_by("id")


def membership(caller: Caller) -> Membership:
    """Of the person who calls, in the organisation they act in. Raises NotFound when they have just left it."""
    rows = Membership.objects.filter(organization_id=caller.organization_id, user_id=caller.user_id)
    found = rows.select_related("organization", "user").first()
    if found is None:
        raise NotFound("You are not a member of this organisation any more.")
    return found
