"""What a client says of a connector, in any of the four ways in which Databasin's clients say it: flat by the seed's
keys, with a number or a name for the type, and with the wizard's `configuration`."""

from collections.abc import Mapping
from typing import Any

from apps.connections.api.databasin.showing import AUTH_TYPE
from apps.connections.services.values import is_line
from apps.connectors.api.databasin.resolution import Hints, resolve
from apps.connectors.models import Connector
from apps.errors import Invalid

SYNONYMS = {"connectorDatabase": "connectorDatabaseName"}
NESTED = {
    "host": "connectorHost",
    "baseUrl": "connectorHost",
    "port": "connectorPort",
    "database": "connectorDatabaseName",
    "username": "connectorUsername",
    "password": "connectorPassword",
    "authType": AUTH_TYPE,
}
"""The wizard's words in `configuration`; the others there are our drivers' own."""
SHORTEST_NAME, LONGEST_NAME = 3, 255


class Document:
    """What is sent. `own`: what the wizard's `configuration` says in our drivers' words; `flat`: all the rest."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        """Raises Invalid."""
        nested = body.get("configuration") or {}
        if not isinstance(nested, dict):
            raise Invalid("configuration must be an object.", field="configuration")
        self.own = {name: value for name, value in nested.items() if name not in NESTED}
        self.flat = {NESTED[name]: value for name, value in nested.items() if name in NESTED}
        self.flat |= {SYNONYMS.get(key, key): value for key, value in body.items()}

    def name(self) -> str:
        """Raises Invalid."""
        name = self.flat.get("connectorName")
        if name is None or name == "":
            raise Invalid("Missing required field: connectorName", code="missing_required_field", field="connectorName")
        if not isinstance(name, str) or len(name.strip()) < SHORTEST_NAME or not is_line(name, LONGEST_NAME):
            text = f"connectorName must be one line of {SHORTEST_NAME} to {LONGEST_NAME} characters."
            raise Invalid(text, field="connectorName")
        return name

    def connector(self) -> Connector:
        """Raises Invalid, naming the types or sub-types that would do."""
        type_, subtype = self.flat.get("connectorType"), self.flat.get("connectorSubType")
        if type_ in (None, "") and subtype in (None, ""):
            raise Invalid("Missing required field: connectorType", code="missing_required_field", field="connectorType")
        host, port, name = (
            str(self.flat.get(key) or "") for key in ("connectorHost", "connectorPort", "connectorName")
        )
        given = frozenset(key for key, value in self.flat.items() if value not in (None, ""))
        return resolve(type_, subtype, Hints(host, port, name, given))
