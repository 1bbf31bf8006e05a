"""Databasin's endpoints: SQL of the caller."""

from tests.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = []
