"""Of a long text the part that matters to a query."""

import re
from collections.abc import Sequence

SHOWN = 600
"""Characters of a long value that are shown."""
BEFORE = 150
MOST_FOUND = 2_000
ELLIPSIS = "…"


def pattern_of(terms: Sequence[str]) -> re.Pattern[str] | None:
    """What words begin like that a text search took for these terms: "happi" stands for "happy" as well."""
    stems = [re.escape(term[:-1]) + "[iy]" if term.endswith("i") else re.escape(term) for term in terms]
    return re.compile(rf"(?<!\w)({'|'.join(stems)})", re.IGNORECASE) if stems else None


def excerpt(text: str, pattern: re.Pattern[str] | None) -> str:
    """The stretch of at most SHOWN characters that has the most different terms; the beginning where none is there."""
    if len(text) <= SHOWN:
        return text
    return cut(text, _densest(text, pattern) if pattern else 0)


def cut(text: str, start: int) -> str:
    """From the word at about `start` on, with marks where something is left out."""
    start = max(0, min(start, len(text) - SHOWN))
    if start:
        blank = text.find(" ", start, start + 40)
        start = blank + 1 if blank >= 0 else start
    stop = min(len(text), start + SHOWN)
    if stop < len(text):
        blank = text.rfind(" ", stop - 40, stop)
        stop = blank if blank > start else stop
    return f"{ELLIPSIS if start else ''}{text[start:stop].strip()}{ELLIPSIS if stop < len(text) else ''}"


def _densest(text: str, pattern: re.Pattern[str]) -> int:
    """Where the best stretch begins."""
    places = []
    for match in pattern.finditer(text):
        places.append((match.start(), match[1].lower()))
        if len(places) == MOST_FOUND:
            break
    best, most = 0, 0
    first = 0
    for last, (place, _) in enumerate(places):
        while place - places[first][0] > SHOWN - BEFORE:
            first += 1
        count = len({term for _, term in places[first : last + 1]})
        if count > most:
            best, most = places[first][0] - BEFORE, count
    return best
