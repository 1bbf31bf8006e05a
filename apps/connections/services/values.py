"""What a caller sends for a connection, held against the fields its driver declares."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from apps.errors import Invalid
from engine.contract import Field, Spec
from engine.toolkit.masking import STARS, Secret

LONGEST_LINE = 2_000
LONGEST_TEXT = 200_000
LARGEST_INTEGER = 2**63 - 1
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# NUL, and halves of surrogate pairs, which JSON can spell and nobody can store
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Present:
    """What the connection has now: its settings, and the names of the secrets it holds."""

    settings: Mapping[str, Any]
    secrets: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What it is to have: `entered` secrets are new, `kept` ones stay, `lost` ones were entered for another system."""

    settings: dict[str, Any]
    entered: dict[str, Secret]
    kept: frozenset[str]
    lost: frozenset[str]


NOTHING = Present(settings={})


def check(spec: Spec, given: Mapping[str, Any], *, present: Present = NOTHING, replace: bool = True) -> Checked:
    """The settings and secrets that result. Without `replace`, what is not given stays as it is.

    None or "" takes a value away; stars leave a secret as it is. A replacement must give every required secret that is
    not held; a smaller change may leave it missing. Secrets belong to the system they were entered for: when a bound
    setting changes, those not entered in the same call are lost.
    Raises Invalid with every problem at once; no problem repeats a value.
    """
    fields = {field.name for field in spec.fields}
    problems = [_unknown(spec, name) for name in given if name not in fields]
    wanted = _wanted(spec, given, present, replace=replace)
    read: dict[str, Any] = {}
    for field in spec.fields:
        try:
            read[field.name] = _read(field, wanted.get(field.name))
        except Invalid as problem:
            problems.append(problem)
    if problems:
        first = problems[0]
        message = " ".join(problem.message for problem in problems)
        raise Invalid(message, code=first.code, field=first.field, problems=problems)
    return _sorted_out(spec, read, present)


def _wanted(spec: Spec, given: Mapping[str, Any], present: Present, *, replace: bool) -> Mapping[str, Any]:
    """What is asked for; in a replacement, stars for a secret that is not held ask for nothing."""
    secrets = {field.name for field in spec.fields if field.secret}
    if not replace:
        return {**present.settings, **dict.fromkeys(secrets, STARS), **given}
    missing = secrets.difference(present.secrets)
    return {name: None if name in missing and value == STARS else value for name, value in given.items()}


def _sorted_out(spec: Spec, read: Mapping[str, Any], present: Present) -> Checked:
    settings = {
        field.name: read[field.name] for field in spec.fields if not field.secret and read[field.name] is not None
    }
    secrets = {field.name: read[field.name] for field in spec.fields if field.secret}
    staying = frozenset(name for name in present.secrets if secrets.get(name) == STARS)
    is_elsewhere = any(_bound(field, settings) != _bound(field, present.settings) for field in spec.fields)
    return Checked(
        settings=settings,
        entered={name: Secret(value) for name, value in secrets.items() if value not in (None, STARS)},
        kept=frozenset() if is_elsewhere else staying,
        lost=staying if is_elsewhere else frozenset(),
    )


def _bound(field: Field, settings: Mapping[str, Any]) -> Any:
    """What ties secrets to a system; a setting that is not stored counts as its default."""
    return settings.get(field.name, field.default) if field.bound else None


def _read(field: Field, value: object) -> Any:
    """The value as it is to be stored, None for none. Raises Invalid."""
    if value is None or value == "":
        value = field.default
    if value is None:
        if field.required:
            raise Invalid(f"{field.label} is required.", code="missing_required_field", field=field.name)
        return None
    read = READERS[field.type](field, value)
    if field.choices and read not in field.choices:
        raise _wrong(field, f"one of {', '.join(field.choices)}")
    return read


def is_line(text: str, longest: int) -> bool:
    return len(text) <= longest and not CONTROL.search(text) and not UNSTORABLE.search(text)


def _line(field: Field, value: object) -> str:
    if not isinstance(value, str) or not is_line(value, LONGEST_LINE):
        raise _wrong(field, f"one line of at most {LONGEST_LINE:,} characters")
    return value


def _text(field: Field, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or UNSTORABLE.search(value):
        raise _wrong(field, f"text of at most {LONGEST_TEXT:,} characters without NUL")
    return value


def _integer(field: Field, value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value, re.ASCII):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER:
        return value
    raise _wrong(field, "a whole number")


def _boolean(field: Field, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(field, "true or false")
    return value


READERS: dict[str, Callable[[Field, object], Any]] = {
    "string": _line,
    "choice": _line,
    "password": _text,
    "text": _text,
    "integer": _integer,
    "boolean": _boolean,
}
"""How a value of each type of field is read. Forms send numbers as text, so digits are taken for a number."""


def _unknown(spec: Spec, name: str) -> Invalid:
    return Invalid(f"{spec.label} has no setting {name[:100]!r}.", code="unknown_field", field=name[:100])


def _wrong(field: Field, expected: str) -> Invalid:
    return Invalid(f"{field.label} must be {expected}.", field=field.name)
