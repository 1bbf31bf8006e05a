"""Which connector a document means: by its type and sub-type, or else by what gives it away."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.connectors import queries
from apps.connectors.api.databasin.categories import CATEGORIES, DATABASES, FILE_API, Category
from apps.connectors.api.databasin.subtypes import SUBTYPES, SubType
from apps.connectors.models import Connector
from apps.errors import Invalid

WORDS: dict[str, frozenset[Category]] = {
    "database": DATABASES,
    "bigdata": DATABASES,
    "nosql": DATABASES,
    "file": frozenset({FILE_API}),
    "files": frozenset({FILE_API}),
    "api": frozenset({FILE_API}),
    "cloud": frozenset(CATEGORIES),
    "app": frozenset(CATEGORIES) - DATABASES - {FILE_API},
}
"""Types that are no category, as the vendor's wizard and parts of its documentation say them."""
SHORTEST_SIGN = 5
"""A shorter name than this is looked for as a whole word: "ftp" is also part of "sftp"."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What else a document says. `keys`: those that hold something."""

    host: str = ""
    port: str = ""
    name: str = ""
    keys: frozenset[str] = field(default_factory=frozenset)


def resolve(type_: object, subtype: object, hints: Hints) -> Connector:
    """Raises Invalid, naming what would do."""
    enabled = {connector.name: connector for connector in queries.enabled()}
    offered = [each for each in SUBTYPES if each.connector in enabled]
    candidates = meant(type_, subtype, offered)
    found = candidates[0] if len(candidates) == 1 else _guessed(candidates, hints, enabled)
    return enabled[found.connector]


def meant(type_: object, subtype: object, offered: Iterable[SubType] = SUBTYPES) -> list[SubType]:
    """Those that a type and a sub-type allow. Raises Invalid when there is none."""
    family = _of_type(type_, list(offered))
    said = _squeezed(subtype)
    if not said:
        return family
    named = [each for each in family if _is_named(each, said)]
    if not named:
        names = ", ".join(each.name for each in family)
        raise Invalid(f"connectorSubType is one of {names}.", field="connectorSubType")
    return named


def _of_type(type_: object, offered: list[SubType]) -> list[SubType]:
    said = _squeezed(type_)
    categories = frozenset(CATEGORIES) if not said else _categories(said)
    family = [each for each in offered if each.category in categories or (not categories and _is_named(each, said))]
    if not family:
        names = ", ".join(f"{each.name} ({each.id})" for each in _served(offered))
        raise Invalid(f"connectorType is one of {names}.", field="connectorType")
    return family


def _categories(said: str) -> frozenset[Category]:
    """Either of the two that hold databases stands for both."""
    if said in WORDS:
        return WORDS[said]
    found = frozenset(each for each in CATEGORIES if said in (str(each.id), _squeezed(each.name), each.file.lower()))
    return DATABASES if found & DATABASES else found


def _served(offered: list[SubType]) -> list[Category]:
    return [category for category in CATEGORIES if any(each.category == category for each in offered)]


def _guessed(candidates: list[SubType], hints: Hints, enabled: dict[str, Connector]) -> SubType:
    """The one that nothing speaks against. Of two that are one to their driver the better known."""
    signs = (_by_marks, _by_port, _by_words)
    left = candidates
    for found in (sign(candidates, hints) for sign in signs):
        left = [each for each in left if each in found] if found else left
    is_told = left and left != candidates
    if not is_told or len({enabled[each.connector].driver for each in left}) > 1:
        names = ", ".join(each.name for each in left or candidates)
        raise Invalid(f"Which one it is cannot be told: connectorSubType is one of {names}.", field="connectorSubType")
    return left[0]


def _by_marks(candidates: list[SubType], hints: Hints) -> list[SubType]:
    host = hints.host.lower()
    marked = [each for each in candidates if host.endswith(each.domains) or hints.keys & set(each.marks)]
    return marked or [each for each in candidates if each.technology == "http" and re.match("https?://", host)]


def _by_port(candidates: list[SubType], hints: Hints) -> list[SubType]:
    return [each for each in candidates if hints.port in each.ports]


def _by_words(candidates: list[SubType], hints: Hints) -> list[SubType]:
    text = f"{hints.host} {hints.name}".lower()
    squeezed, words = _squeezed(text), set(re.findall("[a-z0-9]+", text))
    return [
        each
        for each in candidates
        if any(sign in (squeezed if len(sign) >= SHORTEST_SIGN else words) for sign in _names(each))
    ]


def _is_named(subtype: SubType, said: str) -> bool:
    return said in _names(subtype)


def _names(subtype: SubType) -> set[str]:
    return {_squeezed(subtype.name), _squeezed(subtype.connector), subtype.technology, *subtype.aliases}


def _squeezed(said: object) -> str:
    """Small letters and digits alone: how a name is written does not matter."""
    return re.sub("[^a-z0-9]", "", str(said).lower()) if isinstance(said, str | int) else ""
