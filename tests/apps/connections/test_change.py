import pytest

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.errors import Invalid, NotFound
from apps.jobs.models import Schedule
from engine.errors import CredentialsError
from tests.apps.connections.conftest import NEW_KEY, VALUES
from tests.apps.connections.test_create import revealed

BOTH = {"password": "CANARY-1-password", "token": "CANARY-1-token"}


@pytest.fixture
def connection(create):
    return create()


@pytest.fixture
def schedule(connection):
    return Schedule.objects.create(
        organization_id=connection.organization_id,
        kind="flow",
        subject_id=1,
        subject_uid="f",
        interval=60,
        needs=[connection.uid],
    )


def test_changes_only_what_is_given(connection):
    changed = connections.change(connection=connection, name="Other", external_id="crm-1", document={"a": 1})
    stored = Connection.objects.get(id=connection.id)
    assert (stored.name, stored.external_id, stored.document) == ("Other", "crm-1", {"a": 1})
    assert (stored.settings, stored.shown, stored.sealed) == (connection.settings, connection.shown, connection.sealed)
    assert (changed.name, changed.updated_at) == (stored.name, stored.updated_at)


def test_merging_one_secret_keeps_the_other(connection):
    changed = connections.change(connection=connection, values={"token": "CANARY-2"})
    assert revealed(changed) == BOTH | {"token": "CANARY-2"}
    assert "CANARY" not in repr(changed.shown)


def test_stars_leave_the_secrets_sealed_as_they_are(connection):
    values = {"host": "db.example", "outcome": "config", "password": "******", "token": "******"}
    changed = connections.change(connection=connection, values=values, replace=True)
    assert changed.settings["outcome"] == "config"
    assert changed.sealed == connection.sealed


def test_replacing_erases_what_is_left_out(connection):
    values = {"host": "db.example", "password": "******"}
    changed = connections.change(connection=connection, values=values, replace=True)
    assert revealed(changed) == {"password": "CANARY-1-password"}
    assert changed.shown == {"host": "db.example", "outcome": "ok", "password": "******"}


def test_replacing_without_a_required_secret_is_refused_and_changes_nothing(connection):
    with pytest.raises(Invalid) as refusal:
        connections.change(connection=connection, values={"host": "db.example"}, replace=True)
    assert refusal.value.field == "password"
    assert Connection.objects.get(id=connection.id).sealed == connection.sealed


def test_another_host_clears_the_secrets_and_asks_for_them(connection, schedule):
    changed = connections.change(connection=connection, values={"host": "evil.example"})
    assert (changed.sealed, revealed(changed)) == ("", {})
    assert changed.shown == {"host": "evil.example", "outcome": "ok"}
    assert changed.is_offline
    assert changed.offline_reason == "Password and Token must be entered again: the connection leads elsewhere now."
    schedule.refresh_from_db()
    assert schedule.paused_reason == changed.offline_reason


def test_another_host_clears_a_secret_that_comes_as_stars(connection):
    changed = connections.change(connection=connection, values=VALUES | {"host": "evil.example", "token": "******"})
    assert revealed(changed) == {"password": "CANARY-1-password"}
    assert changed.offline_reason == "Token must be entered again: the connection leads elsewhere now."


def test_another_host_with_every_secret_is_simply_stored(connection, schedule):
    changed = connections.change(connection=connection, values={"host": "new.example", "password": "p2", "token": "t2"})
    assert revealed(changed) == {"password": "p2", "token": "t2"}
    assert (changed.is_offline, changed.offline_reason) == (False, "")
    schedule.refresh_from_db()
    assert schedule.paused_reason == ""


def test_cleared_secrets_do_not_come_back_with_the_old_host(connection):
    away = connections.change(connection=connection, values={"host": "evil.example"})
    back = connections.change(connection=away, values={"host": "db.example", "password": "******", "token": "******"})
    assert revealed(back) == {}
    assert back.is_offline


def test_a_connection_without_its_secrets_can_be_renamed(connection):
    away = connections.change(connection=connection, values={"host": "evil.example"})
    renamed = connections.change(connection=away, name="Other")
    assert (renamed.name, renamed.is_offline) == ("Other", True)


def test_a_stale_copy_of_the_row_does_not_bring_cleared_secrets_back(connection):
    connections.change(connection=connection, values={"host": "evil.example"})
    back = connections.change(connection=connection, values={"outcome": "config", "password": "p2"})
    assert back.settings["host"] == "evil.example"
    assert revealed(back) == {"password": "p2"}


def test_unreadable_secrets_can_be_replaced_but_not_mixed(connection, settings):
    settings.SEALING_KEYS = [NEW_KEY]
    with pytest.raises(CredentialsError) as refusal:
        connections.change(connection=connection, values={"token": "t2"})
    assert refusal.value.code == "credentials_unreadable"
    assert Connection.objects.get(id=connection.id).sealed == connection.sealed
    changed = connections.change(connection=connection, values={"password": "p2", "token": "t2"})
    assert revealed(changed) == {"password": "p2", "token": "t2"}


def test_a_connection_that_is_gone_is_not_found(connection):
    Connection.objects.all().delete()
    with pytest.raises(NotFound):
        connections.change(connection=connection, name="Other")


def test_a_refused_name_changes_nothing(connection):
    with pytest.raises(Invalid):
        connections.change(connection=connection, name="", values={"outcome": "config"})
    assert Connection.objects.get(id=connection.id).settings == connection.settings
