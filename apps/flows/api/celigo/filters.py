"""Filters: Celigo wraps an S-expression, we keep the expression."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field(OpenApiTypes.OBJECT)
class FilterField(serializers.JSONField):
    """`{"type": "expression", "expression": {"version": "1", "rules": [op, …]}}`; validated to the bare rules."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if data in (None, {}):
            return []
        if not isinstance(data, dict):
            raise serializers.ValidationError("A filter is an object.")
        if data.get("type", "expression") != "expression":
            raise serializers.ValidationError("Filters by script are not supported yet: use an expression.")
        expression = data.get("expression")
        rules = (expression if isinstance(expression, dict) else data).get("rules", [])
        if not isinstance(rules, list):
            raise serializers.ValidationError("A filter's rules are a list that begins with its operator.")
        return rules


def shown(rules: list[Any]) -> dict[str, Any]:
    """As Celigo shows it; {} for none."""
    return {"filter": {"type": "expression", "expression": {"version": "1", "rules": rules}}} if rules else {}
