"""Getting into the console."""

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from tests.conftest import PASSWORD, Cast

LOGIN = "/admin/login/"


def attempt(client: Client, email: str, password: str = "wrong", address: str = "127.0.0.1") -> str:
    values = {"username": email, "password": password}
    return client.post(LOGIN, values, REMOTE_ADDR=address).content.decode()


def test_leads_to_the_overview(operator: User) -> None:
    response = Client().post(LOGIN, {"username": operator.email, "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/admin/")


def test_leads_back_to_where_one_was_going(operator: User) -> None:
    client = Client()
    asked = client.get("/admin/jobs/job/")["Location"]
    response = client.post(asked, {"username": operator.email, "password": PASSWORD})
    assert response["Location"] == "/admin/jobs/job/"


def test_leads_nowhere_else(operator: User) -> None:
    values = {"username": operator.email, "password": PASSWORD}
    assert Client().post(f"{LOGIN}?next=https://evil.example/", values)["Location"] == "/admin/"


def test_gives_a_new_session(operator: User) -> None:
    client = Client()
    client.get("/admin/")
    before = client.session.session_key
    client.post(LOGIN, {"username": operator.email, "password": PASSWORD})
    assert client.session.session_key != before


def test_refuses_who_may_not_use_the_console(cast: Cast) -> None:
    assert "for a staff account" in attempt(Client(), cast.owner.email, PASSWORD)


def test_five_failures_stop_that_person_there_and_nobody_elsewhere(cast: Cast, operator: User) -> None:
    for _ in range(5):
        assert "Too many attempts" not in attempt(Client(), operator.email)
    assert "Too many attempts" in attempt(Client(), operator.email, PASSWORD)
    elsewhere = Client().post(LOGIN, {"username": operator.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 302


def test_counts_the_apis_attempts_as_well(operator: User) -> None:
    for _ in range(5):
        body = {"email": operator.email, "password": "wrong"}
        Client().post("/api/token", body, content_type="application/json")
    assert "Too many attempts" in attempt(Client(), operator.email, PASSWORD)


def test_lets_nobody_in_while_attempts_cannot_be_counted(
    operator: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "away": cache}
    settings.RATELIMIT_USE_CACHE = "away"
    assert "Redis does not answer" in attempt(Client(), operator.email, PASSWORD)
