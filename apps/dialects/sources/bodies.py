"""A body read field by field, so that all that is wrong with it is said at once. No message repeats a value."""

from typing import Any, TypeVar

from rest_framework.request import Request

from apps.dialects.lists import Values
from apps.dialects.parsing import object_of
from apps.errors import Invalid

Value = TypeVar("Value")


class Body:
    """What a client sent. Fields that nobody asks for do not matter; null is as good as nothing."""

    def __init__(self, request: Request) -> None:
        """Raises Invalid when it is not an object."""
        self._fields: Values = object_of(request)
        self._problems: list[Invalid] = []

    def has(self, name: str) -> bool:
        return self._fields.get(name) is not None

    def text(self, name: str, *, required: bool = False) -> str:
        return self._read(name, str, "a text", "", required=required)

    def flag(self, name: str) -> bool:
        return self._read(name, bool, "true or false", default=False)

    def number(self, name: str, *, default: int, least: int = 0, most: int) -> int:
        said = self._read(name, int, "a whole number", default)
        if isinstance(said, bool) or not least <= said <= most:
            self.blame(name, f"{name} must be a whole number from {least} to {most}.")
        return said

    def object(self, name: str) -> Values:
        return self._read(name, dict, "an object", {})

    def list(self, name: str) -> list[Any]:
        return self._read(name, list, "a list", [])

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of them; "" for none."""
        said = self._read(name, str, f"one of {', '.join(choices)}", "")
        if said and said not in choices:
            self.blame(name, f"{name} must be one of {', '.join(choices)}.")
        return said

    def part(self, name: str) -> Values:
        """The object under that name, or the whole body where it holds none."""
        inner = self._fields.get(name)
        return inner if isinstance(inner, dict) else self._fields

    def blame(self, name: str, message: str, *, code: str = "") -> None:
        self._problems.append(Invalid(message, code=code, field=name))

    def check(self) -> None:
        """Raises Invalid with every problem that was found."""
        if self._problems:
            first = self._problems[0]
            raise Invalid(first.message, code=first.code, field=first.field, problems=self._problems)

    def _read(self, name: str, kind: type[Value], expected: str, default: Value, *, required: bool = False) -> Value:
        value = self._fields.get(name)
        if isinstance(value, kind) and not (required and value == ""):
            return value
        if required and value in (None, ""):
            self.blame(name, f"{name} is required.", code="missing_required_field")
        elif value is not None:
            self.blame(name, f"{name} must be {expected}.")
        return default
