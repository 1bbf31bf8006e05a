"""Databasin's endpoints: refresh, catalogs, schemas, tables, columns."""

from tests.api.endpoint import Endpoint

CHOSEN = {
    "_comment": "what its own client sends",
    "connectorID": "{spare_connection_id}",
    "objects": ["orders"],
    "chosenDatabaseSchema": "public",
    "catalog": "shop",
}
ENDPOINTS: list[Endpoint] = [
    Endpoint("POST", "/api/connector/{spare_connection_id}/refresh", 202, "write", {}),
    Endpoint("GET", "/api/connector/{spare_connection_id}/catalogs", 200),
    Endpoint("GET", "/api/connector/{spare_connection_id}/schemas?catalog=shop", 200),
    Endpoint("GET", "/api/connector/{spare_connection_id}/tables?catalog=shop&schema=public", 200),
    Endpoint("GET", "/api/connector/{spare_connection_id}/columns?table=orders", 200),
    Endpoint("GET", "/api/connector/{spare_connection_id}/schema-context", 200),
    Endpoint("GET", "/api/connector/{connection_id}/tables", 202),
    Endpoint("GET", "/api/connector/catalogs/{spare_connection_id}", 200),
    Endpoint("GET", "/api/v2/connector/catalogs/{spare_connection_id}", 200),
    Endpoint("GET", "/api/v2/connector/schemas/{spare_connection_id}?catalog=shop", 200),
    Endpoint("GET", "/api/v2/connector/tables/{spare_connection_id}?catalog=shop&schema=public", 200),
    Endpoint("POST", "/api/connector/columns", 200, "read", CHOSEN),
    Endpoint("POST", "/api/connector/ingestiontype", 200, "read", CHOSEN),
]
