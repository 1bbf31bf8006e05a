"""Finding records by their words, through PostgreSQL's full text."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.sources.queries.search.asking import LIVE, Asked, rows_of
from apps.sources.queries.uuids import in_one_word

MOST_MATCHES = 5_000
"""So many of the records that match are ranked: a word that is in all of a million tells none of them apart."""
MOST_TERMS = 64

TERMS = "SELECT lexeme FROM unnest(to_tsvector(%(language)s::regconfig, %(text)s)) ORDER BY positions[1] LIMIT %(most)s"

# A long text's first part is in its record, the others are chunks; the best one counts
MATCHES = """
WITH matched AS MATERIALIZED (
  SELECT record.id, record.words FROM sources_record record {live}
  WHERE record.collection_id = %(collection)s::bigint AND record.words @@ %(terms)s::tsquery {condition} LIMIT %(most)s
), further AS MATERIALIZED (
  SELECT record.id, chunk.words
  FROM sources_chunk chunk JOIN sources_record record ON record.id = chunk.record_id {live}
  WHERE chunk.collection_id = %(collection)s::bigint AND chunk.words @@ %(terms)s::tsquery {condition} LIMIT %(most)s
), found AS (SELECT * FROM matched UNION ALL SELECT * FROM further)
SELECT id, (SELECT count(*) FROM matched) + (SELECT count(*) FROM further)
FROM found GROUP BY id ORDER BY max(ts_rank(words, %(terms)s::tsquery, 1)) DESC, id LIMIT %(wanted)s
"""


@dataclass(frozen=True, slots=True)
class Matches:
    """Ids of records, the best first. `is_bounded`: more of them match than were ranked."""

    ids: list[int]
    is_bounded: bool = False


def terms_of(asked: Asked, text: str) -> list[str]:
    """The text's words as the collection's language keeps them: without endings, and none that say nothing."""
    values = {"language": asked.collection.language, "text": in_one_word(text), "most": MOST_TERMS}
    return [lexeme for (lexeme,) in rows_of(TERMS, values)]


def matches(asked: Asked, terms: Sequence[str], alone: Sequence[str], wanted: int) -> Matches:
    """Records with all of the terms; where they are fewer than asked for, then those with some of them, of those that
    mean something `alone`."""
    if not terms:
        return Matches([])
    found = _matches(asked, " & ".join(map(_quoted, terms)), wanted)
    if len(found.ids) >= asked.wanted or not alone or list(terms) == list(alone[:1]):
        return found
    others = _matches(asked, " | ".join(map(_quoted, alone)), wanted)
    return Matches(list(dict.fromkeys([*found.ids, *others.ids]))[:wanted], found.is_bounded or others.is_bounded)


def _matches(asked: Asked, terms: str, wanted: int) -> Matches:
    values = {"collection": asked.collection.id, "terms": terms, "most": MOST_MATCHES + 1, "wanted": wanted}
    sql = MATCHES.format(live=LIVE, condition=asked.condition.sql)
    rows = rows_of(sql, {**asked.condition.values, **values})
    return Matches([record_id for record_id, _ in rows], bool(rows) and rows[0][1] > MOST_MATCHES)


def _quoted(term: str) -> str:
    """For a tsquery: whatever it holds is one word, and never an operator."""
    doubled = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
