"""How often Databasin's dialect may be called, and what its answers say of it."""

import socket
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import ApiKey
from apps.accounts.services import callers
from apps.dialects import throttling
from apps.dialects.counters import Counters
from tests.api.conftest import snapshot
from tests.api.world import World
from tests.conftest import PASSWORD, Cast, ClientOf

PING = "/api/ping"
NOW = 1_736_937_000
FIGURES = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`clock(seconds)`: so much later; until then no window ends."""

    def later(seconds: int) -> None:
        monkeypatch.setattr(throttling, "time", lambda: NOW + seconds + 0.9)

    later(0)
    return later


def remaining(response: Any) -> int:
    return int(response["X-RateLimit-Remaining"])


def end_of_window(who: str) -> int:
    """The next moment of the caller's own second of the minute."""
    return next(second for second in range(NOW + 1, NOW + 61) if second % 60 == crc32(who.encode()) % 60)


def test_counts_a_thousand_a_minute(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.editor)
    responses = [client.get(path) for path in (PING, "/api/my/account", "/api/ping/")]
    ends = str(end_of_window(f"key {ApiKey.objects.get().uid}"))
    assert [[response[name] for name in sorted(FIGURES)] for response in responses] == [
        ["1000", "999", ends],
        ["1000", "998", ends],
        ["1000", "997", ends],
    ]


def test_refuses_what_is_above_until_the_window_ends(
    clock: Callable[[int], None], cast: Cast, client_of: ClientOf, settings: Settings
) -> None:
    settings.DATABASIN_RATE_LIMIT = 2
    client = client_of(cast.editor)
    responses = [client.get(PING) for _ in range(4)]
    wait = end_of_window(f"key {ApiKey.objects.get().uid}") - NOW
    assert [response.status_code for response in responses] == [200, 200, 429, 429]
    assert [remaining(response) for response in responses] == [1, 0, 0, 0]
    assert responses[-1]["Retry-After"] == str(wait)
    assert responses[-1].json() == {
        "error": "Too Many Requests",
        "message": f"Request was throttled. Expected available in {wait} second{'s' if wait > 1 else ''}.",
        "status": 429,
    }
    clock(wait)
    again = client.get(PING)
    assert (again.status_code, remaining(again)) == (200, 1)
    assert int(again["X-RateLimit-Reset"]) == NOW + wait + 60


def test_a_refused_request_changes_nothing(cast: Cast, world: World, client_of: ClientOf, settings: Settings) -> None:
    settings.DATABASIN_RATE_LIMIT = 1
    client = client_of(cast.editor)
    client.get(PING)
    before, path = snapshot(), f"/api/connector/{world.numbers['spare_connection_id']}"
    assert client.put(path, {"connectorName": "New"}, content_type="application/json").status_code == 429
    assert client.delete(path).status_code == 429
    assert snapshot() == before


def test_every_caller_has_a_limit_of_their_own(cast: Cast, client_of: ClientOf, settings: Settings) -> None:
    """Two keys of one person, the person by two tokens, and an address without either."""
    settings.DATABASIN_RATE_LIMIT = 5
    credentials = {"email": cast.owner.email, "password": PASSWORD}
    tokens = [Client().post("/api/token", credentials, content_type="application/json").json() for _ in range(2)]
    one, other = client_of(cast.owner), client_of(cast.owner)
    person, again = (client_of(token["access"]) for token in tokens)
    order = (one, one, other, person, again, Client(), Client(REMOTE_ADDR="192.0.2.7"), Client())
    assert [remaining(client.get(PING)) for client in order] == [4, 3, 4, 4, 3, 4, 4, 3]


def test_a_network_of_ipv6_is_one_address() -> None:
    addresses = ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "::ffff:192.0.2.9", "192.0.2.9")
    assert [remaining(Client(REMOTE_ADDR=each).get(PING)) for each in addresses] == [999, 998, 999, 999, 998]


def test_a_bad_token_counts_for_the_address(cast: Cast, client_of: ClientOf, settings: Settings) -> None:
    settings.DATABASIN_RATE_LIMIT = 2
    statuses = [client_of(token).get(PING).status_code for token in ("xd_a", "xd_b", "xd_c")]
    assert statuses == [401, 401, 429]
    assert client_of(cast.editor).get(PING).status_code == 200


def test_a_caller_who_may_not_do_it_is_counted_all_the_same(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.editor, "run")
    responses = [client.get(PING) for _ in range(2)]
    assert [(response.status_code, remaining(response)) for response in responses] == [(403, 999), (403, 998)]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PING, 401),
        ("GET", "/api/connector/nothing/at/all", 404),
        ("GET", "/config/nothing", 404),
        ("GET", "/api/ping?a=%00", 400),
        ("OPTIONS", "/api/my/account", 401),
        ("POST", PING, 413),
    ],
)
def test_tells_the_figures_where_nobody_is_known(method: str, path: str, status: int, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    body = "x" * 1001 if status == 413 else ""
    response = Client().generic(method, path, body, content_type="application/json")
    assert response.status_code == status
    assert set(response.headers) >= FIGURES
    assert remaining(response) == 999


@pytest.mark.parametrize(("method", "path", "status"), [("PATCH", PING, 405), ("GET", "/api/project/none", 404)])
def test_tells_the_figures_of_the_caller_in_refusals(
    method: str, path: str, status: int, cast: Cast, client_of: ClientOf
) -> None:
    client = client_of(cast.editor)
    client.get(PING)
    response = client.generic(method, path)
    assert (response.status_code, remaining(response)) == (status, 998)


def test_tells_them_of_a_fault_of_ours_as_well(
    cast: Cast, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(cast.editor)
    client.raise_request_exception = False
    monkeypatch.setattr("apps.accounts.api.databasin.account.person", lambda _user: 1 / 0)
    response = client.get("/api/my/account")
    assert (response.status_code, remaining(response)) == (500, 999)


def test_tells_them_while_the_database_is_away(
    cast: Cast, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: Any) -> None:
        raise OperationalError

    client = client_of(cast.editor)
    monkeypatch.setattr(callers, "_look_up_key", away)
    response = client.get(PING)
    assert (response.status_code, remaining(response)) == (503, 999)


def test_the_limit_holds_for_paths_that_are_not_there(settings: Settings) -> None:
    settings.DATABASIN_RATE_LIMIT = 1
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    client = Client(headers={"Origin": "https://app.example"})
    responses = [client.get("/api/connector/nothing/at/all") for _ in range(2)]
    assert [response.status_code for response in responses] == [404, 429]
    assert responses[1].json()["error"] == "Too Many Requests"
    assert responses[1]["Access-Control-Allow-Origin"] == "https://app.example"
    assert int(responses[1]["Content-Length"]) == len(responses[1].content)


@pytest.mark.parametrize("path", ["/api/health", "/v1/tokenInfo", "/api/jobs/none", "/admin/login/"])
def test_other_paths_are_not_counted(path: str, cast: Cast, client_of: ClientOf, settings: Settings) -> None:
    settings.DATABASIN_RATE_LIMIT = 1
    responses = [client_of(cast.editor).get(path) for _ in range(3)]
    assert 429 not in {response.status_code for response in responses}
    assert not FIGURES & set(responses[-1].headers)


def test_off_means_neither_limit_nor_figures(cast: Cast, client_of: ClientOf, settings: Settings) -> None:
    settings.RATE_LIMITS, settings.DATABASIN_RATE_LIMIT = False, 1
    client = client_of(cast.editor)
    responses = [client.get(PING) for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 200]
    assert not FIGURES & set(responses[-1].headers)


def test_a_counter_ends_with_its_window(cast: Cast, client_of: ClientOf, settings: Settings) -> None:
    client_of(cast.editor).get(PING)
    redis = cache._cache.get_client()
    (key,) = redis.keys(f"*{settings.RATELIMIT_CACHE_PREFIX}databasin:*")
    assert 0 < redis.ttl(key) <= 60


@pytest.fixture(params=["nobody listens", "nobody answers"])
def away(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a Redis that is gone, or frozen."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        if request.param == "nobody listens":
            server.close()
            yield "redis://127.0.0.1:1/0"
        else:
            yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_while_redis_is_away_everybody_is_let_in_and_it_is_left_alone(
    away: str, cast: Cast, client_of: ClientOf, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    counters = Counters()
    monkeypatch.setattr(throttling, "counters", counters)
    settings.CACHES = {**settings.CACHES, "away": {**settings.CACHES["default"], "LOCATION": away}}
    settings.RATELIMIT_USE_CACHE, settings.DATABASIN_RATE_LIMIT = "away", 1
    client = client_of(cast.editor)
    responses = [client.get(PING) for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 200]
    assert not FIGURES & set(responses[-1].headers)
    assert caplog.text.count("Redis does not answer") == 1
    settings.RATELIMIT_USE_CACHE = "default"
    assert not FIGURES & set(client.get(PING).headers)
    counters._alone_until = 0.0
    assert remaining(client.get(PING)) == 0
