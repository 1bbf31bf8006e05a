"""Databasin's endpoints: usage metrics and statistics."""

from tests.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = [
    Endpoint("GET", "/api/project/{internal_id}/stats", 200),
    Endpoint("GET", "/api/usage-metrics/users/me", 200),
    Endpoint("GET", "/api/usage-metrics/users", 200),
    Endpoint("GET", "/api/usage-metrics/users/{user_id}", 200),
    Endpoint("GET", "/api/usage-metrics/projects", 200),
    Endpoint("GET", "/api/usage-metrics/projects/{project_id}", 200),
    Endpoint("GET", "/api/usage-metrics/institutions", 200),
    Endpoint("GET", "/api/usage-metrics/institutions/{organization_id}", 200),
]
