"""How far a step got, as its destination keeps it.

`of` tells streams apart: a position in another table, by another key or cursor, is no position of ours. `job` began the
run. `key` says where to go on; `page`, `read`, `ignored` and `bytes` count what that job had so far; `since` and
`until` are the cursor's bounds; `end` is set when nothing is left to read, `done` (in our own copy only) when the run
is finished.
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
    return {"of": of, "job": job, "key": None, "since": since, "until": until, "end": False, **_nothing()}


def adopted(position: Position, *, job: str) -> Position:
    """An unfinished position of another job, to go on from under our own count."""
    return {**position, "job": job, **_nothing()}


def behind(position: Position, key: Key | None, *, read: int, ignored: int = 0, moved: int = 0) -> Position:
    """The position one page further."""
    return {
        **position,
        "key": key,
        "page": position["page"] + 1,
        "read": position["read"] + read,
        "ignored": position["ignored"] + ignored,
        "bytes": position["bytes"] + moved,
    }


def ended(position: Position) -> Position:
    """The same position where nothing is left to read."""
    return {**position, "end": True}


def can_continue(position: Position) -> bool:
    """Whether what was written up to here stays written, and a later attempt goes on behind it."""
    return position["key"] is not None or position["end"]


def _nothing() -> dict[str, int]:
    return {"page": 0, "read": 0, "ignored": 0, "bytes": 0, "snapshots": 0}
