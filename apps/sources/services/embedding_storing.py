"""Vectors into the table of their space."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.db import connection

from apps.sources.models import VectorSpace
from engine.embedding.contract import Vector

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = struct.pack(">h", -1)
NO_VALUE = struct.pack(">i", -1)
FIELDS = struct.Struct(">hiqiiiiiiii")
"""Six fields, and the first five of them with their lengths: a bigint and four integers."""

CLEAR = """
WITH gone AS (DELETE FROM {table} WHERE record_id = ANY(%s) RETURNING chunk)
SELECT count(*), count(*) FILTER (WHERE chunk = 0) FROM gone
"""
COPY = "COPY {table} (record_id, chunk, version, start, stop, embedding) FROM STDIN (FORMAT binary)"


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a record's text. `version`: the record's, of which it is."""

    record_id: int
    chunk: int
    version: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Written:
    """How many more there are than before."""

    records: int
    passages: int


def write(space: VectorSpace, passages: Sequence[Passage], vectors: Sequence[Vector | None]) -> Written:
    """In the place of what the records had, in the caller's transaction."""
    ids = list({passage.record_id for passage in passages})
    packed = _packed(passages, vectors, space.dimension)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(CLEAR.format(table=space.table), [ids])
        passages_before, records_before = cursor.fetchone()
        with cursor.cursor.copy(COPY.format(table=space.table)) as copy:
            copy.write(packed)
    return Written(len(ids) - records_before, len(passages) - passages_before)


def _packed(passages: Sequence[Passage], vectors: Sequence[Vector | None], dimension: int) -> bytes:
    """In PostgreSQL's binary format, in which a half-precision vector is its dimension, nothing, and its values."""
    values = _values(dimension)
    rows = [SIGNATURE]
    for passage, vector in zip(passages, vectors, strict=True):
        each = passage
        rows.append(FIELDS.pack(6, 8, each.record_id, 4, each.chunk, 4, each.version, 4, each.start, 4, each.stop))
        rows.append(NO_VALUE if vector is None else values.pack(4 + 2 * dimension, dimension, 0, *vector))
    return b"".join([*rows, END])


@cache
def _values(dimension: int) -> struct.Struct:
    return struct.Struct(f">ihh{dimension}e")
