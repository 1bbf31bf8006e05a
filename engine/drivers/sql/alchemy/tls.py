"""TLS with clients that either check a certificate or take none."""

import contextlib
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from engine.contract import Field
from engine.drivers.sql import fields
from engine.toolkit import tls as certificates

TLS_MODE = Field(
    "sslmode",
    "TLS",
    type="choice",
    default="verify-full",
    choices=("verify-full", "verify-ca", "disable"),
    help="verify-full: encrypted, certificate and name are checked; verify-ca: the certificate alone.",
)
TLS = Field(
    "sslmode",
    "TLS",
    type="choice",
    default="verify-full",
    choices=("verify-full", "disable"),
    help="verify-full: encrypted, certificate and name are checked.",
)


def context(settings: Mapping[str, Any]) -> ssl.SSLContext | None:
    """What a server's certificate and name are checked by; None: without TLS. Raises ConfigError `invalid_setting`."""
    if fields.text(settings, TLS) == "disable":
        return None
    return certificates.client_context(fields.text(settings, fields.AUTHORITY))


@contextlib.contextmanager
def authorities(settings: Mapping[str, Any], *, is_wanted: bool) -> Iterator[str | None]:
    """The file that certificates are checked against, for clients that take no PEM text; None: without TLS."""
    pem = fields.text(settings, fields.AUTHORITY)
    if not is_wanted:
        yield None
    elif pem:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(pem)
            file.flush()
            yield file.name
    else:
        yield ssl.get_default_verify_paths().cafile
