"""What we believe of a server's certificate."""

import ssl

from engine.toolkit import fields


def client_context(authority: str = "") -> ssl.SSLContext:
    """Certificate and name are always checked: against the PEM text, or without one against the authorities that this
    system trusts. Raises ConfigError `invalid_setting`."""
    try:
        return ssl.create_default_context(cadata=authority or None)
    except (ssl.SSLError, ValueError) as error:
        raise fields.invalid(fields.AUTHORITY) from error
