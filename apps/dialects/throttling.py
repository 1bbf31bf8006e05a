"""How often each dialect may be called. A key or a person counts, and where none is known, the address. Windows are
fixed, and those of different callers end at different moments."""

from dataclasses import dataclass
from time import time
from typing import Any
from zlib import crc32

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from apps.dialects.addresses import client_network
from apps.dialects.caller import Caller
from apps.dialects.counters import counters
from apps.dialects.paths import Dialect, dialect_of

STANDING = "crossdock.standing"
"""Where a request's standing is kept in `request.META`, as each request counts once."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`setting` says how many requests a caller has in `seconds`."""

    setting: str
    seconds: int


LIMITS = {Dialect.DATABASIN: Limit("DATABASIN_RATE_LIMIT", 60), Dialect.SOURCES: Limit("SOURCES_RATE_LIMIT", 60)}
"""A dialect that is not listed is not counted."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a caller has used of a limit; `resets_at` in Unix time."""

    limit: int
    used: int
    resets_at: int

    @property
    def is_over(self) -> bool:
        return self.used > self.limit

    @property
    def seconds_left(self) -> int:
        return max(1, self.resets_at - int(time()))

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "X-RateLimit-Reset": str(self.resets_at),
        }


def standing(request: Any) -> Standing | None:
    """Counts a request the first time it is asked for; None where nothing is limited, or nobody can count."""
    if STANDING not in request.META:
        request.META[STANDING] = _count(request)
    found: Standing | None = request.META[STANDING]
    return found


class DialectThrottle(BaseThrottle):
    """Refuses whoever is over the limit before a view does anything; the middleware tells the figures, and counts what
    no view has let in."""

    def allow_request(self, request: Any, view: Any) -> bool:
        self._standing = standing(request)
        return self._standing is None or not self._standing.is_over

    def wait(self) -> float | None:
        return self._standing.seconds_left if self._standing else None


def _count(request: Any) -> Standing | None:
    dialect = dialect_of(request.path)
    limit = LIMITS.get(dialect) if dialect else None
    if limit is None or not settings.RATE_LIMITS:
        return None
    who = _who(request)
    resets_at = _end_of_window(who, limit.seconds)
    used = counters.count(f"{dialect}:{who}:{resets_at}", seconds=limit.seconds)
    return None if used is None else Standing(getattr(settings, limit.setting), used, resets_at)


def _who(request: Any) -> str:
    caller = getattr(request, "auth", None)  # DRF leaves it there for the layers outside
    if not isinstance(caller, Caller):
        return f"address {client_network(request)}"
    return f"key {caller.key_uid}" if caller.key_uid else f"person {caller.user_uid}"


def _end_of_window(who: str, seconds: int) -> int:
    offset = crc32(who.encode()) % seconds
    now = int(time())
    return now - (now - offset) % seconds + seconds
