"""A document held against the connector that it is for: the driver's settings, and what is only kept."""

import re
from collections.abc import Mapping
from typing import Any

from apps.connections.api.databasin import additional
from apps.connections.api.databasin.documents import Document
from apps.connections.api.databasin.showing import AUTH_TYPE, MOST_CONNECTIONS
from apps.connections.services.values import is_line
from apps.connectors import queries as connectors
from apps.connectors.api.databasin import auth_types
from apps.connectors.api.databasin.subtypes import KEYS, SubType, subtype_of
from apps.connectors.models import Connector
from apps.dialects.lists import Values
from apps.errors import Invalid
from engine.contract import Field

SECRET_KEYS = ("connectorPassword", "securityToken", "sftpKeyFileLocation", "oauthClientSecret")
KEPT = (
    *(key for key in dict.fromkeys(KEYS.values()) if key not in SECRET_KEYS),
    "connectorContainerName",
    "storageCredentialsConnectorID",
    "storageCredentialsExternalTables",
    "isPrivate",
    "oauthClientId",
    "oauthRedirectUri",
    "oauthScopes",
    "oauthAuthorizationUrl",
    "oauthTokenUrl",
    "oauthAutoRefresh",
)
"""Kept and shown as they came where a driver has no use for them."""
LONGEST = {"connectorHost": 2_000, "connectorUsername": 255, "connectorDatabaseName": 255}
USER_IN_HOST = re.compile("^([a-z0-9+.-]+://)?[^/]*@", re.IGNORECASE)
LAST_PORT = 65_535
MOST = 100
LONGEST_KEPT = 2_000
API_KEY_HEADER = "X-API-Key"
OURS = {"name": "connectorName", "connector": "connectorSubType"}
"""What our services complain of that is no setting."""


class Reading:
    """A document held against the connector it is for; `settings` and `details`: as they are stored now."""

    def __init__(
        self, document: Document, connector: Connector, settings: Mapping[str, Any], details: Mapping[str, Any]
    ) -> None:
        """Raises Invalid, and ConfigError naming what to install where the driver's library is missing."""
        self._document, self._settings, self._details = document, settings, details
        self._spec = connectors.spec(connector)
        self.subtype: SubType = subtype_of(connector.name)
        said = document.flat.get(AUTH_TYPE) or details.get(AUTH_TYPE)
        self._auth_type = auth_types.auth_type(said, self.subtype.auth_types)

    def values(self) -> Values:
        """The driver's settings and secrets, as `services.create` and `services.change` take them. Raises Invalid."""
        _check(self._document.flat)
        own = {name: value for name, value in self._document.own.items() if name in self._fields()}
        values = own | self._additional()[0] | self._flat_values()
        if values.get("header_value") and not values.get("header") and not self._settings.get("header"):
            values["header"] = API_KEY_HEADER
        return values

    def details(self) -> Values:
        """What means nothing to the driver, with what was kept before. Raises Invalid."""
        flat, used = self._document.flat, set(self._keys().values())
        self._refuse_secrets(used)
        changes = {key: _kept(key, flat[key]) for key in KEPT if key in flat and key not in used}
        if AUTH_TYPE in flat:
            changes[AUTH_TYPE] = self._auth_type
        if flat.get(MOST_CONNECTIONS) is not None:
            changes[MOST_CONNECTIONS] = _between(MOST_CONNECTIONS, flat[MOST_CONNECTIONS], MOST)
        if additional.KEY in flat:
            changes[additional.KEPT] = self._additional()[1]
        kept = {**self._details, **changes}
        return {key: value for key, value in kept.items() if value not in (None, "")}

    def key(self, field: str) -> str:
        """The key that the client knows a setting by, or a field of ours."""
        if field in self._document.own:
            return f"configuration.{field}"
        return self._keys().get(field) or OURS.get(field, additional.KEY)

    def _flat_values(self) -> Values:
        """An empty secret is one that was not entered; null takes it away."""
        flat, fields = self._document.flat, self._fields()
        given = {name: flat[key] for name, key in self._keys().items() if key in flat}
        return {name: value for name, value in given.items() if not (fields[name].secret and value == "")}

    def _additional(self) -> tuple[Values, str]:
        """The text is the whole of what it can say: what it leaves out takes its default again."""
        if additional.KEY not in self._document.flat:
            return {}, ""
        before = dict.fromkeys(additional.among(self._settings, self.subtype))
        said, kept = additional.read(self._document.flat[additional.KEY], self._spec, self.subtype)
        return before | said, kept

    def _keys(self) -> dict[str, str]:
        """By setting, the flat key that fills it; which secret the password is may depend on the way to sign in."""
        fields = self._fields()
        keys = {name: self.subtype.key(name) for name in fields if self.subtype.key(name)}
        password = self.subtype.passwords.get(self._auth_type, "")
        if password in fields:
            keys = {name: key for name, key in keys.items() if key != "connectorPassword"}
            keys[password] = "connectorPassword"
        return keys

    def _fields(self) -> dict[str, Field]:
        return {field.name: field for field in self._spec.fields}

    def _refuse_secrets(self, used: set[str]) -> None:
        for key in SECRET_KEYS:
            if key not in used and self._document.flat.get(key):
                text = f"{self.subtype.name} has no use for {key}, and a secret is not kept for nothing."
                raise Invalid(text, field=key)


def _check(flat: Mapping[str, Any]) -> None:
    """The rules that hold for every connector. Raises Invalid."""
    for key, longest in LONGEST.items():
        if isinstance(flat.get(key), str) and len(flat[key]) > longest:
            raise Invalid(f"{key} must have at most {longest:,} characters.", field=key)
    if USER_IN_HOST.search(str(flat.get("connectorHost"))):
        text = "connectorHost must hold no user and no password: they are for connectorUsername and connectorPassword."
        raise Invalid(text, field="connectorHost")
    if flat.get("connectorPort") not in (None, ""):
        _between("connectorPort", flat["connectorPort"], LAST_PORT)
    private_key = flat.get("sftpKeyFileLocation")
    if private_key and not str(private_key).lstrip().startswith("-----BEGIN"):
        text = "sftpKeyFileLocation must be the private key itself: files of this server are not read for it."
        raise Invalid(text, field="sftpKeyFileLocation")


def _between(key: str, value: object, most: int) -> int:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    is_digits = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    if not is_digits or not 1 <= int(text) <= most:
        raise Invalid(f"{key} must be a whole number from 1 to {most}.", field=key)
    return int(text)


def _kept(key: str, value: object) -> object:
    is_plain = (
        value is None
        or isinstance(value, bool | int | float)
        or (isinstance(value, str) and is_line(value, LONGEST_KEPT))
    )
    if not is_plain:
        raise Invalid(f"{key} must be a number, true, false or one line of text.", field=key)
    return value
