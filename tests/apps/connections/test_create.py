import pytest

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connections.services import sealing
from apps.connectors.models import Connector
from apps.errors import Invalid
from tests.apps.connections.conftest import VALUES


def revealed(connection) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in sealing.unseal_secrets(connection).items()}


def test_keeps_settings_apart_from_secrets(create):
    connection = Connection.objects.get(id=create().id)
    assert connection.settings == {"host": "db.example", "outcome": "ok"}
    assert connection.shown == {"host": "db.example", "outcome": "ok", "password": "******", "token": "******"}
    assert revealed(connection) == {"password": "CANARY-1-password", "token": "CANARY-1-token"}
    assert not connection.is_offline


def test_no_column_holds_a_secret(create):
    row = Connection.objects.filter(id=create().id).values().get()
    assert "CANARY" not in repr(row)
    assert "CANARY" not in repr(create())


def test_seals_nothing_where_there_is_no_secret(create):
    connection = create("sqlite", path="shop.db")
    assert (connection.sealed, connection.shown) == ("", {"path": "shop.db"})


def test_two_connections_may_have_one_name(create):
    assert create(name="Same").uid != create(name="Same").uid


def test_refuses_what_the_driver_does_not_know_and_stores_nothing(create):
    with pytest.raises(Invalid) as refusal:
        create(hots="x", outcome="perhaps")
    assert [problem.field for problem in refusal.value.problems] == ["hots", "host", "outcome", "password"]
    assert not Connection.objects.exists()


def test_refuses_stars_for_a_secret_that_is_required(create):
    with pytest.raises(Invalid) as refusal:
        create(**VALUES | {"password": "******"})
    assert (refusal.value.field, refusal.value.code) == ("password", "missing_required_field")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\0b", "x" * 256, None, 7])
def test_refuses_an_unusable_name(create, name):
    with pytest.raises(Invalid) as refusal:
        create(name=name)
    assert refusal.value.field == "name"
    assert not Connection.objects.exists()


def test_takes_any_readable_name(create):
    assert create(name="Ünï\"👩‍👩‍👧'; --").name == "Ünï\"👩‍👩‍👧'; --"


def test_refuses_an_unusable_external_id(organization, sample):
    with pytest.raises(Invalid) as refusal:
        connections.create(
            organization_id=organization.id,
            project_id=None,
            connector=sample,
            name="n",
            values=VALUES,
            external_id="\0",
        )
    assert refusal.value.field == "external_id"


def test_refuses_a_connector_that_is_switched_off(organization, sample):
    Connector.objects.filter(id=sample.id).update(is_enabled=False)
    sample.refresh_from_db()
    with pytest.raises(Invalid) as refusal:
        connections.create(organization_id=organization.id, project_id=None, connector=sample, name="n", values=VALUES)
    assert refusal.value.code == "connector_disabled"
