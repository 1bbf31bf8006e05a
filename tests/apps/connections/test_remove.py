import pytest

from apps.connections import services as connections
from apps.connections.models import Connection, Metadata
from apps.connections.services.rotation import count_by_key
from apps.errors import Conflict, NotFound
from apps.flows.models import Export, Import
from apps.jobs.models import Schedule
from tests.apps.connections.conftest import AT


def test_removes_what_nothing_uses(create):
    connection = create()
    connections.remove(connection=connection)
    assert not Connection.objects.exists()


def test_refuses_to_remove_what_is_used_and_names_the_users(create):
    connection = create()
    shared = {"organization_id": connection.organization_id, "connection": connection}
    Export.objects.create(name="Orders", **shared)
    Import.objects.create(name="Stock", **shared)
    with pytest.raises(Conflict) as refusal:
        connections.remove(connection=connection)
    assert refusal.value.code == "in_use"
    assert refusal.value.message in {
        "The connection is used by export 'Orders' and import 'Stock'.",
        "The connection is used by import 'Stock' and export 'Orders'.",
    }
    assert Connection.objects.filter(id=connection.id).exists()


def test_names_no_more_than_five_users(create):
    connection = create()
    for number in range(7):
        Export.objects.create(name=f"E{number}", organization_id=connection.organization_id, connection=connection)
    with pytest.raises(Conflict) as refusal:
        connections.remove(connection=connection)
    assert refusal.value.message.endswith("and 2 more.")
    assert refusal.value.message.count("export") == 5


def test_what_is_gone_is_not_found(create):
    connection = create()
    connections.remove(connection=connection)
    connection.id = connection.id or 1
    with pytest.raises(NotFound):
        connections.remove(connection=connection)


def test_discards_what_nothing_uses(create):
    connections.discard(connection=create(), at=AT)
    assert not Connection.everything.exists()


def test_discards_what_is_used_and_keeps_nothing_but_its_name(create):
    connection = create()
    connections.change(connection=connection, may_query=True, details={"isPrivate": 1}, external_id="crm")
    Metadata.objects.create(connection=connection, is_current=True)
    shared = {"organization_id": connection.organization_id, "connection": connection}
    export = Export.objects.create(name="Orders", **shared)
    connections.discard(connection=connection, at=AT)
    assert not Connection.objects.exists()
    left = Export.objects.get(id=export.id).connection
    assert (left.name, left.removed_at, left.may_query, left.is_offline) == ("Main", AT, False, True)
    assert (left.sealed, left.settings, left.shown, left.details, left.external_id) == ("", {}, {}, {}, "")
    assert not Metadata.objects.exists()
    assert count_by_key().total() == 0


def test_what_was_discarded_is_not_found(create):
    connection = create()
    Export.objects.create(name="Orders", organization_id=connection.organization_id, connection=connection)
    connections.discard(connection=connection, at=AT)
    for act in (connections.remove, lambda connection: connections.discard(connection=connection, at=AT)):
        with pytest.raises(NotFound):
            act(connection=connection)


def test_schedules_pause_for_good_where_a_connection_was_discarded(create):
    gone, other = create(), create(name="Other")
    Export.objects.create(name="Orders", organization_id=gone.organization_id, connection=gone)
    schedule = Schedule.objects.create(
        organization_id=gone.organization_id,
        kind="flow",
        interval=60,
        subject_id=1,
        subject_uid="f",
        needs=[gone.uid, other.uid],
    )
    connections.discard(connection=gone, at=AT)
    schedule.refresh_from_db()
    assert schedule.paused_reason == "The connection 'Main' was removed."
    connections.switch_off(connection=other)
    connections.switch_on(connection=other, at=AT)
    schedule.refresh_from_db()
    assert schedule.paused_reason == "The connection 'Main' was removed."
