"""What Databasin's files of types say of a connector: from its driver where the driver knows it."""

from typing import Any

from apps.connectors import queries
from apps.connectors.api.databasin.categories import FILE_API, Category
from apps.connectors.api.databasin.subtypes import SubType, subtype_of
from apps.connectors.models import Connector

NAME = 1
REQUIRED = {
    "connectorHost": 2,
    "connectorPort": 3,
    "connectorDatabaseName": 4,
    "connectorStorageAccountName": 10,
    "httpPath": 16,
    "warehouse": 18,
    "connectorCatalogName": 27,
}
"""The numbers by which Databasin's forms know the flat keys."""
OTHERWISE = {"account": 14, "url": 31}
"""Settings that its forms have a field of their own for."""
FILE_PATH = 20
ADDITIONAL_PARAMETERS, MOST_CONNECTIONS, DIRECTORY = 1, 2, 4


def entry(connector: Connector) -> dict[str, Any]:
    """One of `availableConnectors`."""
    subtype = subtype_of(connector.name)
    missing = queries.missing(connector)
    settings = [field.name for field in queries.spec(connector).fields]
    writes = "writes" in queries.capabilities(connector)
    return {
        "connectorName": subtype.name,
        "connectorImageURI": "",
        "connectorRequiredFields": _required(subtype, settings),
        "connectorOptionalFields": _optional(subtype),
        "connectorAuthTypes": list(subtype.auth_types),
        "pipelineRequiredScreens": list(subtype.screens),
        "pipelineRequiredFields": [],
        "pipelineOptionalFields": [],
        "ingressTargetSupport": True,
        "egressTargetSupport": writes,
        "testConnectorSupport": not missing,
        "globalOAuthSupport": False,
        "active": not missing,
        "pipelineSource": True,
        "pipelineTarget": writes,
        "automationSource": False,
        "automationTarget": False,
        "fileDropTarget": False,
        "supportsAutomationSQL": False,
        "connectorLabel": connector.label,
        "connectorDescription": connector.description,
        "connectorTechnology": subtype.technology,
        "missing": missing,
    }


def category_file(category: Category) -> dict[str, Any]:
    """A category's whole file; without any connector of ours its list is empty."""
    rows = [row for row in queries.enabled() if subtype_of(row.name).category == category]
    return {"connectorType": category.name, "id": category.id, "availableConnectors": [entry(row) for row in rows]}


def _required(subtype: SubType, settings: list[str]) -> list[int]:
    keys = {name: subtype.key(name) for name in settings}
    numbers = {OTHERWISE.get(name, REQUIRED.get(key, NAME)) for name, key in keys.items()}
    if keys.get("path") == "connectorDatabaseName":
        numbers = numbers - {REQUIRED["connectorDatabaseName"]} | {FILE_PATH}
    return sorted({NAME, *numbers})


def _optional(subtype: SubType) -> list[int]:
    if subtype.category == FILE_API:
        return [ADDITIONAL_PARAMETERS, DIRECTORY]
    return [ADDITIONAL_PARAMETERS, MOST_CONNECTIONS]
