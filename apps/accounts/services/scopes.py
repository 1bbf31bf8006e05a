"""What the scopes of a key say: what it may do, and how far it reaches."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from apps.accounts.models import Scope, User
from apps.errors import Invalid

ORGANIZATION = "organization"
PERSON = "user"
COLLECTION = re.compile(r"collection:col_([0-9a-f]{24})")
KNOWN = f"{', '.join(Scope.values)}, {ORGANIZATION}, {PERSON}:<id> and collection:col_<id>"


@dataclass(frozen=True, slots=True)
class Scopes:
    """`actions`: what the key may do, all if empty. `collections`: the uids of those it is confined to, if any.
    `is_personal`: it reaches those alone that name its owner as a member."""

    actions: frozenset[str]
    collections: frozenset[str]
    is_personal: bool


def read(scopes: Collection[str]) -> Scopes:
    """Of a key as it is stored."""
    found = [COLLECTION.fullmatch(scope) for scope in scopes]
    return Scopes(
        actions=frozenset(scopes) & frozenset(Scope.values),
        collections=frozenset(match[1] for match in found if match),
        is_personal=any(scope.startswith(f"{PERSON}:") for scope in scopes),
    )


def checked(scopes: Collection[str], *, owner: User) -> list[str]:
    """As they are to be stored; "user" alone means the owner. Raises Invalid for one that there is not, that names
    somebody else, or that contradicts another."""
    own = f"{PERSON}:{owner.uid}"
    named = {own if scope == PERSON else scope for scope in scopes}
    confining = {scope for scope in named if scope == own or COLLECTION.fullmatch(scope)}
    if unknown := named - {*Scope.values, ORGANIZATION} - confining:
        raise Invalid(_refusal(min(unknown)), field="scopes")
    if confining and ORGANIZATION in named:
        raise Invalid(f"{ORGANIZATION} and {min(confining)} contradict each other.", field="scopes")
    return sorted(named)


def _refusal(scope: str) -> str:
    if scope.startswith(f"{PERSON}:"):
        return "A key's user is the one that it belongs to, and nobody else."
    return f"There is no scope {scope[:100]!r}, only {KNOWN}."
