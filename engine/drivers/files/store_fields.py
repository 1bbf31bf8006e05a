"""The settings that the drivers of remote stores share."""

from collections.abc import Mapping
from typing import Any

from engine.contract import Field
from engine.drivers.files.paths import CONTROL
from engine.toolkit import fields

HOST = Field("host", "Host", required=True, bound=True, help="Name or address of the server.")
USER = Field("user", "User", required=True, bound=True)
PASSWORD = Field("password", "Password", type="password", secret=True)
FOLDER = Field("path", "Folder", help="What is used of the server; empty: the folder in which the user arrives.")


def folder(settings: Mapping[str, Any]) -> str:
    """The folder in which all paths begin. Raises ConfigError `invalid_setting`."""
    found = fields.text(settings, FOLDER)
    if CONTROL.search(found) or ".." in found.split("/"):
        raise fields.invalid(FOLDER)
    return found if found.strip("/") == "" else found.rstrip("/")
