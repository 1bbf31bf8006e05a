"""Databasin's endpoints: the connector itself, and what can be connected."""

from tests.api.endpoint import Endpoint

CONNECTOR = {
    "connectorName": "Production MySQL",
    "connectorType": "RDBMS",
    "connectorHost": "mysql.example.com",
    "connectorPort": "3306",
    "connectorDatabaseName": "analytics",
    "connectorUsername": "databasin_user",
    "connectorPassword": "secure_password",
    "connectorAuthType": 2,
    "institutionID": "{organization_id}",
    "internalID": "{internal_id}",
    "ownerID": "{user_id}",
}
"""As the seed shows it."""

ENDPOINTS: list[Endpoint] = [
    Endpoint("GET", "/api/connector", 200),
    Endpoint("POST", "/api/connector", 200, "write", CONNECTOR),
    Endpoint("PUT", "/api/connector", 200, "write", {"connectorID": "{connection_id}", "isActive": 1}),
    Endpoint("DELETE", "/api/connector", 200, "write", {"connectorID": "{spare_connection_id}"}),
    Endpoint("POST", "/api/connector/test", 202, "write", {"connectorID": "{connection_id}"}),
    Endpoint("GET", "/api/connector/{connection_id}", 200),
    Endpoint("PUT", "/api/connector/{connection_id}", 200, "write", {"connectorName": "Another"}),
    Endpoint("DELETE", "/api/connector/{spare_connection_id}", 200, "write"),
    Endpoint("POST", "/api/connector/{connection_id}/test", 202, "write"),
    Endpoint("GET", "/config", 200, ""),
    Endpoint("GET", "/config/connectors/v2/types/{types_file}", 200, ""),
    Endpoint("GET", "/config/pipelines/FlowbasinPipelineScreens.json", 200, ""),
    Endpoint("GET", "/api/config", 200),
]
