"""Who is not an operator sees and does what their organisations and roles allow, on every page."""

import pytest
from django.db.models import Model
from django.test import Client

from apps.accounts.models import User
from apps.connections.models import Connection
from apps.flows.models import Flow
from apps.jobs.models import Job, RecordError
from tests.api.conftest import snapshot
from tests.api.world import World, make_world
from tests.conftest import Cast
from tests.console.conftest import Rows, SignIn, rows_of
from tests.console.pages import ADDED, MODELS, PAGES, PRESSED, Page

OWN = [page for page in PAGES if page.has_row and page.model != "connectors.connector"]
FOREIGN = [page for page in OWN if page.name != "delete"]
CHANGED_BY = {
    "accounts.apikey": {"owner", "admin"},
    "accounts.membership": {"owner", "admin"},
    "accounts.organization": set(),
    "accounts.project": {"owner", "admin"},
    "accounts.user": set(),
    "connectors.connector": set(),
}
EDITORS = {"owner", "admin", "editor"}
ROLES = ("owner", "admin", "editor", "viewer")
LISTS = [page for page in PAGES if page.name == "changelist"]
CHANGES = [Page(model, "change") for model in MODELS]


def may_change(role: str, page: Page) -> bool:
    if page.model == "accounts.membership":  # the row is an owner's, which only owners touch
        return role == "owner" or (role == "admin" and not page.has_row)
    return role in CHANGED_BY.get(page.model, EDITORS)


@pytest.fixture
def people(cast: Cast, admin: User) -> dict[str, User]:
    return {"owner": cast.owner, "admin": admin, "editor": cast.editor, "viewer": cast.viewer}


@pytest.fixture
def foreign_rows(cast: Cast, rows: Rows) -> Rows:
    """The same of Globex, under names of its own."""
    theirs = rows_of(cast.globex, cast.stranger, make_world(cast.globex))
    Connection.objects.filter(organization=cast.globex).update(name="Globex vault")
    Flow.objects.filter(organization=cast.globex).update(name="Globex flow")
    RecordError.objects.filter(job__organization=cast.globex).update(code="globex_code")
    return {model: fresh(row) for model, row in theirs.items()}


def fresh(row: Model) -> Model:
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("role", ROLES)
def test_members_see_what_their_organisation_owns(role: str, people: dict[str, User], rows: Rows, desk: SignIn) -> None:
    client = desk(people[role])
    pages = [page for page in PAGES if page.name not in {"add", "delete"}]
    assert {str(page): client.get(page.url(rows[page.model])).status_code for page in pages} == {
        str(page): 200 for page in pages
    }


@pytest.mark.parametrize("role", ROLES)
def test_only_their_role_lets_them_add_and_remove(role: str, people: dict[str, User], rows: Rows, desk: SignIn) -> None:
    client = desk(people[role])
    pages = [page for page in PAGES if page.name in {"add", "delete"}]
    found = {str(page): client.get(page.url(rows[page.model])).status_code for page in pages}
    assert found == {str(page): 200 if may_change(role, page) else 403 for page in pages}


@pytest.mark.parametrize("role", ROLES)
def test_only_their_role_lets_them_change_and_press(
    role: str, people: dict[str, User], rows: Rows, desk: SignIn
) -> None:
    client = desk(people[role])
    refused = [page for page in [*CHANGES, *PRESSED] if not may_change(role, page)]
    before = snapshot()
    assert {str(page): client.post(page.url(rows[page.model]), {}).status_code for page in refused} == {
        str(page): 403 for page in refused
    }
    assert snapshot() == before


def test_a_viewer_gets_no_form_and_no_button(cast: Cast, rows: Rows, desk: SignIn) -> None:
    client = desk(cast.viewer)
    for page in CHANGES:
        text = client.get(page.url(rows[page.model])).content.decode()
        assert "data-press" not in text, page
        assert "data-opens" not in text, page
        assert 'name="_save"' not in text, page
        assert 'name="name"' not in text, page


def test_a_strangers_row_is_404(cast: Cast, foreign_rows: Rows, desk: SignIn) -> None:
    client = desk(cast.owner)
    before = snapshot()
    for page in FOREIGN:
        url = page.url(foreign_rows[page.model])
        assert client.get(url).status_code == 404, page
        refused = client.post(url, {"name": "mine"}).status_code
        none = client.post(url.replace(f"/{foreign_rows[page.model].pk}/", "/999999999/"), {"name": "mine"})
        assert refused in {403, 404, 405}, page
        assert refused == none.status_code, page
    assert snapshot() == before


def test_a_strangers_button_is_404(cast: Cast, foreign_rows: Rows, desk: SignIn) -> None:
    client = desk(cast.owner)
    before = snapshot()
    for page in PRESSED:
        assert client.post(page.url(foreign_rows[page.model])).status_code == 404, page
    assert snapshot() == before


def test_lists_and_their_filters_show_no_stranger(cast: Cast, rows: Rows, foreign_rows: Rows, desk: SignIn) -> None:
    client = desk(cast.owner)
    for page in LISTS:
        text = client.get(page.url(rows[page.model])).content.decode()
        assert "globex" not in text.lower(), page


def test_forms_offer_no_stranger(cast: Cast, foreign_rows: Rows, desk: SignIn) -> None:
    client = desk(cast.owner)
    for model in ADDED:
        url = Page(model, "add").url(cast.owner)
        url += "?connector=postgresql" if model == "connections.connection" else ""
        assert "Globex" not in client.get(url).content.decode(), model


def test_the_overview_shows_no_stranger(cast: Cast, rows: Rows, foreign_rows: Rows, desk: SignIn) -> None:
    text = desk(cast.owner).get("/admin/").content.decode()
    assert "Nightly" in text
    assert "Globex" not in text
    assert "of 2 connections offline" in text


def test_a_form_refuses_a_strangers_row(cast: Cast, world: World, foreign_rows: Rows, desk: SignIn) -> None:
    theirs = foreign_rows["connections.connection"].pk
    values = {"organization": cast.acme.pk, "name": "x", "connection": theirs, "table": "t", "type": "all"}
    client = desk(cast.owner)
    before = snapshot()
    response = client.post("/admin/flows/export/add/", {**values, "page_size": 10})
    assert "Select a valid choice" in response.content.decode()
    assert snapshot() == before


def test_bulk_actions_leave_a_strangers_rows_alone(cast: Cast, foreign_rows: Rows, desk: SignIn) -> None:
    error = foreign_rows["jobs.recorderror"]
    values = {"action": "resolve_chosen", "_selected_action": [error.pk]}
    desk(cast.owner).post("/admin/jobs/recorderror/", values)
    assert RecordError.objects.get(pk=error.pk).resolved_at is None


def test_bulk_actions_leave_alone_what_one_may_only_see(cast: Cast, world: World, desk: SignIn) -> None:
    values = {"action": "resolve_chosen", "_selected_action": [world.error.pk]}
    desk(cast.viewer).post("/admin/jobs/recorderror/", values)
    assert RecordError.objects.get(pk=world.error.pk).resolved_at is None


@pytest.mark.parametrize(
    "address",
    [
        "/admin/accounts/user/?password__startswith=pbkdf2",
        "/admin/accounts/apikey/?digest__startswith=a",
        "/admin/connections/connection/?sealed__startswith=v1",
        "/admin/connections/connection/?organization__memberships__user__password__startswith=a",
        "/admin/jobs/job/?schedule__labels__isnull=1",
        "/admin/accounts/user/?_to_field=password",
    ],
)
def test_columns_are_not_guessed_by_the_address(address: str, operator: User, rows: Rows, desk: SignIn) -> None:
    assert desk(operator).get(address).status_code == 400


def test_autocompletion_offers_no_stranger(cast: Cast, rows: Rows, foreign_rows: Rows, desk: SignIn) -> None:
    asked = {"app_label": "flows", "model_name": "export", "field_name": "connection", "term": ""}
    found = desk(cast.owner).get("/admin/autocomplete/", asked).json()["results"]
    assert {one["text"] for one in found} == {"Shop", "Spare"}


def test_staff_of_no_organisation_see_nothing(cast: Cast, rows: Rows, desk: SignIn) -> None:
    nobody = User.objects.create_user("nora@example.com", "x")
    client = desk(nobody)
    assert client.get("/admin/").status_code == 200
    for page in PAGES:
        assert client.get(page.url(rows[page.model])).status_code in {403, 404}, page


def test_leaving_an_organisation_ends_what_is_seen(cast: Cast, rows: Rows, desk: SignIn) -> None:
    client: Client = desk(cast.editor)
    job = Job.objects.filter(organization=cast.acme).first()
    assert job is not None
    assert client.get(f"/admin/jobs/job/{job.pk}/change/").status_code == 200
    cast.editor.memberships.update(organization=cast.globex)
    assert client.get(f"/admin/jobs/job/{job.pk}/change/").status_code == 404
