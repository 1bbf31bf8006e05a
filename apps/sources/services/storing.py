"""Records into their table, some thousands at a time, with the words and chunks that they are found by: what is new or
has changed is written, what has not is only met."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DataError, connection, transaction

from apps.sources.services.encoding import Landed, keyed_by_content

# Each key is looked up by itself: the planner does not know yet how large a table is that is being filled
PRESENT = """
SELECT record.id, record.hash = asked.hash
FROM unnest(%s::text[], %s::uuid[]) WITH ORDINALITY AS asked(key, hash, place)
LEFT JOIN LATERAL (
  SELECT id, hash FROM sources_record
  WHERE stream_id = %s AND generation = %s AND key = asked.key COLLATE "C" LIMIT 1) record ON true
ORDER BY asked.place
"""
PRESENT_IDS = """
SELECT record.id FROM unnest(%s::text[]) AS asked(key) CROSS JOIN LATERAL (
  SELECT id FROM sources_record
  WHERE stream_id = %s AND generation = %s AND key = asked.key COLLATE "C" LIMIT 1) record
"""
STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS landing
  (key text, hash uuid, title text, data jsonb, codes text, words text) ON COMMIT DELETE ROWS
"""
COPY = "COPY landing (key, hash, title, data, codes, words) FROM STDIN"
WRITE = """
INSERT INTO sources_record AS record (collection_id, stream_id, generation, key, hash, version, title, data, codes,
  words, created_at, updated_at)
SELECT %(collection)s, %(stream)s, %(generation)s, key, hash, 1, title, data, codes,
  to_tsvector(%(language)s::regconfig, words), now(), now() FROM landing
ON CONFLICT (stream_id, generation, key) DO UPDATE SET hash = excluded.hash, version = record.version + 1,
  title = excluded.title, data = excluded.data, codes = excluded.codes, words = excluded.words, updated_at = now()
RETURNING record.id, record.key, xmax = 0
"""
UNCHUNK = "DELETE FROM sources_chunk WHERE record_id = ANY(%s)"
CHUNK = """
INSERT INTO sources_chunk (collection_id, record_id, index, start, words)
SELECT %(collection)s, told.record_id, told.index, told.start, to_tsvector(%(language)s::regconfig, told.words)
FROM unnest(%(records)s::bigint[], %(indexes)s::int[], %(starts)s::int[], %(words)s::text[])
  AS told(record_id, index, start, words)
"""
SEE = "INSERT INTO sources_sighting (stream_id, record_id) SELECT %s, unnest(%s::bigint[]) ON CONFLICT DO NOTHING"
MET = """
SELECT asked.hash, (
  SELECT count(*) FROM sources_record record JOIN sources_sighting sighting
    ON sighting.stream_id = record.stream_id AND sighting.record_id = record.id
  WHERE record.stream_id = %s AND record.generation = %s
    AND record.key >= asked.hash || ':' AND record.key < asked.hash || ';')
FROM unnest(%s::text[]) AS asked(hash)
"""
FORGET = """
WITH forgotten AS (
  DELETE FROM sources_sighting WHERE stream_id = %(stream)s AND record_id IN (
    SELECT record_id FROM sources_sighting WHERE stream_id = %(stream)s AND record_id > %(after)s
    ORDER BY record_id LIMIT %(most)s)
  RETURNING record_id)
SELECT max(record_id) FROM forgotten
"""
FORGOTTEN = 20_000
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where records are stored: a stream in one of its generations."""

    collection_id: int
    stream_id: int
    generation: int
    language: str


@dataclass(slots=True)
class Stored:
    """What became of a page's records. `met`: the ids of all of them; `refused`: those that the database does not take,
    by their place in the page, and why."""

    inserted: int = 0
    updated: int = 0
    kept: int = 0
    met: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def store(place: Place, records: Sequence[Landed], *, is_empty: bool = False) -> Stored:
    """Stores records whose keys differ, in the caller's transaction. `is_empty`: nothing was there when the run began,
    so that nothing need be looked up."""
    stored = Stored()
    places = _news(place, records, stored, is_empty=is_empty)
    if places:
        _write(place, records, places, stored)
    return stored


def see(place: Place, record_ids: Sequence[int]) -> None:
    """Notes that the present run has met the records."""
    with connection.cursor() as cursor:
        cursor.execute(SEE, [place.stream_id, list(record_ids)])


def forget_sightings(place: Place, *, after: int) -> int | None:
    """Those of the run before, some thousands behind the record `after`; the last record of them, None for none."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"stream": place.stream_id, "after": after, "most": FORGOTTEN})
        last: int | None = cursor.fetchone()[0]
    return last


def numbered(place: Place, records: Sequence[Landed], frequent: Mapping[str, int]) -> tuple[list[Landed], Counter[str]]:
    """Records without a key of their own, keyed by content and by how often that was met in this run before; and how
    often that is now, by hash. `frequent`: the same of what was met too often to be counted every time."""
    hashes = {record.hash for record in records}
    met = Counter({hash_: frequent[hash_] for hash_ in hashes & frequent.keys()})
    with connection.cursor() as cursor:
        cursor.execute(MET, [place.stream_id, place.generation, list(hashes - frequent.keys())])
        met.update(dict(cursor.fetchall()))
    keyed = []
    for record in records:
        keyed.append(_rekeyed(record, keyed_by_content(record.hash, met[record.hash])))
        met[record.hash] += 1
    return keyed, met


def remove(record_ids: Sequence[int]) -> int:
    """Records and what hangs on them, in the caller's transaction; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(UNCHUNK, [list(record_ids)])
        cursor.execute("DELETE FROM sources_record WHERE id = ANY(%s)", [list(record_ids)])
        return int(cursor.rowcount)


def ids_of(place: Place, keys: Sequence[str]) -> list[int]:
    """The records that have the keys."""
    with connection.cursor() as cursor:
        cursor.execute(PRESENT_IDS, [list(keys), place.stream_id, place.generation])
        return [record_id for (record_id,) in cursor.fetchall()]


def _news(place: Place, records: Sequence[Landed], stored: Stored, *, is_empty: bool) -> list[int]:
    """The places of those that are new or have changed; the others are counted as kept."""
    if is_empty:
        return list(range(len(records)))
    news = []
    with connection.cursor() as cursor:
        keys, hashes = [record.key for record in records], [record.hash for record in records]
        cursor.execute(PRESENT, [keys, hashes, place.stream_id, place.generation])
        for index, (record_id, is_same) in enumerate(cursor.fetchall()):
            if is_same:
                stored.kept += 1
                stored.met.append(record_id)
            else:
                news.append(index)
    return news


def _write(place: Place, records: Sequence[Landed], places: Sequence[int], stored: Stored) -> None:
    """All of them, or half by half until those stand alone that the database refuses."""
    try:
        with transaction.atomic():
            written = _copy(place, [records[index] for index in places])
    except DataError as error:
        if len(places) == 1:
            stored.refused[places[0]] = str(error).partition("\n")[0]
            return
        middle = len(places) // 2
        _write(place, records, places[:middle], stored)
        _write(place, records, places[middle:], stored)
        return
    inserted = sum(is_new for *_, is_new in written)
    stored.inserted += inserted
    stored.updated += len(written) - inserted
    stored.met += [record_id for record_id, *_ in written]


def _copy(place: Place, records: Sequence[Landed]) -> list[tuple[int, str, bool]]:
    values: dict[str, Any] = {"collection": place.collection_id, "language": place.language}
    values |= {"stream": place.stream_id, "generation": place.generation}
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(STAGE)
        cursor.execute("DELETE FROM landing")
        with cursor.cursor.copy(COPY) as copy:
            copy.write("".join(map(_line, records)).encode())
        cursor.execute(WRITE, values)
        written: list[tuple[int, str, bool]] = cursor.fetchall()
        _chunk(cursor, records, written, values)
    return written


def _chunk(cursor: Any, records: Sequence[Landed], written: Sequence[tuple[int, str, bool]], values: Any) -> None:
    """The further words of long texts, in the place of those that changed records had."""
    if changed := [record_id for record_id, _, is_new in written if not is_new]:
        cursor.execute(UNCHUNK, [changed])
    long = {record.key: record.words for record in records if len(record.words) > 1}
    if not long:
        return
    ids = {key: record_id for record_id, key, _ in written}
    rows = [(ids[key], index, *piece) for key, words in long.items() for index, piece in enumerate(words) if index]
    record_ids, indexes, starts, texts = (list(column) for column in zip(*rows, strict=True))
    cursor.execute(CHUNK, {**values, "records": record_ids, "indexes": indexes, "starts": starts, "words": texts})


def _line(record: Landed) -> str:
    """For COPY. Of the texts only the key may hold what must be escaped; of JSON its own escapes."""
    data = record.data.decode().replace("\\", "\\\\")
    key = record.key.translate(ESCAPES)
    return f"{key}\t{record.hash}\t{record.title}\t{data}\t{record.codes}\t{record.words[0][1]}\n"


def _rekeyed(record: Landed, key: str) -> Landed:
    return Landed(key, record.hash, record.title, record.data, record.codes, record.words)
