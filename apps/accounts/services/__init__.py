"""What can be done with organisations, users and keys, and who a presented credential is."""

from apps.accounts.services.callers import Claims, caller_of_key, caller_of_user, claims_of, forget_callers
from apps.accounts.services.keys import create_api_key, create_personal_key, revoke_api_key
from apps.accounts.services.members import change_role, remove_member
from apps.accounts.services.organizations import (
    add_member,
    change_organization,
    change_project,
    create_organization,
    create_project,
    create_user,
    end_sessions,
    note_sign_in,
)
from apps.accounts.services.people import change_user

__all__ = [
    "Claims",
    "add_member",
    "caller_of_key",
    "caller_of_user",
    "change_organization",
    "change_project",
    "change_role",
    "change_user",
    "claims_of",
    "create_api_key",
    "create_organization",
    "create_personal_key",
    "create_project",
    "create_user",
    "end_sessions",
    "forget_callers",
    "note_sign_in",
    "remove_member",
    "revoke_api_key",
]
