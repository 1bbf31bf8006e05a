"""Databasin's endpoints: automations and their tasks."""

from tests.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = []
