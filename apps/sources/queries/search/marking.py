"""Where in a text are the words that a search was for."""

import re

from apps.sources.models import Collection
from apps.sources.queries.search import codes, words
from apps.sources.queries.search.asking import Asked, Condition
from apps.sources.queries.search.excerpts import pattern_of

REST_OF_WORD = re.compile(r"\w*")
Parts = list[tuple[str, bool]]
"""A text in its parts, each with whether it was looked for."""


def sought(collection: Collection, query: str) -> re.Pattern[str] | None:
    """What the words and codes of the query look like in texts; None where it has none."""
    asked = Asked(collection, query, 0, 0, Condition("", {}))
    return pattern_of([*codes.codes_in(query), *words.terms_of(asked, query)])


def marked(text: str, pattern: re.Pattern[str] | None) -> Parts:
    """The text in parts; whole words are marked, whatever ending they have."""
    parts: Parts = []
    behind = 0
    for match in pattern.finditer(text) if pattern else ():
        stop = REST_OF_WORD.match(text, match.end()).end()  # type: ignore[union-attr]  # it matches nothing as well
        if match.start() > behind:
            parts.append((text[behind : match.start()], False))
        parts.append((text[max(behind, match.start()) : stop], True))
        behind = stop
    return [*parts, (text[behind:], False)] if behind < len(text) else parts
