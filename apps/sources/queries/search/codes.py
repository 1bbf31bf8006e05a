"""Finding records by the numbers of documents and the like, whole, in part or mistyped: "INV-20931"."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from apps.sources.queries.search.asking import LIVE, Asked, rows_of

TERM = re.compile(r"[^\W_][\w./-]*")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d.*")
SHORTEST, LONGEST, MOST = 3, 24, 4
SHORTEST_MISTYPED = 5
"""Shorter ones are like too many others."""
MOST_MATCHES, MOST_COMPARED = 2_000, 200
LIKENESSES = (0.7, 0.6, 0.5)
"""From the strictest on: looser ones are tried only where nothing else was found."""

CONTAINING = """
SELECT record.id, record.codes FROM sources_record record {live}
WHERE record.collection_id = %(collection)s::bigint AND record.codes <> '' AND record.codes LIKE %(pattern)s {condition}
LIMIT %(most)s
"""
LIKE = """
SELECT id, codes FROM (
  SELECT record.id, record.codes FROM sources_record record {live}
  WHERE record.collection_id = %(collection)s::bigint AND record.codes <> '' AND %(term)s <%% record.codes {condition}
  LIMIT %(most)s
) AS found ORDER BY word_similarity(%(term)s, codes) DESC, id LIMIT %(compared)s
"""
LIKENESS = "SELECT set_config('pg_trgm.word_similarity_threshold', %(likeness)s, true)"


def codes_in(text: str) -> list[str]:
    """The words of a query that look like codes, or like parts of them."""
    words = [word.rstrip("./-").lower() for word in TERM.findall(text)]
    codes = [word for word in words if re.search(r"\d", word) and SHORTEST <= len(word) <= LONGEST]
    return list(dict.fromkeys(code for code in codes if not MOMENT.fullmatch(code)))[:MOST]


def without(text: str, codes: Sequence[str]) -> str:
    """The rest of the query: parts of a code mean nothing by themselves."""
    return TERM.sub(lambda match: " " if match[0].rstrip("./-").lower() in codes else match[0], text)


def matches(asked: Asked, codes: Sequence[str], wanted: int) -> list[int]:
    """Ids of records, those whose codes are nearest to one of these first."""
    nearness: dict[int, float] = {}
    for code in codes:
        for record_id, found in _containing(asked, code) or _like(asked, code):
            nearness[record_id] = max(nearness.get(record_id, 0), _nearness(code, found))
    return sorted(nearness, key=lambda record_id: (-nearness[record_id], record_id))[:wanted]


def _containing(asked: Asked, code: str) -> Sequence[tuple[int, str]]:
    escaped = code.replace("_", "\\_")  # the only one of LIKE's signs that a code may hold
    return _rows(asked, CONTAINING, pattern=f"%{escaped}%")


def _like(asked: Asked, code: str) -> Sequence[tuple[int, str]]:
    if len(code) < SHORTEST_MISTYPED or not re.search(r"[^\W\d]", code):
        return []
    for likeness in LIKENESSES:
        rows_of(LIKENESS, {"likeness": str(likeness)})
        if rows := _rows(asked, LIKE, term=code):
            return rows
    return []


def _rows(asked: Asked, sql: str, **values: str) -> Sequence[tuple[int, str]]:
    bound = {**asked.condition.values, "collection": asked.collection.id, "most": MOST_MATCHES, **values}
    rows = rows_of(sql.format(live=LIVE, condition=asked.condition.sql), {**bound, "compared": MOST_COMPARED})
    return [(record_id, codes) for record_id, codes in rows]


def _nearness(code: str, codes: str) -> float:
    """From 0 to 1, which the code itself has alone."""
    return max((_likeness(code, each) for each in codes.split()), default=0)


def _likeness(code: str, other: str) -> float:
    if code in other:
        return len(code) / len(other)
    return 0.99 * SequenceMatcher(None, code, other, autojunk=False).ratio()
