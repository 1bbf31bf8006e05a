"""What a person's own statement answers: as much as the limits allow, in values that JSON has."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import orjson

from engine.drivers.sql.reading import Fetched
from engine.errors import ConfigError
from engine.looking import Answer, Limits
from engine.schema import RawJson, Row

BATCH_ROWS = 250
# MySQL runs what is in a comment that begins with an exclamation mark: that is none.
FIRST_WORD = re.compile(r"(?>\s|\(|--[^\n]*|#[^\n]*|/\*(?!M?!).*?\*/)*(?P<word>[a-z]+)", re.IGNORECASE | re.DOTALL)


class Results(Protocol):
    """A statement's rows, of which `take` gives the next; fewer than `count` are the last."""

    @property
    def names(self) -> Sequence[str]: ...
    def take(self, count: int) -> Fetched: ...


def check(text: str, words: Sequence[str]) -> str:
    """The word that the statement begins with, in lower case. Raises ConfigError `read_only` if it is none of `words`.

    This tells a person early, and shuts out what reads and yet writes (COPY … TO). What keeps everything else from
    writing is the server's own read-only transaction.
    """
    found = FIRST_WORD.match(text)
    word = found["word"].lower() if found else ""
    if word not in words:
        allowed = ", ".join(word.upper() for word in words)
        raise ConfigError(f"Only a statement that reads is run. It begins with one of {allowed}.", code="read_only")
    return word


def answer(results: Results, limits: Limits) -> Answer:
    columns = unique(results.names)
    rows: list[Row] = []
    size = 0
    while fetched := results.take(min(BATCH_ROWS, limits.rows + 1 - len(rows))):
        for values in fetched:
            row = dict(zip(columns, map(portable, values), strict=True))
            size += len(orjson.dumps(row)) + 1
            if len(rows) == limits.rows or size > limits.bytes:
                return Answer(columns, rows, is_cut=True)
            rows.append(row)
    return Answer(columns, rows, is_cut=False)


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """The names, with a number behind each that was there before: a row is an object, and would lose one of the two."""
    taken: dict[str, None] = {}
    for name in names:
        free, number = name, 1
        while free in taken:
            number += 1
            free = f"{name}_{number}"
        taken[free] = None
    return tuple(taken)


def portable(value: Any) -> Any:
    """Bytes as hexadecimal digits, JSON as itself, numbers that JSON has none for ("NaN") as text."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, RawJson):
        return _parsed(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return [portable(one) for one in value] if isinstance(value, list) else value


def _parsed(text: RawJson) -> Any:
    try:
        return orjson.loads(text.encode())
    except orjson.JSONDecodeError:  # PostgreSQL keeps a surrogate without its other half
        return str(text)
