"""Single values of a body, each read or refused with a sentence that names its key."""

from typing import Any

import orjson

from apps.connections.services.values import is_line
from apps.dialects.lists import Values
from apps.errors import Invalid

LONGEST, MOST, LARGEST = 255, 100, 20_000


def flag(value: object, key: str) -> bool:
    """Raises Invalid, as all of these do."""
    if value in (True, 1, "1", "true"):
        return True
    if value in (False, 0, "0", "false"):
        return False
    raise Invalid(f"{key} must be true or false.", field=key)


def line(value: object, key: str) -> str:
    """A number's digits, too."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not is_line(text, LONGEST):
        raise Invalid(f"{key} must be one line of at most {LONGEST} characters.", field=key)
    return text.strip()


def lines(value: object, key: str) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST:
        raise Invalid(f"{key} must be a list of at most {MOST} texts.", field=key)
    return [line(item, key) for item in value]


def objects(value: object, key: str) -> list[Any]:
    """Objects, or texts in their place."""
    if not isinstance(value, list) or len(value) > MOST or not all(isinstance(item, dict | str) for item in value):
        raise Invalid(f"{key} must be a list of at most {MOST} objects.", field=key)
    return value


def document(value: object, key: str) -> Values:
    if not isinstance(value, dict) or len(orjson.dumps(value)) > LARGEST:
        raise Invalid(f"{key} must be an object of at most {LARGEST:,} bytes.", field=key)
    return value
