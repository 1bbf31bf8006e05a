"""Databasin's endpoints: ping, my, project."""

from tests.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = [
    Endpoint("GET", "/api/ping", 200),
    Endpoint("GET", "/api/my/account", 200),
    Endpoint("GET", "/api/my/organizations", 200),
    Endpoint("GET", "/api/my/projects", 200),
    Endpoint("GET", "/api/project/{project_id}", 200),
    Endpoint("GET", "/api/project/{internal_id}/users", 200),
]
