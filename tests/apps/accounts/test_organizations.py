import pytest

from apps.accounts import queries
from apps.accounts import services as accounts
from apps.accounts.models import Organization, Project, Role, User
from apps.errors import Conflict, Invalid, NotFound
from tests.conftest import PASSWORD, Cast


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "   "])
def test_an_organisation_needs_a_name(name: str) -> None:
    with pytest.raises(Invalid):
        accounts.create_organization(name=name)
    assert not Organization.objects.exists()


def test_two_organisations_never_share_a_name(cast: Cast) -> None:
    with pytest.raises(Conflict):
        accounts.create_organization(name="Acme")
    assert Organization.objects.count() == 2


@pytest.mark.parametrize("internal_id", ["", "12", "٣"])
def test_a_projects_id_is_never_all_digits(internal_id: str, cast: Cast) -> None:
    with pytest.raises(Invalid):
        accounts.create_project(organization=cast.acme, name="Web shop", internal_id=internal_id)
    assert not Project.objects.exists()


def test_a_projects_id_is_unique_in_its_organisation(cast: Cast) -> None:
    for organization in (cast.acme, cast.globex):
        accounts.create_project(organization=organization, name="Web shop", internal_id="web")
    with pytest.raises(Conflict):
        accounts.create_project(organization=cast.acme, name="Web shop", internal_id="web")
    assert Project.objects.count() == 2


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("no address", PASSWORD, "email"),
        ("olga@new.example", "xk7-qz", "password"),
        ("olga@new.example", "password123456", "password"),
        ("somebodyelse@new.example", "somebodyelse@new", "password"),
    ],
)
def test_refuses_an_address_or_a_password_that_will_not_do(email: str, password: str, field: str, cast: Cast) -> None:
    with pytest.raises(Invalid) as caught:
        accounts.create_user(email=email, password=password)
    assert caught.value.field == field
    assert password not in caught.value.message
    assert User.objects.count() == 4


def test_an_address_is_one_user_however_it_is_spelt(cast: Cast) -> None:
    with pytest.raises(Conflict):
        accounts.create_user(email="OLGA@acme.example", password=PASSWORD)
    assert User.objects.count() == 4


def test_a_member_has_the_role_given_last(cast: Cast) -> None:
    accounts.add_member(organization=cast.acme, user=cast.viewer, role=Role.EDITOR)
    assert cast.viewer.memberships.get().role == Role.EDITOR


def test_an_organisation_is_found_by_name_and_by_uid(cast: Cast) -> None:
    assert queries.organization("Acme") == queries.organization(cast.acme.uid) == cast.acme
    assert queries.organization(str(cast.acme.id)) == cast.acme
    with pytest.raises(NotFound):
        queries.organization("Initech")
