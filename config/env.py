"""Typed readers of the environment. Every value may also come from a file: NAME_FILE=/run/secrets/name."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The value of `name`, else the content of the file `NAME_FILE` names, else `default`."""
    value = os.environ.get(name)
    if value is not None:
        return value.strip()
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return default
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read: {error.strerror}") from error


def flag(name: str, *, default: bool) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be one of 1, 0, true, false, yes, no, on, off; it is {value!r}")


def integer(name: str, default: int, *, least: int = 0) -> int:
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number; it is {value!r}") from error
    if number < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}; it is {number}")
    return number


def seconds(name: str, default: float) -> float:
    value = text(name, str(default))
    try:
        number = float(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a number of seconds; it is {value!r}") from error
    if number <= 0:
        raise ImproperlyConfigured(f"{name} must be more than 0 seconds; it is {value}")
    return number


def items(name: str, default: str = "") -> list[str]:
    """A comma list without empty items."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]
