"""Who may do what: a role is a set of scopes, a key may narrow it."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.dialects.caller import Caller

READ, WRITE, RUN = "read", "write", "run"

ROLES: dict[str, frozenset[str]] = {
    "owner": frozenset({READ, WRITE, RUN}),
    "admin": frozenset({READ, WRITE, RUN}),
    "editor": frozenset({READ, WRITE, RUN}),
    "viewer": frozenset({READ}),
}
SAFE = {"GET", "HEAD"}


def allowed_scopes(caller: Caller) -> frozenset[str]:
    """What the role allows, less what the key leaves out. An unknown role may do nothing."""
    allowed = ROLES.get(caller.role, frozenset())
    return allowed & caller.scopes if caller.scopes else allowed


class HasScope(BasePermission):
    """The default of every view: reading needs `read`, all else `write`, or what the view's `scope` names. A key that
    is confined to collections is let in only where the view looks after them.

    A method that the view does not have is left to its 405.
    """

    message = "Your role or your key's scopes do not allow this."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, Caller):
            return False
        if request.method not in view.allowed_methods:
            return True
        if request.auth.is_confined and not view.minds_collections:
            return False
        return self.needed(request, view) in allowed_scopes(request.auth)

    @staticmethod
    def needed(request: Request, view: Any) -> str:
        return getattr(view, "scope", "") or (READ if request.method in SAFE else WRITE)


class Public(BasePermission):
    """For the few views that anybody may call; such a view also has no authentication classes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return True
