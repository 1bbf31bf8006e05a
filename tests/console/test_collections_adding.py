"""A new source connection: with a connection of its own, over one that is there, or for records that are pushed."""

import pytest
from django.test import Client

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.jobs.models import Job, Schedule
from apps.sources import services as sources
from apps.sources.models import SourceConnection
from tests.api.world import CANARY, make_connection
from tests.apps.sources.shop import AT, Shop
from tests.conftest import Cast
from tests.console.conftest import SignIn, errors

ADD = "/admin/sources/sourceconnection/add/"
BY_HAND = {"rhythm": "by hand", "timezone": "UTC"}


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.editor)


def existing(landed: Shop) -> Connection:
    return connections.create(
        organization_id=landed.organization.id,
        project_id=None,
        connector=connectors.connector("sqlite"),
        name="Files",
        values={"path": "shop.db"},
    )


def test_first_asks_where_records_come_from(client: Client, landed: Shop) -> None:
    text = client.get(f"{ADD}?collection={landed.collection.pk}").content.decode()
    for choice in ("postgresql", "sqlite", "push"):
        assert f"?connector={choice}&amp;collection={landed.collection.pk}" in text
    assert "connector=present" not in text
    existing(landed)
    assert "connector=present" in client.get(ADD).content.decode()


def test_connects_a_system_and_syncs_it(client: Client, landed: Shop) -> None:
    values = {**BY_HAND, "collection": landed.collection.pk, "name": "Shop", "setting_path": "shop.db"}
    response = client.post(f"{ADD}?connector=sqlite", values | {"tables": "orders", "is_synced": "on"})
    made = SourceConnection.objects.get()
    assert response["Location"] == f"/admin/sources/sourceconnection/{made.pk}/change/"
    assert (made.name, made.config, made.owns_connection) == ("Shop", {"tables": ["orders"]}, True)
    assert made.connection is not None
    assert made.connection.settings["path"] == "shop.db"
    assert Job.objects.get().kind == "source_sync"


def test_a_new_one_can_have_a_schedule_and_wait_for_it(client: Client, landed: Shop) -> None:
    values = {"rhythm": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin", "name": "Shop"}
    client.post(f"{ADD}?connector=sqlite", values | {"collection": landed.collection.pk, "setting_path": "shop.db"})
    assert (Schedule.objects.get().cron, Schedule.objects.get().timezone) == ("30 2 * * *", "Europe/Berlin")
    assert not Job.objects.exists()


def test_shows_what_is_wrong_at_its_field_and_no_secret(client: Client, landed: Shop) -> None:
    values = {**BY_HAND, "collection": landed.collection.pk, "name": "Shop", "setting_port": "5432"}
    values |= {"setting_database": "shop", "setting_user": "reader", "setting_password": CANARY}
    response = client.post(f"{ADD}?connector=postgresql", values | {"setting_sslmode": "prefer", "setting_host": ""})
    assert set(errors(response)) == {"setting_host"}
    assert CANARY not in response.content.decode()
    assert not SourceConnection.objects.exists()
    assert not Connection.objects.exists()


def test_reads_over_a_connection_that_is_there_and_leaves_it(client: Client, landed: Shop) -> None:
    connection = existing(landed)
    values = {**BY_HAND, "collection": landed.collection.pk, "connection": connection.pk, "name": "Shop"}
    client.post(f"{ADD}?connector=present", values)
    made = SourceConnection.objects.get()
    assert (made.connection, made.owns_connection) == (connection, False)
    sources.remove(source_connection=made, delete_data=True, at=AT)
    assert Connection.objects.get() == connection


def test_a_connection_of_its_own_goes_with_it(landed: Shop) -> None:
    sources.remove(source_connection=landed.connect(), delete_data=True, at=AT)
    assert not Connection.objects.exists()


def test_offers_and_takes_no_strangers_connection(cast: Cast, client: Client, landed: Shop) -> None:
    theirs = make_connection(cast.globex, "Globex vault")
    assert "Globex" not in client.get(f"{ADD}?connector=present").content.decode()
    values = {**BY_HAND, "collection": landed.collection.pk, "connection": theirs.pk, "name": "Shop"}
    assert set(errors(client.post(f"{ADD}?connector=present", values))) == {"connection"}
    assert not SourceConnection.objects.exists()


def test_uses_only_connections_of_the_collections_organisation(cast: Cast, desk: SignIn, landed: Shop) -> None:
    """Of somebody who reaches both."""
    theirs = make_connection(cast.globex, "Globex vault")
    cast.editor.memberships.create(organization=cast.globex, role="editor")
    values = {**BY_HAND, "collection": landed.collection.pk, "connection": theirs.pk, "name": "Shop"}
    response = desk(cast.editor).post(f"{ADD}?connector=present", values)
    assert errors(response) == {"connection": ["There is no such connection in the collection's organisation."]}
    assert not SourceConnection.objects.exists()


def test_makes_one_that_records_are_pushed_to(client: Client, landed: Shop) -> None:
    client.post(f"{ADD}?connector=push", {"collection": landed.collection.pk, "name": "Chats"})
    made = SourceConnection.objects.get()
    assert (made.name, made.connection) == ("Chats", None)
    text = client.get(f"/admin/sources/sourceconnection/{made.pk}/change/").content.decode()
    assert f"/api/v1/source-connections/sc_{made.uid}/records" in text


def test_is_for_editors(cast: Cast, desk: SignIn, landed: Shop) -> None:
    for address in (ADD, f"{ADD}?connector=push", f"{ADD}?connector=sqlite"):
        assert desk(cast.viewer).get(address).status_code == 403
