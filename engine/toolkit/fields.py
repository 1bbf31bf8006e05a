"""How a driver takes its settings from what a caller stored."""

from collections.abc import Mapping
from typing import Any

from engine.contract import Field
from engine.errors import ConfigError

AUTHORITY = Field(
    "ca_certificate",
    "Certificate authority",
    type="text",
    help="PEM text that the server's certificate is checked against; empty: the authorities this system trusts.",
)


def port(default: int) -> Field:
    return Field("port", "Port", type="integer", default=default, bound=True)


def text(settings: Mapping[str, Any], field: Field) -> str:
    """A setting as text, "" where it is missing. Raises ConfigError `invalid_setting`."""
    value = settings.get(field.name)
    value = field.default if value is None or value == "" else value
    if value is None:
        value = ""
    if not isinstance(value, str) or "\0" in value:
        raise invalid(field)
    if not value and field.required:
        raise ConfigError(f"{field.label} is missing.", code="invalid_setting")
    if field.choices and value not in field.choices:
        raise ConfigError(f"{field.label} must be one of {', '.join(field.choices)}.", code="invalid_setting")
    return value


def number(settings: Mapping[str, Any], field: Field) -> int:
    value = settings.get(field.name)
    value = field.default if value is None or value == "" else value
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise invalid(field) from error


def invalid(field: Field) -> ConfigError:
    return ConfigError(f"{field.label} is not a valid {field.type}.", code="invalid_setting")
