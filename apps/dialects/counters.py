"""Counting in the cache's Redis by one command, where django-ratelimit needs three and ten times the CPU. A Redis that
is away keeps nobody waiting: it is then left alone for a while."""

import logging
import time
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.utils.functional import cached_property
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

SECONDS_LEFT_ALONE = 2.0
COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""
"""Atomic, so that no counter is ever left without an end."""


class CountingCache(RedisCache):
    """Django's own, which offers its client to subclasses alone."""

    def count(self, key: str, seconds: int) -> int:
        """One more of `key`, which is forgotten `seconds` after its first; how many there are now. Raises RedisError
        and OSError."""
        return int(self._client.eval(COUNT, 1, self.make_key(key), seconds))

    @cached_property
    def _client(self) -> Any:
        return self._cache.get_client(None, write=True)  # Django makes another one each time, for 200 µs


class Counters:
    """Of one process."""

    def __init__(self) -> None:
        self._alone_until = 0.0

    def count(self, key: str, *, seconds: int) -> int | None:
        """The same; None while nobody can count."""
        if time.monotonic() < self._alone_until:
            return None
        cache: Any = caches[getattr(settings, "RATELIMIT_USE_CACHE", "default")]
        try:
            count: int = cache.count(_prefix() + key, seconds)
        except (RedisError, OSError) as error:
            self._alone_until = time.monotonic() + SECONDS_LEFT_ALONE
            log.warning("Redis does not answer (%s): requests are let in uncounted", type(error).__name__)
            return None
        return count


counters = Counters()


def _prefix() -> str:
    return str(getattr(settings, "RATELIMIT_CACHE_PREFIX", "rl:"))
