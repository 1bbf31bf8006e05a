"""The list of connections: narrowed by whose they are, what they lead to and how they stand; removed ones are gone."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from apps.accounts import services as accounts
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from tests.api.world import World, make_connection
from tests.conftest import Cast
from tests.console.conftest import SignIn

AT = datetime(2024, 2, 29, 12, tzinfo=UTC)
LIST = "/admin/connections/connection/"


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    """Of somebody who belongs to two organisations, with one connection in each state."""
    accounts.add_member(organization=cast.globex, user=cast.owner, role="viewer")
    project = accounts.create_project(organization=cast.acme, name="Sample", internal_id="proj-001")
    make_connection(cast.acme, "Untested")
    online, offline, off = (make_connection(cast.acme, name) for name in ("Online", "Offline", "Off"))
    Connection.objects.filter(pk=online.pk).update(project=project)
    online.refresh_from_db()
    connections.mark_online(connection=online, at=AT)
    connections.mark_offline(connection=offline, reason="No route there.", at=AT)
    connections.switch_off(connection=off)
    connections.create(
        organization_id=cast.globex.id,
        project_id=None,
        connector=connectors.connector("folder"),
        name="Files",
        values={"path": "."},
    )
    return desk(cast.owner)


def listed(client: Client, **asked: Any) -> set[str]:
    response = client.get(LIST, asked)
    assert response.status_code == 200
    return {str(row) for row in response.context["cl"].result_list}


def test_is_narrowed_by_state(client: Client) -> None:
    found = {state: listed(client, state=state) for state in ("online", "offline", "switched off", "not tested")}
    assert found == {
        "online": {"Online"},
        "offline": {"Offline"},
        "switched off": {"Off"},
        "not tested": {"Untested", "Files"},
    }


def test_is_narrowed_by_organisation_project_connector_and_category(client: Client, cast: Cast) -> None:
    project = cast.acme.projects.get()
    folder = connectors.connector("folder")
    assert listed(client, organization=cast.globex.pk) == {"Files"}
    assert listed(client, project__id__exact=project.pk) == {"Online"}
    assert listed(client, connector__id__exact=folder.pk) == {"Files"}
    assert listed(client, category="database") == {"Untested", "Online", "Offline", "Off"}
    assert listed(client, category="file store", state="online") == set()


def test_a_removed_one_is_gone_and_its_flows_say_so(cast: Cast, world: World, desk: SignIn) -> None:
    client = desk(cast.editor)
    connections.discard(connection=world.connection, at=AT)
    assert listed(client) == {"Spare"}
    assert client.get(f"{LIST}{world.connection.pk}/change/").status_code == 404
    for path in (f"flow/{world.flow.pk}", f"export/{world.export.pk}", f"import/{world.import_.pk}"):
        text = client.get(f"/admin/flows/{path}/change/").content.decode()
        assert "The connection &#x27;Shop&#x27; was removed" in text, path


def test_is_switched_off_and_on_again(cast: Cast, world: World, desk: SignIn) -> None:
    client, url = desk(cast.editor), f"{LIST}{world.connection.pk}/"
    client.post(f"{url}switch_off/")
    world.connection.refresh_from_db()
    assert (world.connection.is_enabled, world.connection.is_offline) == (False, True)
    assert "until it is switched on" in client.get(f"{url}change/").content.decode()
    client.post(f"{url}switch_on/")
    world.connection.refresh_from_db()
    assert (world.connection.is_enabled, world.connection.is_offline) == (True, False)
