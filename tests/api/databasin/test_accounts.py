"""Who calls: ping, the account, its organisation, its projects and who works on them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Organization, Project, User
from tests.api.databasin.conftest import Databasin
from tests.api.world import World
from tests.conftest import PASSWORD, Cast, ClientOf

MADE = datetime(2025, 1, 15, 10, 30, tzinfo=UTC)


@pytest.fixture
def acme(cast: Cast, world: World) -> Organization:
    """With a name for its editor and fixed dates."""
    User.objects.filter(id=cast.editor.id).update(name="Edgar  Allan Poe")
    for model in (Organization, Project):
        model.objects.update(created_at=MADE)
    return cast.acme


def test_ping_says_that_the_credential_is_accepted(databasin: Databasin) -> None:
    assert databasin.get("/api/ping") == {
        "isLoggedIn": True,
        "hasProfile": True,
        "isSystemConfigured": True,
        "message": "pong",
        "version": "0.1.0",
    }


@pytest.mark.parametrize("token", ["xd_wrong", "eyJhbGciOi", "xo_7", ""])
def test_ping_refuses_a_bad_token(token: str, cast: Cast, client_of: ClientOf) -> None:
    body = Databasin(client_of(token)).get("/api/ping", 401)
    assert (set(body), body["error"], body["status"]) == ({"error", "message", "status"}, "Unauthorized", 401)


def test_the_account_is_the_owner_of_the_key(acme: Organization, cast: Cast, databasin: Databasin) -> None:
    project = acme.projects.get()
    assert databasin.get("/api/my/account") == {
        "id": cast.editor.id,
        "email": "edgar@acme.example",
        "firstName": "Edgar",
        "lastName": "Allan Poe",
        "enabled": True,
        "roles": ["user"],
        "organizationMemberships": [{"organizationId": acme.id, "organizationName": "Acme", "role": "user"}],
        "projectMemberships": [
            {"projectId": project.id, "projectName": "Shop", "internalID": "proj-acme", "role": "user"}
        ],
    }


def test_the_account_is_the_person_of_a_token(cast: Cast) -> None:
    credentials = {"email": cast.viewer.email, "password": PASSWORD}
    access = Client().post("/api/token", credentials, content_type="application/json").json()["access"]
    body = Client(headers={"Authorization": f"Bearer {access}"}).get("/api/my/account").json()
    assert (body["id"], body["firstName"], body["lastName"], body["roles"]) == (cast.viewer.id, "", "", ["viewer"])


def test_organizations_are_the_one_that_the_credential_acts_in(acme: Organization, databasin: Databasin) -> None:
    assert databasin.get("/api/my/organizations") == [
        {
            "id": acme.id,
            "name": "Acme",
            "shortName": "Acme",
            "description": "",
            "createdDate": "2025-01-15T10:30:00Z",
            "enabled": True,
            "deleted": False,
        }
    ]


def shown(project: Project, owner: User) -> dict[str, Any]:
    return {
        "id": project.id,
        "internalId": project.internal_id,
        "internalID": project.internal_id,
        "name": project.name,
        "description": "",
        "institutionId": project.organization_id,
        "organizationId": project.organization_id,
        "organizationName": "Acme",
        "administratorId": owner.id,
        "createdDate": "2025-01-15T10:30:00Z",
        "deleted": False,
        "favorited": False,
    }


def test_projects_are_those_of_the_organisation(acme: Organization, cast: Cast, databasin: Databasin) -> None:
    accounts.create_project(organization=cast.globex, name="Theirs", internal_id="proj-theirs")
    assert databasin.get("/api/my/projects") == [shown(acme.projects.get(), cast.owner)]


def test_a_key_of_one_project_sees_that_one_alone(acme: Organization, cast: Cast, client_of: ClientOf) -> None:
    other = accounts.create_project(organization=acme, name="Other", internal_id="proj-other")
    shop = acme.projects.exclude(id=other.id).get()
    _, key = accounts.create_api_key(organization=acme, project=other, name="One", at=timezone.now())
    client = Databasin(client_of(key))
    assert [row["id"] for row in client.get("/api/my/projects")] == [other.id]
    assert [row["projectId"] for row in client.get("/api/my/account")["projectMemberships"]] == [other.id]
    assert client.get("/api/project/proj-other")["id"] == other.id
    for path in (f"/api/project/{shop.id}", "/api/project/proj-acme", "/api/project/proj-acme/users"):
        client.get(path, 404)


def test_a_project_is_known_by_its_number_and_its_internal_id(
    acme: Organization, cast: Cast, databasin: Databasin
) -> None:
    project = acme.projects.get()
    expected = shown(project, cast.owner)
    assert databasin.get(f"/api/project/{project.id}") == databasin.get("/api/project/proj-acme") == expected


@pytest.mark.parametrize("reference", ["0", "9" * 18, "9" * 19, "proj-none", "PROJ-ACME", "٣"])
def test_another_reference_is_404(reference: str, databasin: Databasin) -> None:
    assert databasin.get(f"/api/project/{reference}", 404) == {
        "error": "Not Found",
        "message": f"Project with ID {reference} not found",
        "status": 404,
    }


def test_users_are_the_members_who_may_sign_in(acme: Organization, cast: Cast, databasin: Databasin) -> None:
    User.objects.filter(id=cast.viewer.id).update(is_active=False)
    users = databasin.get("/api/project/proj-acme/users")
    assert [(user["id"], user["role"]) for user in users] == [(cast.owner.id, "owner"), (cast.editor.id, "user")]
    assert users[1] == {
        "id": cast.editor.id,
        "email": "edgar@acme.example",
        "firstName": "Edgar",
        "lastName": "Allan Poe",
        "enabled": True,
        "role": "user",
    }
