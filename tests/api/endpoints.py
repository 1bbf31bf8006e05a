"""Every endpoint: how it is called, what it answers, and the scope it needs ("" for none)."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.conftest import PASSWORD

CONNECTION = {
    "name": "Another",
    "type": "rdbms",
    "rdbms": {"type": "postgresql", "host": "db.example", "database": "shop", "user": "reader", "password": "secret"},
}
EXPORT = {
    "name": "Another",
    "_connectionId": "{connection}",
    "adaptorType": "RDBMSExport",
    "rdbms": {"schema": "public", "table": "orders"},
}
IMPORT = {
    "name": "Another",
    "_connectionId": "{connection}",
    "adaptorType": "RDBMSImport",
    "rdbms": {"table": "orders", "mode": "upsert", "key": ["id"]},
}
FLOW = {
    "name": "Another",
    "disabled": False,
    "pageGenerators": [{"_exportId": "{export}"}],
    "pageProcessors": [{"type": "import", "_importId": "{import}"}],
}


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
        return "{" in self.path

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


def resource(name: str, row: str, body: dict[str, Any], spare: str, clone: str) -> list[Endpoint]:
    return [
        Endpoint("GET", f"/v1/{name}", 200),
        Endpoint("POST", f"/v1/{name}", 201, "write", body),
        Endpoint("GET", f"/v1/{name}/{row}", 200),
        Endpoint("PUT", f"/v1/{name}/{row}", 200, "write", body),
        Endpoint("PATCH", f"/v1/{name}/{row}", 200, "write", {"name": "Another"}),
        Endpoint("DELETE", f"/v1/{name}/{spare}", 204, "write"),
        Endpoint("POST", f"/v1/{name}/{clone}/clone", 201, "write", {"name": "A copy"}),
    ]


ENDPOINTS = [
    Endpoint("GET", "/readyz", 503, ""),  # nobody dispatches in a test
    Endpoint("GET", "/api/health", 200, ""),
    Endpoint("GET", "/api/status", 200),
    Endpoint("POST", "/api/token", 200, "", {"email": "olga@acme.example", "password": PASSWORD}),
    Endpoint("POST", "/api/token/refresh", 401, "", {"refresh": "none"}),
    Endpoint("GET", "/api/jobs/{job}", 200),
    Endpoint("GET", "/api/jobs/{job}/events", 200),
    Endpoint("GET", "/v1/tokenInfo", 200),
    *resource("connections", "{connection}", CONNECTION, "{spare_connection}", "{connection}"),
    Endpoint("POST", "/v1/connections/ping", 202, "write", CONNECTION),
    Endpoint("GET", "/v1/connections/{connection}/ping", 202, "write"),
    Endpoint("POST", "/v1/connections/{connection}/ping", 202, "write"),
    *resource("exports", "{export}", EXPORT, "{spare_export}", "{export}"),
    *resource("imports", "{import}", IMPORT, "{spare_import}", "{import}"),
    *resource("flows", "{flow}", FLOW, "{flow}", "{flow}"),
    Endpoint("POST", "/v1/flows/{flow}/run", 201, "run", {}),
    Endpoint("GET", "/v1/flows/{flow}/jobs/latest", 200),
    Endpoint("GET", "/v1/jobs?createdAt_gte=2020-01-01", 200),
    Endpoint("GET", "/v1/jobs/{job}", 200),
    Endpoint("GET", "/v1/jobs/{step}", 200),
    Endpoint("PUT", "/v1/jobs/{queued}/cancel", 200, "run"),
    Endpoint("POST", "/v1/jobs/{queued}/cancel", 200, "run"),
    Endpoint("POST", "/v1/jobs/{job}/retry", 201, "run"),
    Endpoint("GET", "/v1/jobs/{job}/joberrors", 200),
    Endpoint("PUT", "/v1/jobs/{job}/joberrors/resolve", 200, "run"),
    Endpoint("PUT", "/v1/jobs/{job}/joberrors/{error}/resolve", 200, "run"),
]
