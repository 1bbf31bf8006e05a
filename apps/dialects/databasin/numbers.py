"""Numbers of rows, as clients send them."""

from apps.dialects.numbers import LONGEST, is_number
from apps.errors import Invalid


def number(value: object, key: str) -> int:
    """A row's number, also as digits in text. Raises Invalid."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**LONGEST:
        return value
    if isinstance(value, str) and is_number(value):
        return int(value)
    raise Invalid(f"{key} must be a whole number.", field=key)
