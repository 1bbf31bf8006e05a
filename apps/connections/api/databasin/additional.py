"""`connectorAdditionalDetails`: "k=v&k=v", of which the driver knows some; the rest is kept as it came."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from django.http import QueryDict

from apps.connections.services.values import is_line
from apps.connectors.api.databasin.subtypes import SubType
from apps.dialects.lists import Values
from apps.errors import Invalid
from engine.contract import Field, Spec

KEY = "connectorAdditionalDetails"
KEPT = "additional"
"""Under this name `Connection.details` holds what no driver knows."""
LONGEST = 2_000
PLAIN = "/:,;@+ ()[]{}\"'*"
WORDS = {"ssl": "sslmode", "usessl": "sslmode", "headername": "header"}
"""What clients call settings that our drivers have, in small letters and without separators."""
TLS_MODES = {"true": "require", "1": "require", "false": "disable", "0": "disable"}
SECRET = re.compile(
    "pass(word|wd|phrase)|^pwd$|secret|token|credential|(api|access|account|private)_?key", re.IGNORECASE
)


def read(text: object, spec: Spec, subtype: SubType) -> tuple[Values, str]:
    """The driver's settings by their names, and as it came what it does not know. Raises Invalid."""
    known = {_squeezed(field.name): field for field in spec.fields}
    settings, kept = Values(), list[str]()
    for part in _parts(text):
        name, value = _pair(part)
        squeezed = _squeezed(name)
        field = known.get(WORDS.get(squeezed, squeezed))
        if field is not None:
            settings[field.name] = _value(field, value)
        elif SECRET.search(name) and value:
            raise Invalid(f"{KEY} must hold no secret that {subtype.name} has no use for: {name!r}.", field=KEY)
        else:
            kept.append(part)
    return settings, "&".join(kept)


def written(settings: Mapping[str, Any], subtype: SubType, kept: str) -> str:
    """The settings that have no key of their own, and what was kept; not those of several lines."""
    query = QueryDict(mutable=True)
    for name in among(settings, subtype):
        value = settings[name]
        query[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return "&".join(part for part in (query.urlencode(safe=PLAIN), kept) if part)


def among(settings: Mapping[str, Any], subtype: SubType) -> Collection[str]:
    """The names of the settings that the text shows."""
    return [name for name, value in settings.items() if not subtype.key(name) and "\n" not in str(value)]


def _parts(text: object) -> list[str]:
    if text is None:
        return []
    if not isinstance(text, str) or not is_line(text, LONGEST):
        raise Invalid(f"{KEY} must be one line of at most {LONGEST:,} characters, as in ssl=true&region=eu.", field=KEY)
    return [part for part in text.split("&") if part]


def _pair(part: str) -> tuple[str, str]:
    pairs = QueryDict(part.replace("+", "%2B")).dict()  # a plus is no blank here
    return next(iter(pairs.items()), ("", ""))


def _value(field: Field, text: str) -> Any:
    if field.name == "sslmode":
        return TLS_MODES.get(text.lower(), text)
    if field.type == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text


def _squeezed(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
