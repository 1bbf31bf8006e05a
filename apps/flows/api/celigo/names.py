"""Fields for names of tables and columns, which may begin with a space and mean it."""

from typing import Any

from rest_framework import serializers


class NameField(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 200, "trim_whitespace": False} | options)


def name_list(help_text: str = "") -> serializers.ListField:
    return serializers.ListField(child=NameField(), required=False, help_text=help_text)
