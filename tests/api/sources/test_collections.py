"""Collections by any of their three names, and their members."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.jobs.models import State
from apps.sources.models import Collection
from tests.api.conftest import snapshot
from tests.api.sources.conftest import Sources
from tests.api.sources.world import make_collection, make_run, make_source, make_stream, make_sync
from tests.api.world import World
from tests.conftest import Cast, ClientOf

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_is_made_from_a_name(sources: Sources) -> None:
    made = sources.post("/collections", {"name": "Support tickets"}, 201)["collection"]
    assert re.fullmatch("col_[0-9a-f]{24}", made.pop("id"))
    assert UUID.fullmatch(made.pop("uuid"))
    assert made.pop("createdAt") <= made.pop("updatedAt")
    assert made == {
        "readableId": "support-tickets",
        "name": "Support tickets",
        "description": "",
        "language": "english",
        "sourceConnections": 0,
        "records": 0,
        "members": 0,
    }


def test_two_of_one_name_have_readable_ids_of_their_own(sources: Sources) -> None:
    made = [sources.post("/collections", {"name": "Product docs"}, 201)["collection"] for _ in range(2)]
    assert [each["readableId"] for each in made] == ["product-docs-2", "product-docs-3"]


def test_is_known_by_its_id_its_uuid_and_its_readable_id(sources: Sources, world: World) -> None:
    shown = sources.get(f"/collections/{world.landed.uids['collection']}")["collection"]
    for reference in (shown["uuid"], shown["readableId"]):
        assert sources.get(f"/collections/{reference}")["collection"]["id"] == shown["id"]
        rows = sources.get("/source-connections", collectionId=reference)["sourceConnections"]
        assert {row["collectionId"] for row in rows} == {shown["id"]}
        body = {"collectionId": reference, "sourceShortName": "push", "name": "By another name"}
        assert sources.post("/source-connections", body, 201)["sourceConnection"]["collectionId"] == shown["id"]


def test_tells_how_much_is_in_it(sources: Sources, world: World) -> None:
    shown = sources.get("/collections/product-docs")["collection"]
    assert (shown["sourceConnections"], shown["records"], shown["members"]) == (4, 4, 0)


def test_lists_the_newest_first_and_in_part(sources: Sources, world: World) -> None:
    names = [row["name"] for row in sources.get("/collections")["collections"]]
    assert names == ["Spare", "Payroll", "Product docs"]
    part = sources.get("/collections", limit=1, offset=1)
    assert ([row["name"] for row in part["collections"]], part["total"]) == (["Payroll"], 3)


def test_lists_send_no_more_statements_for_more_rows(sources: Sources, world: World) -> None:
    def statements() -> list[int]:
        found = []
        for path in ("/collections", "/source-connections", f"/source-connections/{world.landed.uids['source']}/syncs"):
            with CaptureQueriesContext(connection) as captured:
                sources.get(path)
            found.append(len(captured))
        return found

    statements()  # with a caller who was seen in the last second, from here on
    few = statements()
    for number in range(3):
        collection = make_collection(world.organization, f"Collection {number}")
        make_stream(make_source(collection, "Docs"))
        make_run(make_sync(world.landed.source, State.COMPLETED), make_stream(world.landed.source, f"table_{number}"))
    assert statements() == few


def test_changes_its_name_and_keeps_its_readable_id(sources: Sources, world: World) -> None:
    changed = sources.patch("/collections/product-docs", {"name": "Help centre", "description": "All of it."})
    shown = changed["collection"]
    assert (shown["name"], shown["description"], shown["readableId"]) == ("Help centre", "All of it.", "product-docs")


def test_refuses_what_cannot_be_and_says_where(sources: Sources, world: World) -> None:
    before = snapshot()
    for body, field in (
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "x", "language": "klingon"}, "language"),
        ({"name": "x", "description": "x" * 10_001}, "description"),
        ({"name": ["x"]}, "name"),
    ):
        said = sources.post("/collections", body, 400)
        assert [detail["field"] for detail in said["details"]] == [field]
    assert sources.patch("/collections/product-docs", {"name": ""}, 400)["details"][0]["field"] == "name"
    assert snapshot() == before


def test_goes_with_all_that_is_in_it(sources: Sources, world: World) -> None:
    sources.post(
        f"/source-connections/{world.landed.uids['busy_source']}/syncs/{world.landed.uids['busy_sync']}/cancel"
    )
    assert sources.delete("/collections/product-docs") == {"success": True, "deletedRecords": 4}
    assert sources.get("/collections/product-docs", 404)["error"] == "not_found"
    assert sources.get("/source-connections")["total"] == 0
    assert sources.post("/collections", {"name": "Product docs"}, 201)["collection"]["readableId"] == "product-docs"


def test_an_empty_one_leaves_nothing_behind(sources: Sources, world: World) -> None:
    assert sources.delete(f"/collections/{world.landed.uids['spare_collection']}")["deletedRecords"] == 0
    assert not Collection.everything.filter(id=world.landed.spare_collection.id).exists()


def test_the_first_member_closes_it_to_others_but_not_to_who_did_it(
    cast: Cast, sources: Sources, world: World, client_of: ClientOf
) -> None:
    made = sources.post("/collections/product-docs/members", {"email": "VERA@acme.example", "role": "viewer"}, 201)
    member = made["member"]
    assert (member["email"], member["role"], member["userId"]) == ("vera@acme.example", "viewer", cast.viewer.uid)
    rows = sources.get("/collections/product-docs/members")["members"]
    assert [(row["email"], row["role"]) for row in rows] == [
        ("vera@acme.example", "viewer"),
        ("edgar@acme.example", "owner"),
    ]
    for user in (cast.owner, cast.editor, cast.viewer):
        Sources(client_of(user)).get("/collections/product-docs")
    path = f"/collections/product-docs/members/{member['id']}"
    assert sources.patch(path, {"role": "editor"})["member"]["role"] == "editor"
    assert sources.delete(path) == {"success": True}
    assert Sources(client_of(cast.viewer)).get("/collections/product-docs", 403)["error"] == "forbidden"


def test_lets_in_only_people_of_the_organisation_and_each_once(sources: Sources, world: World) -> None:
    path = "/collections/payroll/members"
    for email in ("stan@globex.example", "nobody@acme.example", "x"):
        assert sources.post(path, {"email": email}, 404)["message"] == "There is no such person in the organisation."
    assert sources.post(path, {"email": "edgar@acme.example"}, 409)["error"] == "already_member"
    assert sources.post(path, {"email": "olga@acme.example", "role": "king"}, 400)["details"][0]["field"] == "role"


def test_a_member_of_another_collection_is_not_there(sources: Sources, world: World) -> None:
    path = f"/collections/product-docs/members/{world.landed.uids['member']}"
    assert sources.patch(path, {"role": "viewer"}, 404)["message"] == "Member not found"
    sources.delete(path, 404)


def test_tells_what_removed_source_connections_left_and_clears_it(sources: Sources, world: World) -> None:
    collection, source = world.landed.uids["collection"], world.landed.uids["source"]
    name = sources.get(f"/source-connections/{source}")["sourceConnection"]["name"]
    left = sources.delete(f"/source-connections/{source}")
    assert left["retainedRecords"] > 0
    told = sources.get(f"/collections/{collection}")["collection"]["orphans"]
    assert told == [{"id": source, "name": name, "records": left["retainedRecords"]}]
    sources.get(f"/source-connections/{source}", 404)
    assert sources.delete(f"/source-connections/{source}/data")["deletedRecords"] == left["retainedRecords"]
    assert sources.get(f"/collections/{collection}")["collection"]["orphans"] == []
    sources.delete(f"/source-connections/{source}/data", 404)
