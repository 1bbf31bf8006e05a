"""Databasin's endpoints: pipelines and artifacts."""

from tests.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = []
