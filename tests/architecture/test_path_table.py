"""The path table: the first word after /api or /v1 says whose a path is, and no word leads to another dialect."""

import re
from collections.abc import Iterator

import pytest
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from apps.dialects.paths import API_WORDS, V1_WORDS, Dialect, dialect_of

UID = "5e03061cda20740022300f09"
WORDS = [
    *API_WORDS,
    *V1_WORDS,
    "token",
    "schema",
    "jobs",
    "connections",
    "tokenInfo",
    "nothing",
    "7",
    UID,
    "..",
    "e1234567",
]
MEANT = {"source_connection": f"sc_{UID}", "sync": f"sync_{UID}", "member": f"mem_{UID}", "collection": f"col_{UID}"}
"""What fits in the places of converters that take none of the words."""


def paths(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        path = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from paths(pattern.url_patterns, path)
        elif dialect_of(path):
            yield path


PATHS = sorted(paths(get_resolver().url_patterns))


def served_by(path: str) -> Dialect | None:
    """The dialect of the view that a path leads to; None for no view."""
    try:
        view = resolve(path).func
    except Resolver404:
        return None
    module = getattr(view, "cls", getattr(view, "view_class", view)).__module__
    if module == "config.schema":
        return Dialect.PLATFORM
    found = re.fullmatch(r"apps\.\w+\.api\.(\w+)(\..+)?", module)
    assert found, module
    return Dialect(found[1])


def test_there_are_paths() -> None:
    assert len(PATHS) > 30


@pytest.mark.parametrize("path", PATHS)
def test_no_word_in_any_place_leads_to_another_dialect(path: str) -> None:
    pieces = re.split(r"<[^>]+>", path)
    filled = [word.join(pieces) for word in WORDS] if len(pieces) > 1 else [path]
    filled.append(re.sub(r"<(?:(\w+):)?\w+>", lambda place: MEANT.get(place[1], UID), path))
    for each in filled:
        assert served_by(each) in {None, dialect_of(each)}, each
    assert {served_by(each) for each in filled} - {None}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("prefix", ["/api", "/v1"])
def test_no_word_behind_a_prefix_leads_to_another_dialect(prefix: str, word: str) -> None:
    for rest in ("", f"/{UID}", "/nothing", f"/{UID}/run"):
        path = f"{prefix}/{word}{rest}"
        assert served_by(path) in {None, dialect_of(path)}, path


def test_no_word_belongs_to_two_dialects() -> None:
    assert len(API_WORDS) == 20
    assert len(V1_WORDS) == 12
    assert Dialect.PLATFORM not in API_WORDS.values()
    assert Dialect.CELIGO not in V1_WORDS.values()
