"""A connection's form: what the driver asks for; secrets go in and never come out."""

import pytest
from django.test import Client

from apps.accounts import services as accounts
from apps.accounts.models import Role, User
from apps.connections.models import Connection
from apps.connections.services import sealing
from tests.api.world import CANARY, World
from tests.conftest import Cast
from tests.console.conftest import SignIn, errors

CONNECTION = {
    "setting_host": "db.example",
    "setting_port": "5432",
    "setting_database": "shop",
    "setting_user": "reader",
}
CONNECTION |= {"setting_sslmode": "prefer", "setting_ca_certificate": ""}


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.editor)


def secret(connection: Connection) -> str:
    connection.refresh_from_db()
    return sealing.unseal_secrets(connection)["password"].reveal()


def test_connects_to_a_system_of_the_chosen_kind(cast: Cast, client: Client) -> None:
    values = {**CONNECTION, "organization": cast.acme.pk, "name": "Shop", "setting_password": CANARY}
    response = client.post("/admin/connections/connection/add/?connector=postgresql", values)
    connection = Connection.objects.get()
    assert response.status_code == 302
    assert connection.connector.name == "postgresql"
    assert (connection.settings["host"], connection.settings["port"]) == ("db.example", 5432)
    assert CANARY not in str(connection.settings)
    assert secret(connection) == CANARY


def test_first_asks_which_system(client: Client) -> None:
    page = client.get("/admin/connections/connection/add/").content.decode()
    assert [f"?connector={name}" in page for name in ("postgresql", "mysql", "mariadb", "sqlite")] == [True] * 4
    assert 'name="name"' not in page


def test_a_missing_setting_is_shown_at_its_field(cast: Cast, client: Client) -> None:
    values = {**CONNECTION, "organization": cast.acme.pk, "name": "Shop", "setting_host": ""}
    response = client.post("/admin/connections/connection/add/?connector=postgresql", values)
    assert set(errors(response)) == {"setting_host"}
    assert not Connection.objects.exists()


def test_an_empty_password_stays_as_it_is(client: Client, world: World) -> None:
    values = {**CONNECTION, "name": "Renamed"}
    client.post(f"/admin/connections/connection/{world.connection.pk}/change/", values)
    assert secret(world.connection) == CANARY
    assert world.connection.name == "Renamed"


def test_a_typed_password_replaces_the_old_one(client: Client, world: World) -> None:
    values = {**CONNECTION, "name": "Shop", "setting_password": "another one"}
    client.post(f"/admin/connections/connection/{world.connection.pk}/change/", values)
    assert secret(world.connection) == "another one"


def test_a_password_can_be_removed(client: Client, world: World) -> None:
    values = {**CONNECTION, "name": "Shop", "setting_password-remove": "on"}
    client.post(f"/admin/connections/connection/{world.connection.pk}/change/", values)
    world.connection.refresh_from_db()
    assert world.connection.sealed == ""


def test_says_that_another_host_cleared_the_password(client: Client, world: World) -> None:
    values = {**CONNECTION, "name": "Shop", "setting_host": "other.example"}
    page = client.post(f"/admin/connections/connection/{world.connection.pk}/change/", values, follow=True)
    assert "Password must be entered again" in page.content.decode()
    world.connection.refresh_from_db()
    assert world.connection.is_offline


def test_the_history_names_fields_and_no_value(client: Client, world: World) -> None:
    values = {**CONNECTION, "name": "Shop", "setting_password": "planted-secret", "setting_user": "planted-user"}
    client.post(f"/admin/connections/connection/{world.connection.pk}/change/", values)
    page = client.get(f"/admin/connections/connection/{world.connection.pk}/history/").content.decode()
    assert "Password" in page
    assert "planted" not in page


def test_an_admin_allows_queries_and_is_warned(cast: Cast, admin: User, desk: SignIn, world: World) -> None:
    client, url = desk(admin), f"/admin/connections/connection/{world.connection.pk}/change/"
    assert "can then read through the API" in client.get(url).content.decode()
    client.post(url, {**CONNECTION, "name": "Shop", "may_query": "on"})
    world.connection.refresh_from_db()
    assert world.connection.may_query
    assert "Callers may run SQL of their own over it." in client.get(url).content.decode()
    client.post(url, {**CONNECTION, "name": "Shop"})
    world.connection.refresh_from_db()
    assert not world.connection.may_query


def test_an_editor_neither_allows_queries_nor_forbids_them(cast: Cast, client: Client, world: World) -> None:
    url = f"/admin/connections/connection/{world.connection.pk}/change/"
    assert 'name="may_query"' not in client.get(url).content.decode()
    for is_allowed in (False, True):
        Connection.objects.filter(pk=world.connection.pk).update(may_query=is_allowed)
        client.post(url, {**CONNECTION, "name": "Shop", "may_query": "" if is_allowed else "on"})
        world.connection.refresh_from_db()
        assert world.connection.may_query is is_allowed


def test_nobody_allows_queries_where_they_are_no_admin(cast: Cast, admin: User, desk: SignIn) -> None:
    accounts.add_member(organization=cast.globex, user=admin, role=Role.EDITOR)
    values = {**CONNECTION, "organization": cast.globex.pk, "name": "Shop", "may_query": "on"}
    response = desk(admin).post("/admin/connections/connection/add/?connector=postgresql", values)
    assert errors(response) == {"may_query": ["This is for owners and admins of Globex."]}
    assert not Connection.objects.exists()
