"""The hand-over to a command line: who is let in, what is made, and where it is sent."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from apps.accounts import services as accounts
from apps.accounts.models import ApiKey, Membership, Role, User
from tests.conftest import PASSWORD, Cast, ClientOf
from tests.console.browser import Visit
from tests.console.conftest import SignIn

WAITING = "http://localhost:3333/callback"
PAGE = f"/login?cli_callback={WAITING}"
WISHES = {"name": "Laptop", "life": "30"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def value_in(response: Any) -> str:
    found = re.fullmatch(re.escape(WAITING) + r"\?token=(xd_[\w-]{43})", response["Location"])
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    "callback",
    [
        "",
        "https://localhost:3333/callback",
        "http://localhost/callback",
        "http://localhost:0/callback",
        "http://localhost:65536/callback",
        "http://localhost:3333/callback/",
        "http://localhost:3333/callback%3Fa=b",
        "http://localhost:3333/callback%0A",
        "http://localhost:3333/callbackx",
        "http://localhost:3333/",
        "http://localhost:3333@evil.example/callback",
        "http://localhost.evil.example:3333/callback",
        "http://evil.example:3333/callback",
        "http://192.168.0.1:3333/callback",
        "http://[::1]:3333/callback",
        "http://127.0.0.1:٣/callback",
        "javascript:alert(1)//localhost:3333/callback",
        "//localhost:3333/callback",
    ],
)
def test_sends_nothing_to_any_other_address(callback: str, cast: Cast) -> None:
    client = signed_in(cast.owner)
    for response in (
        client.get(f"/login?cli_callback={callback}"),
        client.post(f"/login?cli_callback={callback}", WISHES),
    ):
        assert response.status_code == 400
        assert "is not one of this machine" in response.content.decode()
        assert response["Content-Security-Policy"] == settings.CONSOLE_POLICY
    assert not ApiKey.objects.exists()


def test_without_an_address_it_is_the_consoles_sign_in(cast: Cast) -> None:
    assert Client().get("/login")["Location"] == "/admin/login/"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_sends_the_key_where_the_program_waits(host: str, cast: Cast, client_of: ClientOf) -> None:
    waiting = f"http://{host}:65535/callback"
    response = signed_in(cast.editor).post(f"/login?cli_callback={waiting}", WISHES)
    assert response.status_code == 302
    address, _, value = response["Location"].partition("?token=")
    assert address == waiting
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]
    assert client_of(value).get("/api/my/account").json()["email"] == cast.editor.email


def test_makes_a_personal_key_with_a_life(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    client = signed_in(cast.viewer)
    value = value_in(client.post(PAGE, WISHES))
    key = ApiKey.objects.get()
    assert (key.name, key.owner, key.organization, key.project, key.scopes) == (
        "Laptop",
        cast.viewer,
        cast.acme,
        None,
        [],
    )
    assert key.expires_at is not None
    assert abs(key.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert value not in caplog.text
    assert value not in client.get(PAGE).content.decode()


def test_a_viewers_key_reads_alone(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(value_in(signed_in(cast.viewer).post(PAGE, WISHES)))
    assert client.get("/v1/exports").status_code in {200, 204}
    assert client.post("/v1/exports", {}, content_type="application/json").status_code == 403


def test_asks_for_the_organisation_of_whoever_has_several(cast: Cast, client_of: ClientOf) -> None:
    accounts.add_member(organization=cast.globex, user=cast.editor, role=Role.VIEWER)
    client = signed_in(cast.editor)
    assert client.post(PAGE, WISHES).context["form"].errors == {"organization": ["This field is required."]}
    value = value_in(client.post(PAGE, {**WISHES, "organization": cast.globex.pk}))
    assert [row["name"] for row in client_of(value).get("/api/my/organizations").json()] == ["Globex"]


def test_another_organisation_cannot_be_chosen(cast: Cast) -> None:
    client = signed_in(cast.editor)
    value_in(client.post(PAGE, {**WISHES, "organization": cast.globex.pk}))
    assert ApiKey.objects.get().organization == cast.acme
    accounts.add_member(organization=accounts.create_organization(name="Initech"), user=cast.editor, role=Role.VIEWER)
    response = client.post(PAGE, {**WISHES, "organization": cast.globex.pk})
    assert set(response.context["form"].errors) == {"organization"}
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 201}, {"name": "a\0b"}, {"life": "36500"}, {"life": "x"}]
)
def test_shows_the_form_again_for_wrong_wishes(wrong: dict[str, str], cast: Cast) -> None:
    response = signed_in(cast.editor).post(PAGE, {**WISHES, **wrong})
    assert response.status_code == 200
    assert set(response.context["form"].errors) == set(wrong)
    assert not ApiKey.objects.exists()


def test_gives_no_other_members_key_to_somebody_without_an_organisation(cast: Cast, operator: User) -> None:
    Membership.objects.filter(user=cast.editor).delete()
    for user in (cast.editor, operator):
        response = signed_in(user).post(PAGE, WISHES)
        assert (response.status_code, "belongs to no organisation" in response.content.decode()) == (200, True)
    assert not ApiKey.objects.exists()


def test_a_form_of_another_site_makes_nothing(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.editor)
    assert client.post(PAGE, WISHES, headers={"Origin": "https://evil.example"}).status_code == 403
    assert not ApiKey.objects.exists()


def test_everybody_with_an_account_signs_in_here(cast: Cast) -> None:
    client = Client()
    assert "Sign in for a command line" in client.get(PAGE).content.decode()
    response = client.post(PAGE, {"username": cast.viewer.email, "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, PAGE)
    page = client.get(PAGE)
    assert {cast.viewer.email, "Acme", WAITING} <= set(re.findall(r"[\w.:/@-]+", page.content.decode()))
    assert page["Content-Security-Policy"] == f"{settings.CONSOLE_POLICY} http://localhost:3333"
    assert client.get("/admin/").status_code == 302


def test_a_wrong_password_and_too_many_attempts_are_refused(cast: Cast) -> None:
    client = Client()
    wrong = {"username": cast.viewer.email, "password": "wrong"}
    for _ in range(5):
        assert "enter a correct email and password" in client.post(PAGE, wrong).content.decode()
    assert "Too many attempts" in client.post(PAGE, {**wrong, "password": PASSWORD}).content.decode()
    assert not client.session.items()


def test_whoever_sits_there_may_be_changed(cast: Cast) -> None:
    client = signed_in(cast.editor)
    assert client.post(PAGE, {"leave": "1"})["Location"] == PAGE
    assert "Sign in for a command line" in client.get(PAGE).content.decode()
    assert not ApiKey.objects.exists()


def test_the_key_is_among_the_consoles_and_its_owner_may_revoke_it(
    cast: Cast, desk: SignIn, client_of: ClientOf
) -> None:
    client = desk(cast.editor)
    value = value_in(client.post(PAGE, WISHES))
    key = ApiKey.objects.get()
    assert "Laptop" in client.get("/admin/accounts/apikey/").content.decode()
    assert "Made for a command line" in client.get(f"/admin/accounts/apikey/{key.pk}/history/").content.decode()
    accounts.create_api_key(organization=cast.acme, name="Other", at=timezone.now(), owner=cast.owner)
    other = ApiKey.objects.get(name="Other")
    assert client.post(f"/admin/accounts/apikey/{other.pk}/revoke/").status_code == 403
    client.post(f"/admin/accounts/apikey/{key.pk}/revoke/")
    assert client_of(value).get("/api/ping").status_code == 401


@pytest.fixture
def program() -> Iterator[tuple[str, list[str]]]:
    """One that waits on this machine: its address, and the paths that it was asked for."""
    asked: list[str] = []

    class Waits(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"Go back to the command line.")

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Waits) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}/callback", asked
        server.shutdown()
        thread.join()


@pytest.mark.browser
def test_a_real_browser_brings_the_key_to_the_program(
    live_server: LiveServer, cast: Cast, client_of: ClientOf, program: tuple[str, list[str]], visit: Visit
) -> None:
    waiting, asked = program
    page = visit.page
    visit.go(f"{live_server.url}/login?cli_callback={waiting}")
    page.get_by_label("Email").fill(cast.viewer.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(waiting)).to_be_visible()
    page.get_by_role("button", name="Make the key and send it").click()
    expect(page.get_by_text("Go back to the command line.")).to_be_visible()
    path, _, value = asked[0].partition("?token=")
    assert path == "/callback"
    assert client_of(value).get("/api/my/account").json()["email"] == cast.viewer.email
    assert visit.wrongs == []
