"""The records that were found, as results: what they say, and about them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from apps.sources.queries.search.asking import LIVE, Asked, rows_of
from apps.sources.queries.search.excerpts import SHOWN, cut, excerpt
from apps.sources.queries.search.streams import Searched
from apps.sources.queries.texts import in_words, text_of

LONGEST_FIELD = 2_000
"""Characters of a value in `fields`; of a longer one that is the beginning."""

# Once more with all conditions: what was cleared or changed since it was ranked is not answered
RECORDS = """
SELECT record.id, record.stream_id, record.title, record.data::text, record.updated_at
FROM sources_record record {live}
WHERE record.id = ANY(%(ids)s) AND record.collection_id = %(collection)s::bigint {condition}
"""


@dataclass(frozen=True, slots=True)
class Result:
    """`content`: the record in lines of "column: value". `fields`: its columns."""

    id: int
    score: float
    content: str
    title: str
    url: str
    stream: Searched
    fields: dict[str, Any]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What the rankings know of the records: their scores, the passages that vectors found, how words look."""

    scores: Mapping[int, float]
    passages: Mapping[int, tuple[int, int]]
    pattern: re.Pattern[str] | None


def fetched(asked: Asked, found: Found, streams: Sequence[Searched]) -> list[Result]:
    """Those of the page that is asked for, the best first."""
    ids = list(found.scores)[asked.offset : asked.wanted]
    values = {**asked.condition.values, "ids": ids, "collection": asked.collection.id}
    rows = {row[0]: row for row in rows_of(RECORDS.format(live=LIVE, condition=asked.condition.sql), values)}
    known = {stream.id: stream for stream in streams}
    return [_result(rows[each], known[rows[each][1]], found) for each in ids if each in rows and rows[each][1] in known]


def _result(row: tuple[Any, ...], stream: Searched, found: Found) -> Result:
    record_id, _, title, raw, updated_at = row
    data = orjson.loads(raw)
    names = [*(name for name in stream.columns if name in data), *(name for name in data if name not in stream.columns)]
    return Result(
        id=record_id,
        score=round(found.scores[record_id], 6),
        content=_content(data, names, stream, found, found.passages.get(record_id)),
        title=title,
        url=str(data.get(stream.url) or "") if stream.url else "",
        stream=stream,
        fields={name: _shortened(data[name]) for name in names},
        updated_at=updated_at,
    )


def _content(
    data: Mapping[str, Any], names: Sequence[str], stream: Searched, found: Found, passage: tuple[int, int] | None
) -> str:
    """One line for each column that has a value; of long values the part that matters."""
    lines = []
    for name in names:
        if data[name] is None or data[name] == "":
            continue
        text = in_words(data[name])
        if len(text) > SHOWN:
            text = _part(text, data, stream, found, passage)
        lines.append(f"{name}: {text}")
    return "\n".join(lines)


def _part(text: str, data: Mapping[str, Any], stream: Searched, found: Found, passage: tuple[int, int] | None) -> str:
    """What words found comes before what vectors found: it can be seen in the text."""
    if found.pattern is not None and found.pattern.search(text):
        return excerpt(text, found.pattern)
    if passage is not None:
        columns = [{"name": name, "kind": kind} for name, kind in stream.columns.items()]
        start, stop = passage
        place = text.find(text_of(data, columns)[start:stop][:200].strip())
        return cut(text, max(0, place))
    return cut(text, 0)


def _shortened(value: Any) -> Any:
    """Values keep their types; long ones become their beginnings as words."""
    if isinstance(value, str | list | dict):
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        return value if len(text) <= LONGEST_FIELD else f"{text[:LONGEST_FIELD]}…"
    return value
