"""Organisations, members and people: who may name whom, and what is refused."""

import pytest

from apps.accounts.models import Membership, Organization, Role, User
from tests.conftest import PASSWORD, Cast
from tests.console.conftest import SignIn, errors


def test_an_operator_makes_an_organisation_and_lets_it_into_a_network(operator: User, desk: SignIn) -> None:
    client = desk(operator)
    client.post("/admin/accounts/organization/add/", {"name": "Initech", "allowed_networks": "10.0.0.0/8\n"})
    assert Organization.objects.get(name="Initech").allowed_networks == ["10.0.0.0/8"]
    response = client.post("/admin/accounts/organization/add/", {"name": "Hooli", "allowed_networks": "10.0.0.1/8"})
    assert set(errors(response)) == {"allowed_networks"}
    assert not Organization.objects.filter(name="Hooli").exists()


def test_a_name_that_is_taken_is_shown_at_its_field(operator: User, desk: SignIn) -> None:
    response = desk(operator).post("/admin/accounts/organization/add/", {"name": "Acme"})
    assert set(errors(response)) == {"name"}


def test_an_admin_names_a_member_by_email(cast: Cast, admin: User, desk: SignIn) -> None:
    values = {"organization": cast.acme.pk, "email": cast.stranger.email.upper(), "role": "editor"}
    assert desk(admin).post("/admin/accounts/membership/add/", values).status_code == 302
    assert Membership.objects.get(user=cast.stranger, organization=cast.acme).role == Role.EDITOR


@pytest.mark.parametrize(
    ("email", "role", "field"),
    [
        ("nobody@example.com", "viewer", "email"),
        ("vera@acme.example", "editor", "email"),
        ("stan@globex.example", "owner", "role"),
    ],
)
def test_an_admin_names_no_owner_and_nobody_twice(
    email: str, role: str, field: str, cast: Cast, admin: User, desk: SignIn
) -> None:
    values = {"organization": cast.acme.pk, "email": email, "role": role}
    response = desk(admin).post("/admin/accounts/membership/add/", values)
    assert set(errors(response)) == {field}
    assert not Membership.objects.filter(user=cast.stranger, organization=cast.acme).exists()


def test_an_admin_does_not_make_themselves_an_owner(cast: Cast, admin: User, desk: SignIn) -> None:
    mine = Membership.objects.get(user=admin)
    response = desk(admin).post(f"/admin/accounts/membership/{mine.pk}/change/", {"role": "owner"})
    assert set(errors(response)) == {"role"}
    mine.refresh_from_db()
    assert mine.role == Role.ADMIN


def test_the_last_owner_stays(cast: Cast, desk: SignIn) -> None:
    mine = Membership.objects.get(user=cast.owner)
    client = desk(cast.owner)
    response = client.post(f"/admin/accounts/membership/{mine.pk}/change/", {"role": "viewer"})
    assert response.context["adminform"].form.non_field_errors()
    client.post(f"/admin/accounts/membership/{mine.pk}/delete/", {"post": "yes"})
    mine.refresh_from_db()
    assert mine.role == Role.OWNER


def test_an_operator_makes_a_person(operator: User, desk: SignIn) -> None:
    client = desk(operator)
    weak = {"email": "nina@example.com", "password": "short", "is_staff": "on"}
    assert set(errors(client.post("/admin/accounts/user/add/", weak))) == {"password"}
    response = client.post("/admin/accounts/user/add/", {**weak, "password": PASSWORD})
    person = User.objects.get(email="nina@example.com")
    assert response["Location"] == f"/admin/accounts/user/{person.pk}/change/"
    assert (person.is_staff, person.is_superuser, person.check_password(PASSWORD)) == (True, False, True)


def test_the_last_operator_stays(operator: User, desk: SignIn) -> None:
    values = {"email": operator.email, "name": "Ophelia", "is_active": "on", "is_staff": "on"}
    response = desk(operator).post(f"/admin/accounts/user/{operator.pk}/change/", values)
    assert response.context["adminform"].form.non_field_errors()
    assert User.objects.get(pk=operator.pk).is_superuser


def test_an_address_that_is_taken_is_shown_at_its_field(operator: User, cast: Cast, desk: SignIn) -> None:
    values = {"email": cast.viewer.email, "name": "Olga", "is_active": "on"}
    response = desk(operator).post(f"/admin/accounts/user/{cast.owner.pk}/change/", values)
    assert set(errors(response)) == {"email"}


def test_an_operator_locks_a_person_out(operator: User, cast: Cast, desk: SignIn) -> None:
    values = {"email": cast.owner.email, "name": "Olga", "is_staff": "on"}
    desk(operator).post(f"/admin/accounts/user/{cast.owner.pk}/change/", values)
    assert not User.objects.get(pk=cast.owner.pk).is_active
