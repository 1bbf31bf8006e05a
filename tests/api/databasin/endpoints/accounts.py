"""Databasin's endpoints: ping, my, project, config."""

from tests.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = []
