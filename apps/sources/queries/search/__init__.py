"""Searching a collection: by words, by codes and by meaning, as one ranking of live records."""

import re
import time
from dataclasses import dataclass, field

from apps.sources.models import Collection
from apps.sources.queries.search import codes, filters, nearest, words
from apps.sources.queries.search.asking import MOST_RESULTS, Asked, Warned, bounded, checked_text
from apps.sources.queries.search.conditions import condition
from apps.sources.queries.search.excerpts import pattern_of
from apps.sources.queries.search.fusion import fused
from apps.sources.queries.search.results import Found, Result, fetched
from apps.sources.queries.search.streams import Searched, searched

__all__ = ["MOST_RESULTS", "Answer", "Result", "Warned", "search"]

WORD = re.compile(r"[^\W\d_]")
RANKED = 100
"""So many records of each ranking are looked at, or as many as are asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`took`: milliseconds."""

    query: str
    results: list[Result] = field(default_factory=list)
    took: int = 0
    warnings: list[Warned] = field(default_factory=list)


def search(
    *, collection: Collection, query: object, limit: int = 10, offset: int = 0, filter_list: object = None
) -> Answer:
    """The records that fit the query best. `filter_list`: as `filters` words them.

    Raises Invalid for a query or filters that are none, TransientError for a search that takes too long.
    """
    began = time.monotonic()
    streams = searched(collection)
    holds, warnings = condition(filters.parsed(filter_list), streams)
    asked = Asked(collection, checked_text(query), limit, offset, holds)
    found: list[Result] = []
    if limit and streams:
        found, told = _found(asked, streams)
        warnings += told
    return Answer(asked.text, found, round((time.monotonic() - began) * 1000), warnings)


def _found(asked: Asked, streams: list[Searched]) -> tuple[list[Result], list[Warned]]:
    """Once more where the vectors are replaced in that moment."""
    try:
        return _ranked(asked, streams)
    except nearest.SpaceGone:
        return _ranked(asked, streams)


def _ranked(asked: Asked, streams: list[Searched]) -> tuple[list[Result], list[Warned]]:
    wanted = max(RANKED, asked.wanted)
    asked_codes = codes.codes_in(asked.text)
    rest = codes.without(asked.text, asked_codes)
    put, told = nearest.question(asked) if WORD.search(rest) else (None, ())
    with bounded():
        terms = words.terms_of(asked, asked.text)
        by_words = words.matches(asked, terms, words.terms_of(asked, rest), wanted)
        by_codes = codes.matches(asked, asked_codes, wanted)
        by_meaning = nearest.nearest(asked, put, wanted) if put else nearest.Nearest()
        rankings = [by_words.ids]
        rankings += [by_codes] if asked_codes else []
        rankings += [list(by_meaning.passages)] if by_meaning.is_used else []
        pattern = pattern_of([*asked_codes, *terms])
        found = fetched(asked, Found(fused(rankings), by_meaning.passages, pattern), streams)
    return found, [*told, *([_bounded()] if by_words.is_bounded else [])]


def _bounded() -> Warned:
    text = (
        f"More than {words.MOST_MATCHES:,} records match: {words.MOST_MATCHES:,} of them were ranked. Rarer words help."
    )
    return Warned("too_many_matches", text)
