"""Databasin's endpoints: usage metrics and statistics."""

from tests.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = []
