"""Counting requests in fixed windows. The counters lie in the cache; without it nothing that is counted is let in."""

from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError
from rest_framework.exceptions import APIException, Throttled


class LimiterAway(APIException):
    status_code = 503
    default_detail = "The request cannot be counted at the moment, so it is not let in."


def count(request: HttpRequest, *, group: str, key: str, rate: str) -> None:
    """Counts one request of `key`. Raises Throttled above `rate` ("5/m"), LimiterAway when nobody can count."""
    try:
        usage = get_usage(request, group=group, key=lambda *_: key, rate=rate, increment=True)
    except (RedisError, OSError) as error:
        raise LimiterAway from error
    if usage is not None and usage["should_limit"]:
        raise Throttled(wait=max(1, usage["time_left"]))
