"""The settings that the SQL drivers share."""

from engine.contract import Field
from engine.toolkit.fields import AUTHORITY, invalid, number, port, text

__all__ = [
    "AUTHORITY",
    "HOST",
    "PASSWORD",
    "TLS_MODE",
    "TLS_MODES",
    "USER",
    "VERIFYING",
    "invalid",
    "number",
    "port",
    "text",
]

TLS_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
VERIFYING = ("verify-ca", "verify-full")

HOST = Field("host", "Host", required=True, bound=True, help="Name or address of the database server.")
USER = Field("user", "User", required=True, bound=True)
PASSWORD = Field("password", "Password", type="password", secret=True)
TLS_MODE = Field(
    "sslmode",
    "TLS",
    type="choice",
    default="prefer",
    choices=TLS_MODES,
    help="prefer: encrypted where the server can; verify-full: also check its certificate and name.",
)
