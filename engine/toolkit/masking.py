"""Keeps secrets out of everything that is written: by type while they are passed on, by value wherever text leaves."""

import base64
import json
import logging
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import NoReturn
from urllib.parse import quote, quote_plus

STARS = "******"
SHORTEST = 4
"""Shorter secrets are not masked: their letters are part of every other word."""
SHORTEST_BASE64 = 6
REMEMBERED = 100
"""How many secrets stay masked after they were put away: an error is often written after its connection is closed."""


class Secret:
    """A value that shows itself only to who asks by name. Not a `str`, so that no encoder takes it for one."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not to be pickled or copied")


class Registry:
    """The secrets in use now, and the last ones that were."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._in_use: Counter[str] = Counter()
        self._put_away: OrderedDict[str, None] = OrderedDict()

    def add(self, values: Iterable[str]) -> None:
        with self._lock:
            self._in_use.update(values)

    def put_away(self, values: Iterable[str]) -> None:
        with self._lock:
            for value in values:
                self._in_use[value] -= 1
                if self._in_use[value] <= 0:
                    del self._in_use[value]
                    self._put_away[value] = None
                    self._put_away.move_to_end(value)
            while len(self._put_away) > REMEMBERED:
                self._put_away.popitem(last=False)

    def values(self) -> list[str]:
        with self._lock:
            return [*self._in_use, *self._put_away]


registry = Registry()


@contextmanager
def masked(secrets: Iterable[Secret]) -> Iterator[None]:
    """While it lasts, and for some time after, `mask` knows these secrets."""
    values = [secret.reveal() for secret in secrets if len(secret.reveal()) >= SHORTEST]
    registry.add(values)
    try:
        yield
    finally:
        registry.put_away(values)


def mask(text: str) -> str:
    """`text` with stars for every known secret, however it is spelled. Call it before cutting a text short."""
    found = {form for value in registry.values() for form in spellings(value) if form in text}
    for form in sorted(found, key=len, reverse=True):
        text = text.replace(form, STARS)
    return text


class Redaction(logging.Filter):
    """Masks what a handler writes: message, arguments and traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask(_message(record)), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        if record.stack_info:
            record.stack_info = mask(record.stack_info)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit; a filter that raised would stop the caller's work
        return str(record.msg)


@lru_cache(maxsize=2 * REMEMBERED)
def spellings(value: str) -> tuple[str, ...]:
    """How a secret may look inside a URL, a header, JSON, a traceback or a dump."""
    octets = value.encode("utf-8", "surrogatepass")
    percent = (quote(value, errors="replace"), quote(value, safe="", errors="replace"))
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    forms = {value, *percent, *map(_lower_percent, percent), quote_plus(value, errors="replace"), *escaped}
    return tuple(forms | {octets.hex(), octets.hex().upper()} | set(_base64(octets)))


def _lower_percent(text: str) -> str:
    """`%2F` as `%2f`: both are in use."""
    head, *rest = text.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _base64(octets: bytes) -> Iterator[str]:
    """What is certain of a secret within a longer base64 text, for each of the three places it can begin at."""
    for offset, unsure in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(bytes(offset) + octets).decode()
        sure = encoded[unsure:] if not encoded.endswith("=") else encoded.rstrip("=")[unsure:-1]
        if len(sure) >= SHORTEST_BASE64:
            yield sure
            yield sure.replace("+", "-").replace("/", "_")
