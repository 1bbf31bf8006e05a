"""What a record says, in words: the text that its vectors are made of."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from engine.schema import Kind

SAYING = frozenset({Kind.TEXT, Kind.JSON, Kind.ARRAY})
"""Kinds of columns whose values mean something by themselves; numbers, moments and ids do not."""

MOST_PASSAGES = 1_000
"""So many of a record get a vector."""
OVERLAP = 8
"""One part in so many of a passage is in the next one as well."""


def text_of(data: Mapping[str, Any], columns: Iterable[Mapping[str, str]], chosen: Sequence[str] = ()) -> str:
    """The values that say something, in the order of the columns. `chosen`: only those of these columns."""
    names = [
        column["name"]
        for column in columns
        if (column["name"] in chosen if chosen else column["kind"] in SAYING) and data.get(column["name"]) is not None
    ]
    return "\n".join(filter(None, (in_words(data[name]).strip() for name in names)))


def in_words(value: Any) -> str:
    """A value as people read it; of what is nested the values alone."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return " ".join(in_words(part) for part in value.values() if part is not None)
    if isinstance(value, list):
        return " ".join(in_words(part) for part in value if part is not None)
    return orjson.dumps(value).decode()


def passages(text: str, size: int) -> list[tuple[int, int]]:
    """Where the passages of the text begin and end, of at most `size` characters; they end between words where they
    can."""
    found: list[tuple[int, int]] = []
    start = 0
    while start < len(text) and len(found) < MOST_PASSAGES:
        stop = _end(text, start, size)
        found.append((start, stop))
        if stop == len(text):
            break
        start = max(start + 1, _beginning(text, stop - size // OVERLAP, stop))
    return found


def _end(text: str, start: int, size: int) -> int:
    stop = start + size
    if stop >= len(text):
        return len(text)
    blank = max(text.rfind(mark, start + size // 2, stop) for mark in (" ", "\n"))
    return blank if blank > 0 else stop


def _beginning(text: str, start: int, most: int) -> int:
    """The word that begins from there on."""
    blank = text.find(" ", start, most)
    return blank + 1 if blank >= 0 else start
