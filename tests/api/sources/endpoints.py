"""Every endpoint of the Sources dialect, under the prefix that the seed has."""

from tests.api.endpoint import Endpoint
from tests.conftest import PASSWORD

CREDENTIALS = {"host": "db.example.com", "port": 5432, "database": "myapp", "username": "reader", "password": "secret"}
SOURCE_CONNECTION = {
    "collectionId": "{collection}",
    "sourceShortName": "postgresql",
    "name": "Production Database",
    "credentials": CREDENTIALS,
    "config": {"tables": ["public.articles"]},
    "verify": False,
    "sync": False,
}
SEARCH = {"collectionId": "{collection}", "query": "returns", "limit": 5, "filters": [], "rerank": False}
RECORDS = {"stream": "articles", "records": [{"id": "b-1", "title": "Returns"}], "deleted": ["b-0"]}
ONE, SPARE, BUSY = (f"/api/v1/source-connections/{{{name}}}" for name in ("source", "spare_source", "busy_source"))

SOURCES: list[Endpoint] = [
    Endpoint("GET", "/api/v1/sources", 200),
    Endpoint("GET", "/api/v1/sources/{short_name}", 200),
    Endpoint("GET", "/api/v1/source-connections", 200),
    Endpoint("POST", "/api/v1/source-connections", 201, "write", SOURCE_CONNECTION),
    Endpoint("GET", ONE, 200),
    Endpoint("DELETE", SPARE, 200, "write"),
    Endpoint("POST", f"{ONE}/test", 202, "write"),
    Endpoint("POST", f"{SPARE}/run", 202, "run", {"mode": "full", "confirmEmpty": False}),
    Endpoint("PUT", f"{ONE}/credentials", 202, "write", {"credentials": CREDENTIALS}),
    Endpoint("PUT", f"{ONE}/config", 202, "write", {"config": {"tables": ["public.articles"]}}),
    Endpoint("DELETE", f"{SPARE}/data", 200, "write"),
    Endpoint("GET", f"{ONE}/discover", 202),
    Endpoint("GET", f"{ONE}/events", 200),
    Endpoint("GET", f"{ONE}/syncs", 200),
    Endpoint("GET", f"{ONE}/syncs/{{sync}}", 200),
    Endpoint("POST", f"{BUSY}/syncs/{{busy_sync}}/cancel", 200, "run"),
    Endpoint("POST", "/api/v1/source-connections/{push_source}/records", 200, "write", RECORDS),
    Endpoint("GET", "/api/v1/collections", 200),
    Endpoint("POST", "/api/v1/collections", 201, "write", {"name": "Tickets", "description": "", "language": "german"}),
    Endpoint("GET", "/api/v1/collections/{collection}", 200),
    Endpoint("PATCH", "/api/v1/collections/{collection}", 200, "write", {"name": "Help centre"}),
    Endpoint("DELETE", "/api/v1/collections/{spare_collection}", 200, "write"),
    Endpoint("GET", "/api/v1/collections/{collection}/members", 200),
    Endpoint(
        "POST", "/api/v1/collections/{collection}/members", 201, "write", {"email": "{member_email}", "role": "viewer"}
    ),
    Endpoint("PATCH", "/api/v1/collections/{closed_collection}/members/{member}", 200, "write", {"role": "editor"}),
    Endpoint("DELETE", "/api/v1/collections/{closed_collection}/members/{member}", 200, "write"),
    Endpoint("GET", "/api/v1/collections/{collection}/search?query=returns", 200),
    Endpoint("POST", "/api/v1/search", 200, "read", SEARCH),
    Endpoint("POST", "/api/v1/auth/login", 200, "", {"email": "olga@acme.example", "password": PASSWORD}),
    Endpoint("POST", "/api/v1/auth/refresh", 401, "", {"refreshToken": "none"}),
]
