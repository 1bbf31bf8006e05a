"""Counting requests in fixed windows. The counters lie in the cache; without it nothing that is counted is let in."""

from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError
from rest_framework.exceptions import APIException, Throttled

from apps.dialects.addresses import client_network

SIGN_INS_PER_ACCOUNT = "5/m"
SIGN_INS_PER_ADDRESS = "30/m"


class LimiterAway(APIException):
    status_code = 503
    default_detail = "The request cannot be counted at the moment, so it is not let in."


def count(request: HttpRequest, *, group: str, key: str, rate: str) -> None:
    """Counts one request of `key`. Raises Throttled above `rate` ("5/m"), LimiterAway when nobody can count."""
    if wait := seconds_to_wait(request, group=group, key=key, rate=rate):
        raise Throttled(wait=wait)


def seconds_to_wait(request: HttpRequest, *, group: str, key: str, rate: str) -> int:
    """The same as a number: 0 for a request that is let in. Raises LimiterAway."""
    try:
        usage = get_usage(request, group=group, key=lambda *_: key, rate=rate, increment=True)
    except (RedisError, OSError) as error:
        raise LimiterAway from error
    return max(1, int(usage["time_left"])) if usage is not None and usage["should_limit"] else 0


def sign_in(request: HttpRequest, account: str) -> int:
    """Counts an attempt to sign in; how many seconds to wait before the next one, 0 for none. Raises LimiterAway.

    Counted by account *and* address, so that a stranger cannot lock an account out; and by address, which stops the
    guessing of one password on many accounts.
    """
    network = client_network(request)
    of_address = seconds_to_wait(request, group="sign-in", key=network, rate=SIGN_INS_PER_ADDRESS)
    account_there = f"{network} {account.lower()}"
    return of_address or seconds_to_wait(request, group="sign-in account", key=account_there, rate=SIGN_INS_PER_ACCOUNT)


def sign_in_refusal(request: HttpRequest, account: str) -> str:
    """The same for a page: why the attempt is not let in, "" when it is."""
    try:
        wait = sign_in(request, account)
    except LimiterAway:
        return "Attempts to sign in cannot be counted now, so nobody is let in: Redis does not answer."
    return f"Too many attempts. Try again in {wait} seconds." if wait else ""
