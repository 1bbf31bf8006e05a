"""Reading query parameters."""

from rest_framework.request import Request

from apps.errors import Invalid

LARGEST = 2**31 - 1
YES = ("true", "1", "yes")
NO = ("", "false", "0", "no")


def whole_number(request: Request, name: str, *, default: int, least: int = 0, most: int = LARGEST) -> int:
    """The parameter as a number from `least` to `most`. Raises Invalid for anything else."""
    text = request.query_params.get(name, "")
    if not text:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else -1
    if not least <= number <= most:
        raise Invalid(f"{name} must be a whole number from {least} to {most}.", code="invalid_query_params", field=name)
    return number


def flag(request: Request, name: str) -> bool:
    """Whether the parameter says so, in any of the usual ways; False when it is left out. Raises Invalid."""
    text = request.query_params.get(name, "").lower()
    if text not in {*YES, *NO}:
        raise Invalid(f"{name} must be true or false.", code="invalid_query_params", field=name)
    return text in YES


def choice(request: Request, name: str, choices: tuple[str, ...], *, default: str) -> str:
    """The parameter as one of the choices. Raises Invalid."""
    text = request.query_params.get(name, "") or default
    if text not in choices:
        raise Invalid(f"{name} must be one of {', '.join(choices)}.", code="invalid_query_params", field=name)
    return text
