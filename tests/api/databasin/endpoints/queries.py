"""Databasin's endpoints: SQL of the caller's own."""

from tests.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = [
    Endpoint("POST", "/api/connector/{spare_connection_id}/query", 202, "run", {"sql": "SELECT 1", "limit": 10}),
]
