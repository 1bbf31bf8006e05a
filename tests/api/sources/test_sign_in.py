"""POST /auth/login and /auth/refresh, as the vendor's pages say them."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts import services as accounts
from apps.accounts.models import Role, User
from tests.conftest import PASSWORD, Cast

ADDRESS = "203.0.113.9"


def post(path: str, body: Any) -> Any:
    return Client(REMOTE_ADDR=ADDRESS).post(f"/api/v1/auth/{path}", body, content_type="application/json")


def login(**more: Any) -> Any:
    return post("login", {"email": "olga@acme.example", "password": PASSWORD} | more)


def test_a_password_buys_tokens_and_tells_who_it_is(cast: Cast) -> None:
    User.objects.filter(id=cast.owner.id).update(name="Olga")
    response = login()
    said = response.json()
    assert response.status_code == 200
    assert set(said) == {"success", "token", "refreshToken", "user"}
    assert said["user"] == {"id": cast.owner.uid, "email": "olga@acme.example", "name": "Olga"}
    client = Client(headers={"Authorization": f"Bearer {said['token']}"})
    assert client.get("/api/v1/sources").status_code == 200
    assert client.get("/v1/tokenInfo").json()["_userId"] == cast.owner.uid


def test_a_wrong_password_is_unauthorized(cast: Cast) -> None:
    response = login(password="wrong")
    said = response.json()
    assert (response.status_code, said["success"], said["error"]) == (401, False, "unauthorized")
    assert "wrong" not in str(said["details"])


def test_names_every_missing_field(cast: Cast) -> None:
    said = post("login", {}).json()
    assert (said["error"], [detail["field"] for detail in said["details"]]) == (
        "invalid_request",
        ["email", "password"],
    )


def test_a_refresh_token_works_once(cast: Cast) -> None:
    first = login().json()
    second = post("refresh", {"refreshToken": first["refreshToken"]})
    assert second.status_code == 200
    assert set(second.json()) == {"success", "token", "refreshToken"}
    assert post("refresh", {"refreshToken": first["refreshToken"]}).status_code == 401
    assert post("refresh", {"refreshToken": second.json()["refreshToken"]}).status_code == 200


def test_a_refresh_token_is_the_same_to_every_dialect_and_used_up_in_all(cast: Cast) -> None:
    token = login().json()["refreshToken"]
    client = Client(REMOTE_ADDR=ADDRESS)
    exchange = {"path": "/api/token/refresh", "data": {"refresh": token}, "content_type": "application/json"}
    assert client.post(**exchange).status_code == 200
    assert post("refresh", {"refreshToken": token}).status_code == 401


@pytest.mark.parametrize("body", [{}, {"refreshToken": 7}, {"refreshToken": ""}])
def test_what_is_no_token_is_400(body: Any, cast: Cast) -> None:
    response = post("refresh", body)
    assert (response.status_code, response.json()["details"][0]["field"]) == (400, "refreshToken")


def test_a_member_of_several_organisations_chooses(cast: Cast) -> None:
    accounts.add_member(organization=cast.globex, user=cast.owner, role=Role.VIEWER)
    token = login(organization="Globex").json()["token"]
    response = Client(headers={"Authorization": f"Bearer {token}"}).post(
        "/api/v1/collections", {"name": "Mine"}, content_type="application/json"
    )
    assert response.status_code == 403
    assert login(organization="Initech").status_code == 401


def test_counts_five_a_minute_together_with_the_other_ways_to_sign_in(cast: Cast) -> None:
    client, body = Client(REMOTE_ADDR=ADDRESS), {"email": "olga@acme.example", "password": "wrong"}
    statuses = [client.post("/api/token", body, content_type="application/json").status_code for _ in range(3)]
    statuses += [login(password="wrong").status_code for _ in range(3)]
    assert statuses == [401] * 5 + [429]
    assert login().json()["error"] == "rate_limited"
