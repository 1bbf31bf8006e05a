"""API keys: 256 random bits that are shown once and kept as a digest."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime

from apps.accounts.models import ApiKey, Organization, Project, User
from apps.accounts.queries import first_owner, is_member
from apps.accounts.services.scopes import checked
from apps.errors import Invalid

PREFIX = "xd_"
SHOWN = 9
"""So many characters of a value are kept in clear, to tell keys apart."""


def create_api_key(
    *,
    organization: Organization,
    name: str,
    at: datetime,
    owner: User | None = None,
    project: Project | None = None,
    scopes: Collection[str] = (),
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """The key and its value, which nobody can show again. It belongs to `owner` if that is a member, else to the
    organisation's first owner. Raises Invalid."""
    if expires_at is not None and expires_at <= at:
        raise Invalid("A key cannot expire in the past.", field="expires_at")
    if project is not None and project.organization_id != organization.id:
        raise Invalid("There is no such project.", code="invalid_ref", field="project")
    holder = owner if owner is not None and is_member(organization, owner) else first_owner(organization)
    if holder is None:
        raise Invalid("The organisation has no owner yet whom a key could belong to.", field="owner")
    value = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        organization=organization,
        project=project,
        owner=holder,
        name=name,
        prefix=value[:SHOWN],
        digest=digest(value),
        scopes=checked(scopes, owner=holder),
        expires_at=expires_at,
    )
    return key, value


def create_personal_key(
    *, organization: Organization, owner: User, name: str, at: datetime, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A key with which its owner may do all that their role allows to keys. Raises Invalid for somebody who is not a
    member, to whom no other member's key is ever given."""
    if not is_member(organization, owner):
        raise Invalid("You are not a member of this organisation.", field="organization")
    return create_api_key(organization=organization, owner=owner, name=name, at=at, expires_at=expires_at)


def revoke_api_key(*, key: ApiKey, at: datetime) -> None:
    """The key is refused from now on, within the second for which callers are remembered."""
    ApiKey.objects.filter(id=key.id, revoked_at=None).update(revoked_at=at)
    key.refresh_from_db()


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
