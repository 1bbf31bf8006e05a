"""Whose a row is: `institutionID`, `internalID` and `ownerID`. What a template leaves empty is the caller's."""

from collections.abc import Mapping
from typing import Any

from apps.accounts import queries as accounts
from apps.accounts.models import Membership, Project, User
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


def owner(said: Mapping[str, Any], caller: Caller) -> User | None:
    """The member who is named, None for nobody or a stranger."""
    value = said.get("ownerID")
    return None if _is_unsaid(value) else _member(number(value, "ownerID"), caller)


def caller_themselves(caller: Caller) -> User | None:
    return _member(caller.user_id, caller)


def _member(user_id: int, caller: Caller) -> User | None:
    rows = Membership.objects.filter(organization_id=caller.organization_id, user_id=user_id)
    found = rows.select_related("user").first()
    return found.user if found else None


def _is_unsaid(value: object) -> bool:
    return not isinstance(value, bool) and any(value == nothing for nothing in UNSAID)
