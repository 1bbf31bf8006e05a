"""Who calls, as a plain value: `accounts` makes it, every door reads it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """`project_id`: the one project a key is limited to (None: all). `scopes`: empty for all that the role allows.
    `key_uid`: "" when a person's JWT calls. `is_admin`: an owner or admin, or a key of one, which may do no more than
    its role for all that. `collections`: the uids of those that a key is confined to; `is_personal`: it is confined to
    those that name its owner as a member."""

    organization_id: int
    user_id: int
    user_uid: str
    role: str
    project_id: int | None = None
    scopes: frozenset[str] = frozenset()
    key_uid: str = ""
    is_admin: bool = False
    collections: frozenset[str] = frozenset()
    is_personal: bool = False

    @property
    def is_confined(self) -> bool:
        """Whether there are collections at most that it reaches, and nothing else."""
        return bool(self.collections) or self.is_personal
