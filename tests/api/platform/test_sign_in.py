from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.accounts import services as accounts
from apps.accounts.models import Role, User
from tests.conftest import PASSWORD, Cast

ADDRESS = "203.0.113.7"


def post(path: str, body: dict[str, Any], address: str = ADDRESS) -> Any:
    return Client(REMOTE_ADDR=address).post(path, body, content_type="application/json")


def sign_in(email: str = "olga@acme.example", password: str = PASSWORD, **more: Any) -> Any:
    address = more.pop("address", ADDRESS)
    return post("/api/token", {"email": email, "password": password, **more}, address)


def refresh(token: str) -> Any:
    return post("/api/token/refresh", {"refresh": token})


def test_a_password_buys_a_pair(cast: Cast) -> None:
    response = sign_in(email="Olga@ACME.example")
    assert response.status_code == 200
    assert set(response.json()) == {"access", "refresh"}
    client = Client(headers={"Authorization": f"Bearer {response.json()['access']}"})
    assert client.get("/v1/tokenInfo").json()["_userId"] == cast.owner.uid
    assert User.objects.get(id=cast.owner.id).last_login is not None


@pytest.mark.parametrize(
    ("email", "password"),
    [("olga@acme.example", "wrong"), ("nobody@acme.example", PASSWORD), ("olga@acme.example", f" {PASSWORD}")],
)
def test_a_wrong_password_and_an_unknown_address_read_the_same(email: str, password: str, cast: Cast) -> None:
    response = sign_in(email, password)
    assert response.status_code == 401
    assert response.json() == {
        "error": "Unauthorized",
        "message": "The e-mail address or the password is wrong.",
        "status": 401,
    }


def test_a_disabled_user_and_one_without_an_organisation_are_401(cast: Cast) -> None:
    User.objects.filter(id=cast.editor.id).update(is_active=False)
    cast.viewer.memberships.all().delete()
    assert sign_in("edgar@acme.example").status_code == 401
    assert sign_in("vera@acme.example").status_code == 401


def test_a_member_of_several_organisations_chooses(cast: Cast) -> None:
    accounts.add_member(organization=cast.globex, user=cast.owner, role=Role.VIEWER)
    for reference in ("Globex", cast.globex.uid):
        access = sign_in(organization=reference).json()["access"]
        info = Client(headers={"Authorization": f"Bearer {access}"}).get("/v1/tokenInfo").json()
        assert info["scope"] == "read"


def test_another_organisation_is_401_whether_it_exists_or_not(cast: Cast) -> None:
    answers = [sign_in(organization=name) for name in ("Globex", "Initech")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_names_every_missing_field(cast: Cast) -> None:
    response = post("/api/token", {})
    assert response.status_code == 400
    assert set(response.json()["fields"]) == {"email", "password"}


def test_a_refresh_token_works_once(cast: Cast) -> None:
    first = sign_in().json()
    second = refresh(first["refresh"])
    assert second.status_code == 200
    assert second.json()["refresh"] != first["refresh"]
    assert Client(headers={"X-API-Key": second.json()["access"]}).get("/v1/tokenInfo").status_code == 200
    assert refresh(first["refresh"]).status_code == 401
    assert refresh(second.json()["refresh"]).status_code == 200


def test_a_refresh_keeps_the_organisation(cast: Cast) -> None:
    accounts.add_member(organization=cast.globex, user=cast.owner, role=Role.VIEWER)
    pair = refresh(sign_in(organization="Globex").json()["refresh"]).json()
    info = Client(headers={"Authorization": f"Bearer {pair['access']}"}).get("/v1/tokenInfo").json()
    assert info["scope"] == "read"


def test_a_refresh_token_dies_with_the_password(cast: Cast) -> None:
    pair = sign_in().json()
    cast.owner.set_password("another horse battery staple")
    cast.owner.save()
    accounts.forget_callers()
    assert refresh(pair["refresh"]).status_code == 401


def test_an_access_token_refreshes_nothing(cast: Cast) -> None:
    assert refresh(sign_in().json()["access"]).status_code == 401


def test_counts_five_a_minute_by_account_and_address(cast: Cast, settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = True
    statuses = [sign_in(password="wrong").status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    limited = sign_in()
    assert limited.status_code == 429
    assert 1 <= int(limited["Retry-After"]) <= 60
    assert limited.json()["status"] == 429
    assert sign_in(email="OLGA@acme.example").status_code == 429
    assert sign_in("edgar@acme.example").status_code == 200
    assert sign_in(address="203.0.113.8").status_code == 200


def test_counts_an_address_over_all_accounts(cast: Cast) -> None:
    statuses = [sign_in(f"user{number}@acme.example").status_code for number in range(31)]
    assert statuses == [401] * 30 + [429]


@pytest.mark.parametrize(
    ("proxies", "same"), [(0, True), (1, False), (2, True)], ids=["none trusted", "one trusted", "two trusted"]
)
def test_believes_as_many_forwarded_addresses_as_there_are_proxies(
    proxies: int, same: bool, cast: Cast, settings: Settings
) -> None:
    """A client invents what stands left; only what trusted proxies appended, on the right, is believed."""
    settings.TRUSTED_PROXIES = proxies
    statuses = []
    for number in range(6):
        client = Client(REMOTE_ADDR=ADDRESS, headers={"X-Forwarded-For": f"8.8.8.{number}, 9.9.9.9, 7.7.7.{number}"})
        body = {"email": "olga@acme.example", "password": "wrong"}
        statuses.append(client.post("/api/token", body, content_type="application/json").status_code)
    assert (statuses[-1] == 429) is same


def test_a_network_of_ipv6_is_one_address(cast: Cast) -> None:
    statuses = [sign_in(password="wrong", address=f"2001:db8::{number}").status_code for number in range(1, 7)]
    assert statuses == [401] * 5 + [429]
    assert sign_in(address="2001:db8:0:1::1").status_code == 200


def test_lets_nobody_in_while_nothing_can_be_counted(cast: Cast, settings: Settings) -> None:
    """A real address at which nothing listens, in place of the cache's."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2},
        }
    }
    with pytest.raises(RedisConnectionError):
        cache.get("anything")
    response = sign_in()
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert response.json()["status"] == 503
