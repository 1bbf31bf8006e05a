"""People and their roles in Databasin's words."""

from typing import Any

from rest_framework import serializers

from apps.accounts.models import Role, User

ROLES = {Role.OWNER: "owner", Role.ADMIN: "admin", Role.EDITOR: "user", Role.VIEWER: "viewer"}


class Person(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    email = serializers.CharField()
    firstName = serializers.CharField(help_text="The first word of the person's name.")
    lastName = serializers.CharField(help_text="The rest of it.")
    enabled = serializers.BooleanField()


def person(user: User) -> dict[str, Any]:
    first, _, last = user.name.strip().partition(" ")
    return {
        "id": user.id,
        "email": user.email,
        "firstName": first,
        "lastName": last.strip(),
        "enabled": user.is_active,
    }


def role_of(role: str) -> str:
    return ROLES[Role(role)]
