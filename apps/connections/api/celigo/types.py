"""Celigo's types of connections: which connectors serve each, and its words for their settings."""

from collections.abc import Mapping

from apps.connectors import queries as connectors
from apps.connectors.models import Category, Connector
from apps.dialects.lists import Values
from apps.errors import Invalid

KEPT = ("concurrencyLevel", "targetConcurrencyLevel")
"""Stored and shown, and without meaning here: a flow uses one connection at a time."""


class ConnectionType:
    """`name` is also that of the block of settings. `systems`: connectors by the block's own `type`; `words`: settings
    by Celigo's names for them, the others go by their driver's; `kept`: what is shown as it came."""

    def __init__(
        self,
        name: str,
        systems: Mapping[str, str],
        words: Mapping[str, str] | None = None,
        *,
        kept: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.systems = systems
        self.words = words or {}
        self.kept = (*KEPT, *kept)

    def connector(self, block: Values) -> Connector:
        """The connector that the block is for. Raises Invalid naming those that can be connected."""
        said, known = block.get("type", ""), self._known()
        if isinstance(said, str) and said in known:
            return known[said]
        named = ", ".join(sorted(filter(None, known)))
        code = "invalid_field" if said else "missing_required_field"
        text = f"{self.name}.type is one of {named}." if named else f"{self.name} takes no such type here."
        raise Invalid(text, code=code, field=f"{self.name}.type")

    def settings(self, block: Values) -> Values:
        """What the block says, by the driver's names."""
        left_out = {"type", *self.kept}
        return {self.words.get(name, name): value for name, value in block.items() if name not in left_out}

    def block(self, connector: str, settings: Values) -> Values:
        """The settings of a connection as Celigo says them; secrets are stars already."""
        names = {ours: theirs for theirs, ours in self.words.items()}
        said = next(type_ for type_, name in self.systems.items() if name == connector)
        return {**({"type": said} if said else {}), **{names.get(name, name): settings[name] for name in settings}}

    def name_of(self, setting: str) -> str:
        """A setting's place in the document."""
        names = {ours: theirs for theirs, ours in self.words.items()}
        return f"{self.name}.{names.get(setting, setting)}"

    def _known(self) -> dict[str, Connector]:
        """By what a block's `type` may be."""
        enabled = {connector.name: connector for connector in connectors.enabled()}
        return {said: enabled[name] for said, name in self.systems.items() if name in enabled}


class DatabaseType(ConnectionType):
    """A database goes by the name of its connector."""

    def block(self, connector: str, settings: Values) -> Values:
        return {"type": connector, **settings}

    def _known(self) -> dict[str, Connector]:
        return {connector.name: connector for connector in connectors.enabled().filter(category=Category.DATABASE)}


class FtpType(ConnectionType):
    """FTP with TLS and without is one connector of ours, and its `tls` says which."""

    def settings(self, block: Values) -> Values:
        if block.get("usePassiveMode") is False:
            raise Invalid("Only passive mode is supported.", field="ftp.usePassiveMode")
        settings = super().settings(block)
        is_implicit = settings.pop("useImplicitFtps", False)
        if block.get("type") != "sftp":
            settings["tls"] = "off" if block.get("type") == "ftp" else "implicit" if is_implicit else "explicit"
        return settings

    def block(self, connector: str, settings: Values) -> Values:
        said = super().block(connector, settings)
        tls = said.pop("tls", "off")
        if tls != "off":
            said["type"] = "ftps"
        return said | ({"useImplicitFtps": True} if tls == "implicit" else {})


class S3Type(ConnectionType):
    """The bucket that Celigo only pings is the one that is meant, if no other is."""

    def settings(self, block: Values) -> Values:
        settings = super().settings(block)
        pinged = block.get("pingBucket")
        if pinged and settings.setdefault("bucket", pinged) != pinged:
            raise Invalid("The bucket to ping must be the bucket.", field="s3.pingBucket")
        return settings


TYPES: Mapping[str, ConnectionType] = {
    type_.name: type_
    for type_ in (
        DatabaseType("rdbms", {}),
        FtpType(
            "ftp",
            {"sftp": "sftp", "ftp": "ftp", "ftps": "ftp"},
            {"hostURI": "host", "username": "user", "authKey": "private_key", "hostKey": "host_key"},
            kept=("usePassiveMode", "entryParser", "userDirectoryIsRoot"),
        ),
        S3Type(
            "s3",
            {"": "s3"},
            {"accessKeyId": "access_key", "secretAccessKey": "secret_key"},
            kept=("pingBucket",),
        ),
        ConnectionType("filesystem", {"": "folder", "http": "http_files"}),
    )
}


def type_of(driver: str) -> str:
    """The type of a connection by the name of its driver."""
    return next((name for name, type_ in TYPES.items() if driver in type_.systems.values()), "rdbms")
