"""Finding records by what they mean: those whose passages lie nearest to the question."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import ProgrammingError, connection, transaction

from apps.sources.models import VectorSpace
from apps.sources.queries import embedders
from apps.sources.queries.search.asking import LIVE, Asked, Warned, rows_of
from apps.sources.queries.vectors import standing
from engine.embedding.contract import Vector
from engine.errors import EngineError

MOST_PASSAGES = 200
"""Nearest passages that are looked at; a record may have several of them."""
NO_TABLE = "42P01"

# The candidates of an index come roughly in order; where conditions take many of them away, it goes on
SETTINGS = f"""
SET LOCAL enable_seqscan = on; SET LOCAL hnsw.ef_search = {MOST_PASSAGES};
SET LOCAL hnsw.iterative_scan = relaxed_order
"""
# Where nothing else is asked, the nearest of all are looked for first: few of them are not live
NEAREST = """
SELECT record.id, nearest.start, nearest.stop, nearest.distance FROM (
  SELECT record_id, start, stop, embedding <=> %(vector)s::halfvec AS distance
  FROM {table} WHERE embedding IS NOT NULL ORDER BY embedding <=> %(vector)s::halfvec LIMIT %(most)s
) AS nearest JOIN sources_record record ON record.id = nearest.record_id {live}
ORDER BY distance, record.id
"""
NEAREST_OF_THOSE = """
SELECT * FROM (
  SELECT record.id, vector.start, vector.stop, vector.embedding <=> %(vector)s::halfvec AS distance
  FROM {table} vector JOIN sources_record record ON record.id = vector.record_id {live}
  WHERE vector.embedding IS NOT NULL {condition}
  ORDER BY vector.embedding <=> %(vector)s::halfvec LIMIT %(most)s
) AS nearest ORDER BY distance, id
"""


class SpaceGone(Exception):
    """Another space has taken its place since the question was put."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """`passages`: of each record, the best first, where the passage of its text begins and ends that is nearest.
    `is_used`: whether vectors could be asked at all."""

    passages: dict[int, tuple[int, int]] = field(default_factory=dict)
    is_used: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """The query as a vector of a space; None where it has none there."""

    space: VectorSpace
    vector: Vector | None
    least_similarity: float


def question(asked: Asked) -> tuple[Question | None, tuple[Warned, ...]]:
    """Before any statement of the search: it may have to ask a service. None, and why, where there are no vectors."""
    space = VectorSpace.objects.filter(collection=asked.collection, is_current=True).first()
    told = standing(asked.collection)
    if space is None:
        if told.reason:
            return None, (_unavailable(told.reason),)
        return None, (_incomplete(0),) if asked.collection.streams.filter(record_count__gt=0).exists() else ()
    try:
        embedder = embedders.embedder_of(space)
        [vector] = embedder.embed([asked.text])
    except EngineError as error:
        return None, (_unavailable(error.message),)
    warnings = () if told.percent == 100 else (_incomplete(told.percent),)
    return Question(space, vector, embedder.least_similarity), warnings


def nearest(asked: Asked, put: Question, wanted: int) -> Nearest:
    """The records nearest to the question. Raises SpaceGone."""
    if put.vector is None:
        return Nearest(is_used=True)
    try:
        with transaction.atomic():
            _set()
            rows = _rows(asked, put)
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", "") != NO_TABLE:
            raise
        raise SpaceGone from error
    found: dict[int, tuple[int, int]] = {}
    for record_id, start, stop, distance in rows:
        if 1 - distance >= put.least_similarity and len(found) < wanted:
            found.setdefault(record_id, (start, stop))
    return Nearest(found, is_used=True)


def _rows(asked: Asked, put: Question) -> Sequence[tuple[Any, ...]]:
    assert put.vector is not None
    text = "[" + ",".join(f"{value:.6g}" for value in put.vector) + "]"
    values = {**asked.condition.values, "vector": text, "most": MOST_PASSAGES}
    parts = {"table": put.space.table, "live": LIVE, "condition": asked.condition.sql}
    if not asked.condition.sql:
        rows = rows_of(NEAREST.format(**parts), values)
        if len(rows) >= MOST_PASSAGES // 2 or put.space.passage_count < MOST_PASSAGES:
            return rows
    return rows_of(NEAREST_OF_THOSE.format(**parts), values)


def _set() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)


def _unavailable(reason: str) -> Warned:
    return Warned("vectors_unavailable", f"Found by words alone. {reason}")


def _incomplete(percent: int) -> Warned:
    return Warned("vectors_incomplete", f"{percent} % of the records can be found by their meaning so far.")
