"""Bringing a space up to date: vectors of records that are not live any more go, those of new and changed ones come.

Whether a record is due is seen by comparing its version with the one that its vectors were made of, record by record:
no clock and no order of commits can hide a change. The vectors are what has been done, so that an attempt that is
killed loses one page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection
from django.db.models import F

from apps.jobs.services import Work
from apps.sources.models import Stream, VectorSpace
from apps.sources.queries.search.asking import LIVE
from apps.sources.queries.texts import passages, text_of
from apps.sources.services.config import settings_of
from apps.sources.services.embedding_storing import Passage, Written, write
from engine.embedding.contract import Embedder

PAGE = 5_000
"""Records that are looked through at a time."""
BATCH, BATCH_BYTES = 500, 4_000_000
"""Records whose vectors are made at a time, or as many as have so many bytes in the database, which compresses them."""
SWEEP = 20_000

# Each record is looked up by itself, for the planner does not know yet how large a table is that is being filled
LOOK = """
WITH page AS (
  SELECT id, key, version, pg_column_size(data) AS bytes FROM sources_record
  WHERE stream_id = %(stream)s AND generation = %(generation)s {behind} ORDER BY key LIMIT %(most)s
)
SELECT page.id, page.key, page.bytes, vector.version IS DISTINCT FROM page.version
FROM page LEFT JOIN LATERAL (SELECT version FROM {table} WHERE record_id = page.id AND chunk = 0 LIMIT 1) vector ON true
ORDER BY page.key
"""
BEHIND = 'AND key > %(key)s COLLATE "C"'
DUE = "SELECT id, version, data::text FROM sources_record WHERE id = ANY(%s) AND generation = %s"

DEAD = """
WITH page AS (
  SELECT record_id FROM {table} WHERE record_id > %(after)s AND chunk = 0 ORDER BY record_id LIMIT %(most)s
), dead AS (
  SELECT record_id FROM page LEFT JOIN LATERAL (
    SELECT record.id FROM sources_record record {live}
    WHERE record.id = page.record_id AND record.collection_id = %(collection)s LIMIT 1
  ) living ON true WHERE living.id IS NULL
), gone AS (
  DELETE FROM {table} vector USING dead WHERE vector.record_id = dead.record_id RETURNING vector.chunk
)
SELECT (SELECT max(record_id) FROM page), count(*), count(*) FILTER (WHERE chunk = 0) FROM gone
"""


@dataclass(frozen=True, slots=True)
class _Page:
    """`due`: ids and sizes of the records whose vectors are to be made; `last`: the key of the page's last record."""

    due: list[tuple[int, int]]
    count: int
    last: str


class Filling:
    def __init__(self, work: Work, space: VectorSpace, embedder: Embedder) -> None:
        self._work = work
        self._space = space
        self._embedder = embedder
        self._read = self._written = 0

    def run(self) -> int:
        """How many records got new vectors. Raises what the embedder raises, and Stopped."""
        self._sweep()
        place = self._place()
        streams = Stream.objects.filter(collection_id=self._space.collection_id, removed_at=None).order_by("id")
        for stream in streams.select_related("source_connection"):
            if stream.id >= place.get("stream", 0):
                self._fill(stream, place.get("key") if stream.id == place.get("stream") else None)
        return self._written

    def _place(self) -> dict[str, Any]:
        """Where an earlier attempt at this very job got to. Another job's place means nothing: all is looked at."""
        place: dict[str, Any] = self._space.position
        return place if place.get("job") == self._work.job.id else {}

    def _sweep(self) -> None:
        after: int | None = 0
        while after is not None:
            self._work.stop.raise_if_shown(may_hand_back=True)
            after = self._swept(after)
            self._work.pulse()

    def _swept(self, after: int) -> int | None:
        last: int | None = None

        def sweep() -> None:
            nonlocal last
            values = {"after": after, "most": SWEEP, "collection": self._space.collection_id}
            with connection.cursor() as cursor:
                cursor.execute(DEAD.format(table=self._space.table, live=LIVE), values)
                last, passage_count, record_count = cursor.fetchone()
            if passage_count:
                self._count(Written(-record_count, -passage_count))

        self._work.store(sweep)
        return last

    def _fill(self, stream: Stream, key: str | None) -> None:
        settings = settings_of(stream.source_connection.config, stream.label)
        while page := self._look(stream, key):
            self._work.stop.raise_if_shown(may_hand_back=True)
            for ids in _batches(page.due):
                self._work.stop.raise_if_shown(may_hand_back=True)
                self._embed(stream, ids, settings.text)
            key = page.last
            self._read += page.count
            self._remember({"job": self._work.job.id, "stream": stream.id, "key": key})

    def _remember(self, position: dict[str, Any]) -> None:
        row = VectorSpace.objects.filter(id=self._space.id)
        self._work.progress(act=lambda: row.update(position=position), records_read=self._read)

    def _look(self, stream: Stream, key: str | None) -> _Page | None:
        values = {"stream": stream.id, "generation": stream.generation, "key": key, "most": PAGE}
        sql = LOOK.format(table=self._space.table, behind="" if key is None else BEHIND)
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows = cursor.fetchall()
        if not rows:
            return None
        return _Page([(row[0], row[2]) for row in rows if row[3]], len(rows), rows[-1][1])

    def _embed(self, stream: Stream, ids: Sequence[int], chosen: Sequence[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(DUE, [list(ids), stream.generation])
            rows = cursor.fetchall()
        found: list[Passage] = []
        texts: list[str] = []
        for record_id, version, raw in rows:
            for passage, text in self._passages(record_id, version, text_of(orjson.loads(raw), stream.columns, chosen)):
                found.append(passage)
                texts.append(text)
        vectors = self._embedder.embed(texts)
        self._written += len(rows)

        def store() -> None:
            self._count(write(self._space, found, vectors))

        self._work.progress(act=store, records_written=self._written)

    def _passages(self, record_id: int, version: int, text: str) -> Iterator[tuple[Passage, str]]:
        """With their texts; one that says nothing where the record does not."""
        for chunk, (start, stop) in enumerate(passages(text, self._embedder.passage) or [(0, 0)]):
            yield Passage(record_id, chunk, version, start, stop), text[start:stop]

    def _count(self, written: Written) -> None:
        VectorSpace.objects.filter(id=self._space.id).update(
            record_count=F("record_count") + written.records, passage_count=F("passage_count") + written.passages
        )


def _batches(due: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    batch: list[int] = []
    size = 0
    for record_id, record_size in due:
        batch.append(record_id)
        size += record_size
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
