"""Whose a row is: `institutionID`, `internalID` and `ownerID`. What a template leaves empty is the caller's."""

from collections.abc import Mapping
from typing import Any

from apps.accounts import queries as accounts
from apps.accounts.models import Membership, Project
from apps.dialects.caller import Caller
from apps.dialects.databasin.numbers import number
from apps.errors import Invalid, NotFound

UNSAID = (None, "", 0, "0")


def check_institution(said: Mapping[str, Any], caller: Caller) -> None:
    """Raises NotFound for any but the caller's own, Invalid for what is no number."""
    value = said.get("institutionID")
    if not _is_unsaid(value) and number(value, "institutionID") != caller.organization_id:
        raise NotFound(f"Institution with ID {value} not found")


def project(said: Mapping[str, Any], caller: Caller) -> Project | None:
    """None where none is said. Raises NotFound for one that the caller does not see."""
    value = said.get("internalID")
    if _is_unsaid(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid("internalID must be text.", field="internalID")
    return accounts.project(str(value), caller)


def owned(said: Mapping[str, Any], caller: Caller) -> dict[str, int]:
    """`owner_id` and `project_id`, as far as a document says them; a stranger is nobody. Raises as `project` does."""
    found: dict[str, int] = {}
    value = said.get("ownerID")
    if not _is_unsaid(value) and _is_member(number(value, "ownerID"), caller):
        found["owner_id"] = number(value, "ownerID")
    if its := project(said, caller):
        found["project_id"] = its.id
    return found


def _is_member(user_id: int, caller: Caller) -> bool:
    return Membership.objects.filter(organization_id=caller.organization_id, user_id=user_id).exists()


def _is_unsaid(value: object) -> bool:
    return not isinstance(value, bool) and any(value == nothing for nothing in UNSAID)
