"""An endpoint: how it is called, what it answers, and the scope it needs ("" for none)."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str
    status: int
    scope: str = "read"
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def has_row(self) -> bool:
        """Whether it is about a row of somebody's."""
        return "{" in self.path and bool(self.scope) and "{short_name}" not in self.path

    def call(self, client: Client, uids: dict[str, str], body: Any = None) -> HttpResponse:
        """`body` in place of the endpoint's own; text goes out as it is."""
        body = self.body if body is None else body
        path = filled(self.path, uids)
        if body is None:
            return client.generic(self.method, path)
        text = body if isinstance(body, str) else json.dumps(filled(body, uids))
        return client.generic(self.method, path, text, content_type="application/json")


def filled(value: Any, uids: dict[str, str]) -> Any:
    """The value with every `{placeholder}` in it replaced."""
    if isinstance(value, dict):
        return {name: filled(part, uids) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, uids) for part in value]
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda match: uids[match[1]], value)
    return value
