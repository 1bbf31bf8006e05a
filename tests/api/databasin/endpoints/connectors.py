"""Databasin's endpoints: the connector itself."""

from tests.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = []
