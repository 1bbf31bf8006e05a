"""Every page answers, with rows and without, under the console's own rules for the browser."""

from html import unescape

from django.conf import settings
from django.contrib import admin
from django.test import Client

from apps.accounts.models import ApiKey, User
from apps.connections.models import Connection
from tests.api.world import CANARY
from tests.conftest import Cast
from tests.console.conftest import Rows, SignIn
from tests.console.pages import MODELS, PAGES, Page


def test_every_desk_is_known_here() -> None:
    assert sorted(model._meta.label_lower for model in admin.site._registry) == sorted(MODELS)


def test_answers_an_operator(operator: User, rows: Rows, desk: SignIn) -> None:
    client = desk(operator)
    for page in PAGES:
        response = client.get(page.url(rows[page.model]))
        assert response.status_code == 200, page
        assert response["Content-Security-Policy"] == settings.CONSOLE_POLICY
        assert response["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_an_empty_list_says_what_to_do_next(operator: User, desk: SignIn) -> None:
    client = desk(operator)
    for model, desk_of in admin.site._registry.items():
        page = client.get(Page(model._meta.label_lower, "changelist").url(operator)).content.decode()
        assert desk_of.empty_text or model is User  # who reads this is one
        assert model.objects.exists() or desk_of.empty_text in unescape(page)


def test_shows_no_secret(operator: User, rows: Rows, desk: SignIn) -> None:
    client = desk(operator)
    hidden = [CANARY, CANARY[:8], *Connection.objects.values_list("sealed", flat=True)]
    hidden += [*ApiKey.objects.values_list("digest", flat=True), *User.objects.values_list("password", flat=True)]
    assert len(hidden) > 6
    for page in PAGES:
        text = client.get(page.url(rows[page.model])).content.decode()
        assert not [secret for secret in hidden if secret in text], page


def test_a_stranger_to_the_console_is_asked_to_sign_in(rows: Rows) -> None:
    for page in PAGES:
        url = page.url(rows[page.model])
        response = Client().get(url)
        assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={url}")


def test_a_person_without_the_console_is_asked_to_sign_in(cast: Cast, rows: Rows) -> None:
    client = Client()
    client.force_login(cast.owner)
    assert {client.get(page.url(rows[page.model])).status_code for page in PAGES} == {302}


def test_unfolds_own_search_is_closed(operator: User, desk: SignIn) -> None:
    assert desk(operator).get("/admin/search/?s=a").status_code == 404


def test_nothing_is_removed_in_bulk(operator: User, rows: Rows, desk: SignIn) -> None:
    values = {"action": "delete_selected", "_selected_action": [rows["flows.flow"].pk], "post": "yes"}
    desk(operator).post("/admin/flows/flow/", values)
    rows["flows.flow"].refresh_from_db()
