"""What Celigo's bodies hold: fields that are read, kept as they are, refused for now, or ignored."""

from collections.abc import Collection
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.serializers import Serializer

from apps.dialects.lists import Values

MOST_CONNECTIONS = 100


class Part(Serializer[Any]):
    # An object of a body. Fields that are not named at all are ignored. (A docstring would go into OpenAPI.)
    kept: ClassVar[Collection[str]] = ()
    """Documented fields that are stored and shown as they come and mean nothing to us."""
    later: ClassVar[Collection[str]] = ()
    """Fields that would change what a run does and are not supported yet: refused rather than ignored."""

    def get_fields(self) -> dict[str, Any]:
        kept = {name: serializers.JSONField(required=False, allow_null=True) for name in self.kept}
        return super().get_fields() | kept

    def to_internal_value(self, data: Any) -> Any:
        given = data if isinstance(data, dict) else {}
        unsupported = {name: [f"{name} is not supported yet."] for name in self.later if asks(given.get(name))}
        if unsupported:
            raise serializers.ValidationError(unsupported)
        return super().to_internal_value(data)

    def kept_of(self, values: Values) -> Values:
        """The kept fields that were given."""
        return {name: values[name] for name in self.kept if values.get(name) is not None}


class Shape(Part):
    # What a resource is read and written as.
    _id = serializers.CharField(read_only=True)
    createdAt = serializers.DateTimeField(read_only=True)
    lastModified = serializers.DateTimeField(read_only=True)

    def document(self) -> Values:
        return self.kept_of(self.validated_data)


class CloneShape(Serializer[Any]):
    name = serializers.CharField(required=False, max_length=200)
    connectionMap = serializers.DictField(
        required=False, child=serializers.CharField(), help_text="By the id of a connection, the one to use instead."
    )

    def validate_connectionMap(self, value: dict[str, str]) -> dict[str, str]:  # noqa: N802 (DRF looks for the name)
        if len(value) > MOST_CONNECTIONS:
            raise serializers.ValidationError(f"At most {MOST_CONNECTIONS} connections can be exchanged.")
        return value


def asks(value: Any) -> bool:
    """Whether a field's value asks for anything: an empty list or false asks for nothing."""
    if isinstance(value, dict):
        return any(asks(part) for part in value.values())
    return bool(value)
