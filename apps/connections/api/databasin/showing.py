"""A connection as Databasin shows it: flat, without any secret under any key."""

from apps.connections.api.databasin import additional
from apps.connectors.api.databasin.subtypes import SubType, subtype_of
from apps.dialects.lists import Listing, Values, document
from apps.dialects.moments import moment

AUTH_TYPE, MOST_CONNECTIONS = "connectorAuthType", "connectorMaxConnections"
DEFAULT_CONNECTIONS = 8
WIZARD = {"user": "username"}
"""Settings that the vendor's wizard calls otherwise in its `configuration`."""


def state_of(row: Values) -> str:
    """Databasin's word for whether it can be used."""
    if not row["is_enabled"]:
        return "inactive"
    return "error" if row["is_offline"] else "active"


def summary(row: Values) -> Values:
    """One of a list."""
    subtype = subtype_of(row["connector"])
    return _named(row, subtype, _flat(row, subtype)) | _owned(row)


def whole(row: Values) -> Values:
    """One alone."""
    subtype, settings = subtype_of(row["connector"]), row["settings"]
    flat = _flat(row, subtype)
    kept = flat.pop(additional.KEPT, "")
    named = _named(row, subtype, flat)
    return {
        **named,  # first in the answer
        "connectorUsername": "",
        "connectorCatalogName": "",
        AUTH_TYPE: subtype.auth_types[0],
        MOST_CONNECTIONS: DEFAULT_CONNECTIONS,
        **flat,
        **named,  # and not to be overruled
        additional.KEY: additional.written(settings, subtype, kept),
        "configuration": {WIZARD.get(name, name): value for name, value in settings.items()},
        "allowQuery": row["may_query"],
        "statusMessage": row["offline_reason"],
        "lastTestedDate": row["checked"],
        **_owned(row),
    }


def _flat(row: Values, subtype: SubType) -> Values:
    """What was kept as it came, and the settings that have a key of their own."""
    named = {key: str(value) for name, value in row["settings"].items() if (key := subtype.key(name))}
    return {**row["details"], **named}


def _named(row: Values, subtype: SubType, flat: Values) -> Values:
    return {
        "connectorID": row["id"],
        "connectorName": row["name"],
        "connectorType": subtype.category.name,
        "connectorSubType": subtype.name,
        "connectorTechnology": subtype.technology,
        "connectorHost": flat.get("connectorHost", ""),
        "connectorPort": flat.get("connectorPort", ""),
        "connectorDatabaseName": flat.get("connectorDatabaseName", ""),
    }


def _owned(row: Values) -> Values:
    state = state_of(row)
    is_active = state == "active"
    return {
        "institutionID": row["institution"],
        "internalID": row["project"] or "",
        "ownerID": row["owner"] or 0,
        "active": is_active,
        "isActive": int(is_active),
        "status": state,
        "connectorHealthStatus": "pending" if is_active and row["checked"] is None else state,
        "createdDate": row["created"],
        "lastModifiedDate": row["updated"],
        "createdAt": row["created"],
        "updatedAt": row["updated"],
    }


SOURCE = """connections_connection row
JOIN connectors_connector connector ON connector.id = row.connector_id
LEFT JOIN accounts_project project ON project.id = row.project_id"""
COLUMNS = {
    "id": "row.id",
    "name": "row.name",
    "connector": "connector.name",
    "settings": document("row.settings"),
    "details": document("row.details"),
    "institution": "row.organization_id",
    "project": "project.internal_id",
    "owner": "row.owner_id",
    "may_query": "row.may_query",
    "is_enabled": "row.is_enabled",
    "is_offline": "row.is_offline",
    "offline_reason": "row.offline_reason",
    "checked": moment("row.checked_at"),
    "created": moment("row.created_at"),
    "updated": moment("row.updated_at"),
}
SUMMARIES = Listing(SOURCE, COLUMNS, summary)
WHOLE = Listing(SOURCE, COLUMNS, whole)
