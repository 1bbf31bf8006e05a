"""Databasin's endpoints: the connector itself, and what can be connected."""

from tests.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = [
    Endpoint("GET", "/config", 200, ""),
    Endpoint("GET", "/config/connectors/v2/types/{types_file}", 200, ""),
    Endpoint("GET", "/config/pipelines/FlowbasinPipelineScreens.json", 200, ""),
    Endpoint("GET", "/api/config", 200),
]
