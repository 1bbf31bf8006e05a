"""How far a step got, as its destination keeps it.

`of` tells streams apart: a position in another table, by another key or cursor, is no position of ours. `job` began the
run. `page` and `key` say where to go on; `read` and `ignored` count that job's records so far; `since` and `until` are
the cursor's bounds; `end` is set when nothing is left to read, `done` (in our own copy only) when the run is finished.
"""

import hashlib
from typing import Any

import orjson

from engine.contract import Key, Position, Request
from engine.schema import Query, Stream


def identity(request: Request, stream: Stream) -> str:
    """What a position is a position in."""
    source = request.source.text if isinstance(request.source, Query) else str(request.source)
    return hashlib.blake2b(orjson.dumps([source, request.cursor, *stream.key]), digest_size=8).hexdigest()


def first(*, of: str, job: str, since: Any = None, until: Any = None) -> Position:
    """The position before the first page of a new run. `until` is the last run's, kept while a run finds nothing."""
    return {
        "of": of,
        "job": job,
        "page": 0,
        "key": None,
        "read": 0,
        "ignored": 0,
        "since": since,
        "until": until,
        "end": False,
        "snapshots": 0,
    }


def adopted(position: Position, *, job: str) -> Position:
    """An unfinished position of another job, to go on from under our own count."""
    return {**position, "job": job, "read": 0, "ignored": 0, "snapshots": 0}


def behind(position: Position, key: Key | None, *, read: int, ignored: int, is_last: bool = False) -> Position:
    """The position one page further."""
    return {
        **position,
        "page": position["page"] + 1,
        "key": key,
        "read": position["read"] + read,
        "ignored": position["ignored"] + ignored,
        "end": is_last,
    }
