from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.models import ApiKey, Membership, Organization, User
from tests.conftest import Cast


def run(name: str, *arguments: str) -> str:
    output = StringIO()
    call_command(name, *arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


def test_create_api_key_prints_a_key_that_works_and_nothing_else(cast: Cast) -> None:
    value = run("create_api_key", "--organization", "Acme").removesuffix("\n")
    assert len(value) == 46
    response = Client(headers={"X-API-Key": value}).get("/v1/tokenInfo")
    assert response.json() == {"_userId": cast.owner.uid, "scope": "*"}


def test_create_api_key_takes_scopes_an_owner_a_name_and_an_end(cast: Cast) -> None:
    options = ("--scope", "read", "--scope", "run", "--name", "nightly", "--expires", "2099-01-31")
    run("create_api_key", "--organization", cast.acme.uid, "--owner", "VERA@acme.example", *options)
    key = ApiKey.objects.get()
    assert (key.owner, key.name, key.scopes) == (cast.viewer, "nightly", ["read", "run"])
    assert key.expires_at == datetime(2099, 1, 31, tzinfo=UTC)


def test_create_api_key_takes_how_far_it_reaches(cast: Cast) -> None:
    collection = f"collection:col_{'a' * 24}"
    run("create_api_key", "--organization", "Acme", "--scope", collection, "--scope", "user")
    assert ApiKey.objects.get().scopes == [collection, f"user:{cast.owner.uid}"]


@pytest.mark.parametrize(
    "options",
    [
        ("--organization", "Initech"),
        ("--organization", "Acme", "--scope", "everything"),
        ("--organization", "Acme", "--scope", "collection:docs"),
        ("--organization", "Acme", "--expires", "soon"),
        ("--organization", "Acme", "--expires", "2020-01-01"),
        ("--organization", "Acme", "--owner", "nobody@acme.example"),
    ],
)
def test_create_api_key_refuses(options: tuple[str, ...], cast: Cast) -> None:
    with pytest.raises(CommandError):
        run("create_api_key", *options)
    assert not ApiKey.objects.exists()


@pytest.mark.django_db
def test_create_owner_makes_a_person_and_an_organisation() -> None:
    password = run("create_owner", "ada@initech.example", "--organization", "Initech", "--operator").strip()
    membership = Membership.objects.select_related("user", "organization").get()
    user = membership.user
    assert (membership.organization.name, membership.role, user.email) == ("Initech", "owner", "ada@initech.example")
    assert user.check_password(password)
    assert (user.is_staff, user.is_superuser) == (True, True)


def test_create_owner_joins_an_organisation_that_is_there(cast: Cast) -> None:
    run("create_owner", "ada@acme.example", "--organization", "Acme")
    user = User.objects.get(email="ada@acme.example")
    assert user.memberships.get().organization == cast.acme
    assert (user.is_staff, user.is_superuser) == (True, False)


def test_create_owner_makes_nothing_when_the_person_exists(cast: Cast) -> None:
    with pytest.raises(CommandError):
        run("create_owner", "olga@acme.example", "--organization", "Initech")
    assert not Organization.objects.filter(name="Initech").exists()
