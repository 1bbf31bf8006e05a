"""An API key is shown once, by the answer to the request that made it."""

import re
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiKey, User
from tests.conftest import Cast, ClientOf
from tests.console.conftest import SignIn


def made(client: Client, cast: Cast) -> str:
    values = {"organization": cast.acme.pk, "name": "Frontend", "scopes": ["read"], "life": "30"}
    response = client.post("/admin/accounts/apikey/add/", values)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    found = re.search(r"<code data-copied>(xd_[\w-]{43})</code>", response.content.decode())
    assert found is not None
    return found[1]


def test_is_shown_once_and_works(cast: Cast, desk: SignIn, client_of: ClientOf) -> None:
    client = desk(cast.owner)
    value = made(client, cast)
    assert client_of(value).get("/v1/flows").status_code in {200, 204}
    key = ApiKey.objects.get()
    pages = ["/admin/accounts/apikey/", f"/admin/accounts/apikey/{key.pk}/change/", "/admin/"]
    pages += [f"/admin/accounts/apikey/{key.pk}/history/", f"/admin/accounts/organization/{cast.acme.pk}/change/"]
    assert not [page for page in pages if value in client.get(page).content.decode()]
    assert value not in str(ApiKey.objects.values())


def test_has_the_scopes_and_the_life_that_were_chosen(cast: Cast, desk: SignIn) -> None:
    made(desk(cast.owner), cast)
    key = ApiKey.objects.get()
    assert (key.scopes, key.owner) == (["read"], cast.owner)
    assert key.expires_at is not None
    assert abs(key.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


def test_is_confined_to_the_collections_that_were_named(cast: Cast, desk: SignIn) -> None:
    one, other = f"col_{'a' * 24}", f"col_{'b' * 24}"
    values = {"organization": cast.acme.pk, "name": "Search", "collections": f"{one}\n{other}", "is_personal": "on"}
    client = desk(cast.owner)
    assert client.post("/admin/accounts/apikey/add/", values).status_code == 200
    key = ApiKey.objects.get()
    assert key.scopes == [f"collection:{one}", f"collection:{other}", f"user:{cast.owner.uid}"]
    page = client.get(f"/admin/accounts/apikey/{key.pk}/change/").content.decode()
    assert f"Only {one}, {other}, collections that name its owner" in page


def test_what_is_no_collection_is_said_beside_its_field(cast: Cast, desk: SignIn) -> None:
    values = {"organization": cast.acme.pk, "name": "Search", "collections": "docs"}
    response = desk(cast.owner).post("/admin/accounts/apikey/add/", values)
    assert set(response.context["adminform"].form.errors) == {"collections"}
    assert not ApiKey.objects.exists()


def test_an_operator_who_is_no_member_makes_it_for_the_first_owner(cast: Cast, operator: User, desk: SignIn) -> None:
    made(desk(operator), cast)
    assert ApiKey.objects.get().owner == cast.owner


def test_is_refused_once_it_is_revoked(cast: Cast, desk: SignIn, client_of: ClientOf) -> None:
    client = desk(cast.owner)
    value = made(client, cast)
    client.post(f"/admin/accounts/apikey/{ApiKey.objects.get().pk}/revoke/")
    assert client_of(value).get("/v1/flows").status_code == 401


def test_a_project_of_another_organisation_is_refused(cast: Cast, operator: User, desk: SignIn) -> None:
    project = cast.globex.projects.create(name="Theirs", internal_id="theirs")
    values = {"organization": cast.acme.pk, "project": project.pk, "name": "Frontend", "life": ""}
    response = desk(operator).post("/admin/accounts/apikey/add/", values)
    assert set(response.context["adminform"].form.errors) == {"project"}
    assert not ApiKey.objects.exists()
