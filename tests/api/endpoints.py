"""Every endpoint there is."""

from typing import Any

from tests.api.databasin.endpoints import DATABASIN
from tests.api.endpoint import Endpoint
from tests.api.sources.endpoints import SOURCES
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
    *DATABASIN,
    *SOURCES,
]
