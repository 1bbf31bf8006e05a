"""Who a presented credential is. Answers are remembered for a second, so that a busy client costs one look-up in it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, OuterRef, Q, Subquery
from django.utils.crypto import constant_time_compare

from apps.accounts.models import ApiKey, Membership, Role, User
from apps.accounts.services import scopes
from apps.accounts.services.keys import digest
from apps.dialects.caller import Caller
from apps.errors import Refused

REMEMBERED_SECONDS = 1.0
REMEMBERED_CALLERS = 10_000
ADMINS = frozenset({Role.OWNER, Role.ADMIN})
LAST_USED_STEP = timedelta(minutes=1)

_remembered: dict[tuple[str, ...], tuple[float, Caller]] = {}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a person's token says of its bearer. `stamp` changes with the password, `version` when sessions are ended;
    `organization_uid`: "" for the first that the person belongs to."""

    user_uid: str
    version: int
    stamp: str
    organization_uid: str = ""


def caller_of_key(*, value: str, at: datetime) -> Caller:
    """Raises Refused for a key that is unknown, revoked or expired, or whose owner is gone."""
    hashed = digest(value)
    return _once_a_second(("key", hashed), lambda: _look_up_key(hashed, at))


def caller_of_user(*, claims: Claims) -> Caller:
    """Raises Refused for a person who is gone, or whose sessions or password are not those of the token any more."""
    identity = ("user", claims.user_uid, str(claims.version), claims.stamp, claims.organization_uid)
    return _once_a_second(identity, lambda: _look_up_user(claims))


def claims_of(*, user: User, organization_uid: str = "") -> Claims:
    """Raises Refused when the user belongs to no organisation, or not to the one that is named."""
    claims = Claims(user.uid, user.token_version, _stamp(user), organization_uid)
    _look_up_user(claims)
    return claims


def forget_callers() -> None:
    _remembered.clear()


def _once_a_second(identity: tuple[str, ...], look_up: Callable[[], Caller]) -> Caller:
    now = time.monotonic()
    until, caller = _remembered.get(identity, (0.0, None))
    if caller is not None and now < until:
        return caller
    caller = look_up()
    if len(_remembered) >= REMEMBERED_CALLERS:
        _remembered.clear()
    _remembered[identity] = (now + REMEMBERED_SECONDS, caller)
    return caller


def _look_up_key(hashed: str, at: datetime) -> Caller:
    membership = Membership.objects.filter(organization=OuterRef("organization"), user=OuterRef("owner"))
    valid = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=at)) & Q(owner__is_active=True)
    keys = ApiKey.objects.filter(valid, digest=hashed).annotate(role=Subquery(membership.values("role")[:1]))
    key = keys.annotate(owner_uid=F("owner__uid")).first()
    if key is None or key.role is None:
        raise Refused("The API key is unknown, revoked or expired.", code="unauthorized")
    if key.last_used_at is None or key.last_used_at < at - LAST_USED_STEP:
        ApiKey.objects.filter(id=key.id).update(last_used_at=at)
    said = scopes.read(key.scopes)
    return Caller(
        organization_id=key.organization_id,
        project_id=key.project_id,
        user_id=key.owner_id,
        user_uid=key.owner_uid,
        role=key.role if key.role == Role.VIEWER else Role.EDITOR,  # a key never has more than an editor
        scopes=said.actions,
        key_uid=key.uid,
        is_admin=key.role in ADMINS,
        collections=said.collections,
        is_personal=said.is_personal,
    )


def _look_up_user(claims: Claims) -> Caller:
    memberships = Membership.objects.filter(user__uid=claims.user_uid, user__is_active=True)
    if claims.organization_uid:
        memberships = memberships.filter(organization__uid=claims.organization_uid)
    membership = memberships.select_related("user").order_by("id").first()
    if membership is None or membership.user.token_version != claims.version:
        raise Refused("The token is not valid any more.", code="unauthorized")
    if not constant_time_compare(_stamp(membership.user), claims.stamp):
        raise Refused("The token is not valid any more.", code="unauthorized")
    return Caller(
        organization_id=membership.organization_id,
        user_id=membership.user_id,
        user_uid=membership.user.uid,
        role=membership.role,
        is_admin=membership.role in ADMINS,
    )


def _stamp(user: User) -> str:
    """Changes with the password and tells nothing about it: an HMAC under our own key."""
    return user.get_session_auth_hash()[:32]
