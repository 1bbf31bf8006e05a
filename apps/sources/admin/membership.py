"""Who reaches a collection: everybody in its organisation as long as nobody is named."""

from typing import Any

from django.http import HttpRequest

from apps.accounts.models import Role
from apps.accounts.queries import members as people
from apps.errors import NotFound
from apps.sources import services as sources
from apps.sources.models import Collection, CollectionMember


def shown(collection: Collection) -> dict[str, Any]:
    """What the page tells: the members, who else could be one, and what they can be."""
    members = list(collection.members.select_related("user").order_by("id"))
    taken = {member.user_id for member in members}
    others = [each for each in people(collection.organization) if each.user_id not in taken]
    return {"members": members, "others": others, "roles": Role.choices}


def act(request: HttpRequest, collection: Collection) -> str:
    """Does what the page's form asks for, and says what it did. Raises what the services raise."""
    asked = request.POST
    if asked.get("act") == "add":
        member = sources.add_member(
            collection=collection, email=asked.get("email", ""), role=asked.get("role", ""), by_id=request.user.pk or 0
        )
        return f"{member.user} is a member as {member.get_role_display().lower()}."
    member = _member(collection, asked.get("member", ""))
    if asked.get("act") == "remove":
        sources.remove_member(member=member)
        return f"{member.user} is no member any more."
    sources.change_member(member=member, role=asked.get("role", ""))
    return f"{member.user} is {member.get_role_display().lower()} now."


def _member(collection: Collection, uid: str) -> CollectionMember:
    found = collection.members.select_related("user").filter(uid=uid).first()
    if found is None:
        raise NotFound("This person is no member any more.")
    return found
