import pytest

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.errors import Conflict, NotFound
from apps.flows.models import Export, Import


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
