"""Keys that are confined to collections, and people whom a collection is closed to."""

from typing import Any

import pytest

from tests.api.conftest import snapshot
from tests.api.endpoint import Endpoint
from tests.api.endpoints import ENDPOINTS
from tests.api.sources.conftest import Sources
from tests.api.sources.endpoints import SOURCES
from tests.api.test_permissions import project_key
from tests.api.world import World
from tests.conftest import Cast, ClientOf

ELSEWHERE = [each for each in ENDPOINTS if each.scope and each not in SOURCES]
IN_COLLECTION = [each for each in SOURCES if each.has_row and "{spare_collection}" not in each.path]


def scope(world: World, name: str = "collection") -> str:
    return f"collection:{world.landed.uids[name]}"


@pytest.fixture
def elsewhere(cast: Cast, world: World, client_of: ClientOf) -> Any:
    """A client whose key is confined to another collection than that of the world's rows."""
    return client_of(cast.editor, scope(world, "spare_collection"))


def test_a_confined_key_reaches_nothing_of_the_other_dialects(cast: Cast, world: World, client_of: ClientOf) -> None:
    before = snapshot()
    for client in (client_of(cast.editor, scope(world)), client_of(cast.owner, "user")):
        for endpoint in ELSEWHERE:
            assert (str(endpoint), endpoint.call(client, world.uids).status_code) == (str(endpoint), 403)
    assert snapshot() == before


@pytest.mark.parametrize("endpoint", IN_COLLECTION, ids=str)
def test_a_key_of_another_collection_is_refused_and_changes_nothing(
    endpoint: Endpoint, world: World, elsewhere: Any
) -> None:
    before = snapshot()
    response = endpoint.call(elsewhere, world.uids)
    assert (response.status_code, response.json()["error"]) == (403, "forbidden")
    assert snapshot() == before


def test_a_key_of_a_collection_sees_what_is_in_it_and_makes_more(cast: Cast, world: World, client_of: ClientOf) -> None:
    sources = Sources(client_of(cast.editor, scope(world)))
    assert [row["name"] for row in sources.get("/collections")["collections"]] == ["Product docs"]
    assert sources.get("/source-connections")["total"] == 4
    sources.get(f"/source-connections/{world.landed.uids['source']}")
    body = {"collectionId": "product-docs", "sourceShortName": "push", "name": "More"}
    sources.post("/source-connections", body, 201)
    assert sources.post("/source-connections", body | {"collectionId": "spare"}, 403)["error"] == "forbidden"
    assert sources.get("/source-connections", 403, collectionId="spare")["error"] == "forbidden"
    assert sources.post("/collections", {"name": "Another"}, 403)["error"] == "forbidden"
    sources.get("/sources")


def test_a_key_may_be_of_several_collections_and_only_read(cast: Cast, world: World, client_of: ClientOf) -> None:
    sources = Sources(client_of(cast.editor, scope(world), scope(world, "spare_collection"), "read"))
    assert sources.get("/collections")["total"] == 2
    body = {"collectionId": "product-docs", "sourceShortName": "push", "name": "More"}
    sources.post("/source-connections", body, 403)
    sources.post(f"/source-connections/{world.landed.uids['source']}/run", {}, 403)


def test_another_organisations_collection_stays_not_there(cast: Cast, world: World, client_of: ClientOf) -> None:
    sources = Sources(client_of(cast.stranger, scope(world)))
    assert sources.get("/collections")["total"] == 0
    sources.get("/collections/product-docs", 404)
    sources.get(f"/source-connections/{world.landed.uids['source']}", 404)


def test_a_persons_key_reaches_the_collections_that_name_them(cast: Cast, world: World, client_of: ClientOf) -> None:
    editors = Sources(client_of(cast.editor, "user"))
    assert [row["name"] for row in editors.get("/collections")["collections"]] == ["Payroll"]
    assert editors.get("/collections/product-docs", 403)["error"] == "forbidden"
    editors.patch("/collections/payroll", {"description": "Wages."})
    owners = Sources(client_of(cast.owner, "user"))
    assert owners.get("/collections")["total"] == 0
    assert owners.get("/collections/payroll", 403)["error"] == "forbidden"


def test_the_organisations_scope_changes_nothing(cast: Cast, world: World, client_of: ClientOf) -> None:
    client = client_of(cast.editor, "organization")
    assert Sources(client).get("/collections")["total"] == 3
    assert client.get("/v1/flows").status_code == 200


def test_a_role_in_a_collection_narrows_and_never_widens(cast: Cast, world: World, client_of: ClientOf) -> None:
    """The viewer is a member as a viewer, and stays one whatever the collection calls them."""
    editors, viewers = Sources(client_of(cast.editor)), Sources(client_of(cast.viewer))
    for email, role in (("edgar@acme.example", "viewer"), ("vera@acme.example", "owner")):
        rows = editors.get("/collections/payroll/members")["members"]
        member = next(row["id"] for row in rows if row["email"] == email)
        Sources(client_of(cast.owner)).patch(f"/collections/payroll/members/{member}", {"role": role})
    assert editors.get("/collections/payroll")["success"] is True
    assert editors.patch("/collections/payroll", {"name": "Mine"}, 403)["error"] == "forbidden"
    assert viewers.patch("/collections/payroll", {"name": "Mine"}, 403)["error"] == "forbidden"
    assert viewers.get("/collections/payroll")["success"] is True


def test_a_key_of_one_project_sees_its_collections_alone(cast: Cast, world: World, client_of: ClientOf) -> None:
    sources = Sources(client_of(project_key(cast)))
    assert sources.get("/collections")["total"] == 0
    sources.get("/collections/product-docs", 404)
    made = sources.post("/collections", {"name": "Ours"}, 201)["collection"]
    body = {"collectionId": made["id"], "sourceShortName": "push", "name": "Pushed"}
    sources.post("/source-connections", body, 201)
    assert (sources.get("/collections")["total"], sources.get("/source-connections")["total"]) == (1, 1)


def test_a_sync_at_once_needs_the_right_to_run(cast: Cast, world: World, client_of: ClientOf) -> None:
    sources, before = Sources(client_of(cast.editor, "write")), snapshot()
    body = {"collectionId": "product-docs", "sourceShortName": "folder", "name": "Files", "sync": True}
    assert sources.post("/source-connections", body, 403)["error"] == "forbidden"
    assert snapshot() == before
