"""How a row becomes a record: its key, its data as JSON, a hash of that, and the words it is found by."""

import hashlib
import math
import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from apps.sources.queries.texts import in_words
from apps.sources.queries.uuids import in_one_word
from engine.errors import RecordError
from engine.schema import Column, Kind, Row

LONGEST_KEY = 512
LONGEST_TITLE = 500
DEEPEST = 100
"""So many levels of JSON are kept as such."""
LONGEST_DATA = 16 * 1024 * 1024
LONGEST_WORDS = 32_000
"""Characters; the rest of a longer text goes into chunks, since a vector of words holds no more than a megabyte."""
OVERLAP = 200
"""So much of a chunk is in the one before as well, so that nothing is cut in two."""
SOUGHT = frozenset({Kind.TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.UUID, Kind.JSON, Kind.ARRAY})
"""Kinds whose values are searched by words; moments, amounts of time and the like are filtered by."""
NESTED = frozenset({Kind.JSON, Kind.ARRAY})
TITLES = ("title", "name", "subject", "headline", "label", "display_name", "full_name")
ADDRESSES = ("url", "link", "href", "permalink", "web_url", "html_url")

# Digits beside letters, or in groups; a number or a date alone is no code
CODE = re.compile(r"(?<![\w.@/-])(?=[\w./-]*\d)(?=[\w./-]*[A-Za-z_/-])[A-Za-z0-9]+(?:[-_./][A-Za-z0-9]+)*(?![\w@])")
NO_CODE = re.compile(r"\d{4}-\d\d-\d\d(?:T.*)?|\d+(?:[.,]\d+)*")
DIGIT = re.compile(r"\d")
SHORTEST_CODE, LONGEST_CODE, MOST_CODES = 4, 24, 12

NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
SHOWN_NUL = rb"\1\\u2400"  # the symbol for it: PostgreSQL knows no text with a NUL
LINES = str.maketrans("\t\n\r", "   ")  # between the parts of JSON; inside them they are escaped
BLANKS = str.maketrans({"\t": " ", "\n": " ", "\r": " ", "\\": " ", "\0": " "})


@dataclass(frozen=True, slots=True)
class Landed:
    """`words`: what is searched in the record, in pieces of which the first is its own and the others are chunks:
    each with the character that it begins at."""

    key: str
    hash: str
    title: str
    data: bytes
    codes: str
    words: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Wording:
    """What of a stream's columns is searched by words (() for all that can be), and which is the title."""

    text: Collection[str] = ()
    title: str = ""

    @property
    def salt(self) -> bytes:
        """For the hashes of records: what is worded differently is not the same."""
        if not self.text and not self.title:
            return b""
        said = orjson.dumps([sorted(self.text), self.title])
        return hashlib.blake2b(said, digest_size=hashlib.blake2b.SALT_SIZE).digest()


EVERYTHING = Wording()


@dataclass(slots=True)
class Encoder:
    """Makes records of a stream's rows. `key`: the columns that tell them apart; without any their content does, and
    the key is left to `keyed_by_content`."""

    columns: Sequence[Column]
    key: Sequence[str]
    wording: Wording = EVERYTHING
    _nested: list[str] = field(init=False)
    _floats: list[str] = field(init=False)
    _sought: list[str] = field(init=False)
    _coded: list[str] = field(init=False)
    _title: str = field(init=False)
    _salt: bytes = field(init=False)

    def __post_init__(self) -> None:
        wanted = set(self.wording.text)
        sought = [one for one in self.columns if one.type.kind in SOUGHT and (not wanted or one.name in wanted)]
        self._nested = [one.name for one in self.columns if one.type.kind in NESTED]
        self._floats = [one.name for one in self.columns if one.type.kind == Kind.FLOAT]
        self._sought = [one.name for one in sought]
        self._coded = [one.name for one in sought if one.type.kind == Kind.TEXT]
        self._title = title_column(self.columns, self.wording)
        self._salt = self.wording.salt

    def encode(self, row: Row) -> Landed:
        """Raises RecordError for what no record can hold."""
        nested = _nested(row, self._nested) if self._nested else {}
        kept: dict[str, Any] = {name: orjson.Fragment(str(row[name]).translate(LINES)) for name in nested}
        kept |= {name: _unbounded(row[name]) for name in self._floats if isinstance(row.get(name), float)}
        data = encoded({**row, **kept} if kept else row)
        texts = [_text(nested.get(name, value)) for name in self._sought if (value := row.get(name)) is not None]
        return Landed(
            key=key_of(row, self.key) if self.key else "",
            hash=hashlib.blake2b(data, digest_size=16, salt=self._salt).hexdigest(),
            title=str(row.get(self._title) or "").translate(BLANKS)[:LONGEST_TITLE] if self._title else "",
            data=data,
            codes=codes_in(str(row.get(name) or "") for name in self._coded),
            words=pieces(in_one_word(" ".join(texts)).translate(BLANKS)),
        )


def described(columns: Sequence[Column], wording: Wording = EVERYTHING) -> list[dict[str, str]]:
    """The columns as a stream keeps them: {"name", "kind", "role"}."""
    roles = {_first_named(columns, ADDRESSES): "url", title_column(columns, wording): "title"}
    return [{"name": one.name, "kind": one.type.kind, "role": roles.get(one.name, "")} for one in columns]


def title_column(columns: Sequence[Column], wording: Wording) -> str:
    """The one that a record is called by; "" for none."""
    return wording.title or _first_named(columns, TITLES)


def key_of(row: Row, names: Sequence[str]) -> str:
    """The values of the key as one text. Raises RecordError for NULL."""
    values = [_plain(row.get(name)) for name in names]
    if None in values:
        raise RecordError("The record has NULL in its key.", code="null_in_key")
    text = str(values[0]) if len(values) == 1 else orjson.dumps(values).decode()
    text = text.replace("\0", "\u2400")
    return text if len(text) <= LONGEST_KEY else f"#{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def keyed_by_content(hash_: str, ordinal: int) -> str:
    """The key of a row without one: the how manieth of its content it is, so that equal rows are all kept."""
    return f"{hash_}:{ordinal:08d}"


def encoded(row: Row) -> bytes:
    """The row as JSON that PostgreSQL can hold. Raises RecordError."""
    try:
        data = orjson.dumps(row, default=_shown)
    except TypeError as error:
        raise RecordError(f"The record cannot be kept as JSON: {error}.", code="not_json") from error
    if len(data) > LONGEST_DATA:
        raise RecordError(f"The record has more than {LONGEST_DATA:,} bytes.", code="record_too_large")
    return NUL.sub(SHOWN_NUL, data) if b"\\u0000" in data else data


def pieces(text: str) -> list[tuple[int, str]]:
    """The text in stretches that overlap a little, each with its beginning."""
    if len(text) <= LONGEST_WORDS:
        return [(0, text)]
    starts = range(0, len(text) - OVERLAP, LONGEST_WORDS - OVERLAP)
    return [(start, text[start : start + LONGEST_WORDS]) for start in starts]


def codes_in(texts: Iterable[str]) -> str:
    """The words in the texts that look like the number of something, "INV-20931", once each and in lower case."""
    found: dict[str, None] = {}
    for text in texts:
        if not DIGIT.search(text):
            continue
        for match in CODE.finditer(text[:LONGEST_WORDS]):
            code = match[0]
            if SHORTEST_CODE <= len(code) <= LONGEST_CODE and not NO_CODE.fullmatch(code):
                found[code.lower()] = None
                if len(found) == MOST_CODES:
                    return " ".join(found)
    return " ".join(found)


def _first_named(columns: Sequence[Column], names: Sequence[str]) -> str:
    present = {column.name.lower(): column.name for column in columns}
    return next((present[name] for name in names if name in present), "")


def _nested(row: Row, names: Iterable[str]) -> dict[str, Any]:
    """What the JSON says that a database holds as such; what only claims to be JSON, or is nested without end, is
    kept as text."""
    found = {}
    for name in names:
        if isinstance(value := row.get(name), str):
            with suppress(orjson.JSONDecodeError):
                nested = orjson.loads(str(value))  # not a subclass of it, which the decoder does not take
                if not (value.count("[") + value.count("{") > DEEPEST and _is_deep(nested)):
                    found[name] = nested
    return found


def _is_deep(value: Any) -> bool:
    """Whether it has more levels than every reader goes down."""
    level = [value]
    for _ in range(DEEPEST):
        level = [part for each in level if isinstance(each, dict | list) for part in _parts(each)]
    return bool(level)


def _unbounded(value: float) -> float | str:
    """What JSON has no number for, as decimals have it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _parts(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _text(value: Any) -> str:
    """What is searched of a value: of what is nested the values alone."""
    return value if type(value) is str else in_words(value) if isinstance(value, dict | list) else str(value)


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes | bytearray | memoryview) else value


def _shown(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return value.hex()
    raise TypeError(f"there is a value of the type {type(value).__name__}")
