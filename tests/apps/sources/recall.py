"""How much of what an exact scan finds the index over a space finds, too."""

import random
import time
from typing import Any

from django.db import connection, transaction

from apps.jobs import services as jobs
from apps.sources.models import VectorSpace
from apps.sources.queries.embedders import embedder_of
from apps.sources.queries.search.asking import LIVE
from apps.sources.queries.search.nearest import NEAREST as NEAREST_PASSAGES
from apps.sources.queries.search.nearest import SETTINGS
from apps.sources.services import embedding
from engine.schema import Kind
from tests.apps.sources.library import Library
from tests.apps.sources.shop import AT

NEAREST = 10
VOCABULARY = """
account address airport animal answer apple army autumn bank beach bicycle bird boat book bottle bread bridge
brother building butter camera car castle chair cheese church city clock cloud coat coffee computer contract corn
country cousin credit customer damage delivery desert discount doctor door dress engine evening factory family farm
field film finger fire fish flight flower forest friend fruit garden glass gold grass guitar hair hammer harbour
heart history horse hospital hotel house island invoice jacket journey judge kitchen knife lake lamp language law
leather letter library light machine market meat medicine metal milk mirror money moon mountain music needle
newspaper night ocean office oil orange orchestra paint paper parcel park payment pencil piano picture plane planet
plate police potato president price printer prison queen radio railway rain refund report restaurant river road roof
salt school sea server shirt shoe shop silver sister sleep snow soldier song spoon spring stamp star station stone
storm street student sugar summer sun surgery table tax teacher telephone temple theatre ticket tiger tool tower
town toy train tree uncle university vegetable village violin wall warehouse watch water weather wheat wheel window
wine winter wood wool
"""
WORDS = VOCABULARY.split()


def measured(library: Library, *, count: int, questions: int) -> tuple[float, float, float]:
    """(share that is found, milliseconds of a question, seconds in which the vectors and the index were made)."""
    chance = random.Random(7)
    stream = library.stream("texts", {"id": Kind.INTEGER, "text": Kind.TEXT})
    for first in range(0, count, 10_000):
        stop = min(first + 10_000, count)
        library.put(stream, [{"id": place, "text": _text(chance)} for place in range(first, stop)], are_new=True)
    seconds = _embed(library)
    space = VectorSpace.objects.get(collection=library.collection)
    assert space.is_indexed
    vectors = [vector for vector in embedder_of(space).embed([_text(chance) for _ in range(questions)]) if vector]
    found = share = 0.0
    for vector in vectors:
        exact = _nearest(space, vector, is_exact=True)[0]
        near, took = _nearest(space, vector, is_exact=False)
        share += len(set(exact) & set(near)) / NEAREST
        found += took
    return share / len(vectors), found / len(vectors) * 1000, seconds


def _text(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=12))


def _embed(library: Library) -> float:
    job = embedding.start_embedding(collection=library.collection, at=AT)
    assert job is not None
    claimed = jobs.claim(job_id=job.id, worker="test")
    assert claimed is not None
    began = time.monotonic()
    jobs.run(claimed)
    job.refresh_from_db()
    assert (job.state, job.error_message) == ("completed", "")
    return time.monotonic() - began


def _nearest(space: VectorSpace, vector: Any, *, is_exact: bool) -> tuple[list[int], float]:
    """The records, as a search without conditions asks for them, and the seconds that it took."""
    text = "[" + ",".join(f"{value:.6g}" for value in vector) + "]"
    values = {"vector": text, "most": 200}
    sql = NEAREST_PASSAGES.format(table=space.table, live=LIVE)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute(f"SET LOCAL enable_indexscan = {'off' if is_exact else 'on'}")
        began = time.monotonic()
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()][:NEAREST], time.monotonic() - began
