"""Who calls, as a plain value: `accounts` makes it, every door reads it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """`project_id`: the one project a key is limited to (None: all). `scopes`: empty for all that the role allows.
    `key_uid`: "" when a person's JWT calls."""

    organization_id: int
    user_id: int
    user_uid: str
    role: str
    project_id: int | None = None
    scopes: frozenset[str] = frozenset()
    key_uid: str = ""
