"""Each request of the seed's chapters on connectors, and what may be said beside them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.connections.models import Connection
from apps.errors import Conflict
from apps.flows import services as flows
from apps.jobs.models import Schedule
from tests.api.conftest import snapshot
from tests.api.databasin.conftest import Databasin
from tests.api.world import World, make_world
from tests.conftest import PASSWORD, Cast, ClientOf

SECRET = "CANARY-4411-password"
LISTED = {
    "connectorID": int,
    "connectorName": str,
    "connectorType": str,
    "connectorHost": str,
    "connectorPort": str,
    "connectorDatabaseName": str,
    "institutionID": int,
    "internalID": str,
    "ownerID": int,
    "active": bool,
    "createdDate": str,
    "lastModifiedDate": str,
}
ALONE = LISTED | {"connectorUsername": str, "connectorAuthType": int, "connectorMaxConnections": int}
FORWARD = {"connectorSubType", "isActive", "connectorHealthStatus", "status", "createdAt", "updatedAt"}
OFF = "The connection 'Shop' is switched off."


@pytest.fixture
def sample(cast: Cast, world: World) -> dict[str, Any]:
    """The seed's request, with the ids of this organisation."""
    return {
        "connectorName": "Production MySQL",
        "connectorType": "RDBMS",
        "connectorHost": "mysql.example.com",
        "connectorPort": "3306",
        "connectorDatabaseName": "analytics",
        "connectorUsername": "databasin_user",
        "connectorPassword": SECRET,
        "connectorAuthType": 2,
        "institutionID": cast.acme.id,
        "internalID": world.project.internal_id,
        "ownerID": cast.viewer.id,
    }


def create(databasin: Databasin, body: dict[str, Any], **more: Any) -> int:
    made = databasin.post("/api/connector", body | more)
    return int(made["connectorID"])


def typed(answer: dict[str, Any], keys: dict[str, type]) -> dict[str, type]:
    return {key: type(answer[key]) for key in keys}


def test_creates_as_the_seed_shows(databasin: Databasin, sample: dict[str, Any]) -> None:
    made = databasin.post("/api/connector", sample)
    assert type(made["connectorID"]) is int
    assert (made["message"], made["status"]) == ("Connector created successfully", "success")
    del sample["connectorPassword"]
    assert sample.items() <= made.items()
    row = Connection.objects.get(id=made["connectorID"])
    assert (row.connector.name, row.may_query, SECRET in str(made)) == ("mysql", False, False)


def test_lists_as_the_seed_shows(databasin: Databasin, sample: dict[str, Any], world: World) -> None:
    number = create(databasin, sample)
    rows = databasin.get("/api/connector")
    assert [row["connectorID"] for row in rows] == sorted((row["connectorID"] for row in rows), reverse=True)
    assert len(rows) == 3
    assert all(typed(row, LISTED) == LISTED and set(row) >= FORWARD for row in rows)
    assert (rows[0]["connectorID"], rows[0]["connectorSubType"], rows[0]["isActive"]) == (number, "MySQL", 1)
    assert (rows[0]["status"], rows[0]["connectorHealthStatus"]) == ("active", "pending")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", rows[0]["createdDate"])
    assert [row["internalID"] for row in rows] == [world.project.internal_id, "", ""]


def test_gets_as_the_seed_shows(databasin: Databasin, sample: dict[str, Any]) -> None:
    answer = databasin.get(f"/api/connector/{create(databasin, sample)}")
    assert typed(answer, ALONE) == ALONE
    assert set(answer) >= FORWARD
    assert (answer["connectorMaxConnections"], answer["connectorAuthType"]) == (8, 2)
    assert answer["configuration"] == {
        "host": "mysql.example.com",
        "port": 3306,
        "database": "analytics",
        "username": "databasin_user",
        "sslmode": "prefer",
    }


def test_updates_as_the_seed_shows(databasin: Databasin, sample: dict[str, Any]) -> None:
    number = create(databasin, sample)
    before = databasin.get(f"/api/connector/{number}")
    sealed = Connection.objects.get(id=number).sealed
    body = {
        "connectorName": "Production MySQL - Updated",
        "connectorPassword": "new_secure_password",
        "connectorMaxConnections": 16,
    }
    answer = databasin.put(f"/api/connector/{number}", body)
    assert (answer["connectorID"], answer["message"]) == (number, "Connector updated successfully")
    assert (answer["status"], answer["connectorName"]) == ("success", body["connectorName"])
    changed = {"connectorName": body["connectorName"], "connectorMaxConnections": 16}
    after = databasin.get(f"/api/connector/{number}")
    moved = {"lastModifiedDate", "updatedAt"}
    assert {key: after[key] for key in after if key not in moved} == {
        key: value for key, value in (before | changed).items() if key not in moved
    }
    assert Connection.objects.get(id=number).sealed != sealed


def test_a_document_can_be_read_changed_and_sent_whole(databasin: Databasin, sample: dict[str, Any]) -> None:
    made = databasin.post("/api/connector", sample | {"connectorAdditionalDetails": "ssl=true&x=1 2&pool=a%26b"})
    assert made["connectorAdditionalDetails"] == "sslmode=require&x=1 2&pool=a%26b"
    sealed = Connection.objects.get(id=made["connectorID"]).sealed
    answer = databasin.put("/api/connector", made | {"connectorHost": "db.example", "institutionID": 0})
    unchanged = set(made) - {"connectorHost", "configuration", "message", "updatedAt", "lastModifiedDate"}
    unchanged -= {"active", "isActive", "connectorHealthStatus", "statusMessage"}
    assert {key: answer[key] for key in unchanged} == {key: made[key] for key in unchanged}
    assert (answer["connectorHost"], answer["configuration"]["host"]) == ("db.example", "db.example")
    # the password was entered for another host
    assert (answer["active"], "must be entered again" in answer["statusMessage"]) == (False, True)
    assert Connection.objects.get(id=made["connectorID"]).sealed != sealed


@pytest.mark.parametrize("password", ["", "******"])
def test_an_empty_password_is_not_a_new_one(password: str, databasin: Databasin, sample: dict[str, Any]) -> None:
    number = create(databasin, sample)
    sealed = Connection.objects.get(id=number).sealed
    databasin.put(f"/api/connector/{number}", {"connectorPassword": password, "connectorName": "Other"})
    assert Connection.objects.get(id=number).sealed == sealed
    databasin.put(f"/api/connector/{number}", {"connectorPassword": None})
    assert Connection.objects.get(id=number).sealed == ""


def test_deletes_as_the_seed_shows(databasin: Databasin, sample: dict[str, Any]) -> None:
    number = create(databasin, sample)
    deleted = {"message": "Connector deleted successfully", "status": "success"}
    assert databasin.delete(f"/api/connector/{number}") == deleted
    missing = databasin.get(f"/api/connector/{number}", 404)
    assert missing == {"error": "Not Found", "message": f"Connector with ID {number} not found", "status": 404}
    assert not Connection.everything.filter(id=number).exists()
    number = create(databasin, sample)
    assert databasin.delete("/api/connector", {"connectorID": str(number)}) == deleted
    assert databasin.delete("/api/connector", {"connectorID": number}, 404)["error"] == "Not Found"


def test_pipelines_that_use_a_deleted_connector_fail(databasin: Databasin, world: World) -> None:
    databasin.delete(f"/api/connector/{world.connection.id}")
    assert [row["connectorName"] for row in databasin.get("/api/connector")] == ["Spare"]
    assert set(Schedule.objects.values_list("paused_reason", flat=True)) == {"The connection 'Shop' was removed."}
    for method in (databasin.get, databasin.put, databasin.delete):
        method(f"/api/connector/{world.connection.id}", status=404)
    export = databasin.client.get(f"/v1/exports/{world.export.uid}")
    assert export.json()["_connectionId"] == world.connection.uid


@pytest.mark.django_db(transaction=True)
def test_a_run_over_a_deleted_connector_says_what_is_missing(databasin: Databasin, world: World, run_jobs: Any) -> None:
    databasin.delete(f"/api/connector/{world.connection.id}")
    with pytest.raises(Conflict, match="was removed"):
        flows.run_flow(flow=world.flow, at=timezone.now())
    run_jobs()
    world.queued.refresh_from_db()
    assert (world.queued.state, world.queued.error_code) == ("failed", "unknown_connection")


# What a list may be narrowed to


def test_lists_those_of_a_project(databasin: Databasin, sample: dict[str, Any], world: World) -> None:
    number = create(databasin, sample)
    for project in (world.project.internal_id, world.project.id):
        rows = databasin.get("/api/connector", institutionID=sample["institutionID"], internalID=project)
        assert [row["connectorID"] for row in rows] == [number]
    assert len(databasin.get("/api/connector", institutionID=sample["institutionID"])) == 3
    assert len(databasin.get("/api/connector", institutionID=0, internalID="")) == 3


def test_lists_a_part_where_that_is_asked_for(databasin: Databasin, sample: dict[str, Any]) -> None:
    numbers = [create(databasin, sample), *(row.id for row in Connection.objects.filter(name__in=("Shop", "Spare")))]
    numbers.sort(reverse=True)
    for query, expected in [
        ({"limit": 2}, numbers[:2]),
        ({"limit": 2, "offset": 1}, numbers[1:]),
        ({"offset": 2}, numbers[2:]),
        ({"limit": 0}, []),
    ]:
        assert [row["connectorID"] for row in databasin.get("/api/connector", **query)] == expected
    rows = databasin.get("/api/connector", fields="connectorID, connectorUsername,colour")
    assert rows[0] == {"connectorID": numbers[0], "connectorUsername": "databasin_user"}


@pytest.mark.parametrize("query", [{"limit": "many"}, {"offset": -1}, {"institutionID": "Acme"}])
def test_refuses_a_filter_that_is_no_number(query: dict[str, Any], databasin: Databasin) -> None:
    assert databasin.get("/api/connector", 400, **query)["error"] == "Bad Request"


def test_shows_five_thousand_in_one_answer(
    databasin: Databasin, world: World, django_assert_max_num_queries: Any
) -> None:
    row = world.connection
    Connection.objects.bulk_create(
        Connection(organization=row.organization, connector=row.connector, name=f"C{i}", settings=row.settings)
        for i in range(5_000)
    )
    with django_assert_max_num_queries(3):
        assert len(databasin.get("/api/connector")) == 5_002


# Switching off


def test_switches_off_and_on(databasin: Databasin, world: World) -> None:
    path = f"/api/connector/{world.connection.id}"
    for off, on in [({"active": False}, {"active": True}), ({"isActive": 0}, {"isActive": 1})]:
        answer = databasin.put(path, off)
        assert (answer["active"], answer["isActive"], answer["connectorHealthStatus"]) == (False, 0, "inactive")
        with pytest.raises(Conflict, match=OFF):
            flows.run_flow(flow=world.flow, at=timezone.now())
        assert set(Schedule.objects.values_list("paused_reason", flat=True)) == {"The connection is switched off."}
        assert databasin.put(path, on)["isActive"] == 1
        assert set(Schedule.objects.values_list("paused_reason", flat=True)) == {""}
    assert databasin.put(path, {"status": "inactive"})["active"] is False
    assert databasin.get(path)["status"] == "inactive"


def test_can_be_made_switched_off(databasin: Databasin, sample: dict[str, Any]) -> None:
    assert databasin.post("/api/connector", sample | {"active": False})["connectorHealthStatus"] == "inactive"


@pytest.mark.parametrize("said", [{"status": "sleeping"}, {"active": "no"}, {"active": True, "isActive": 0}])
def test_refuses_a_state_that_there_is_not(said: dict[str, Any], databasin: Databasin, sample: dict[str, Any]) -> None:
    before = Connection.objects.count()
    assert databasin.post("/api/connector", sample | said, 400)["status"] == 400
    assert Connection.objects.count() == before


# Whose it is


def test_what_a_template_leaves_empty_is_the_callers(databasin: Databasin, cast: Cast, sample: dict[str, Any]) -> None:
    made = databasin.post("/api/connector", sample | {"institutionID": 0, "internalID": "", "ownerID": 0})
    assert (made["institutionID"], made["internalID"], made["ownerID"]) == (cast.acme.id, "", cast.editor.id)


def test_an_owner_who_is_no_member_is_the_caller(databasin: Databasin, cast: Cast, sample: dict[str, Any]) -> None:
    made = databasin.post("/api/connector", sample | {"ownerID": cast.stranger.id})
    assert made["ownerID"] == cast.editor.id
    changed = databasin.put(f"/api/connector/{made['connectorID']}", {"ownerID": cast.viewer.id})
    assert changed["ownerID"] == cast.viewer.id
    assert databasin.put("/api/connector", changed | {"ownerID": cast.stranger.id})["ownerID"] == cast.viewer.id


def test_the_other_organisations_ids_are_404s_and_change_nothing(
    databasin: Databasin, cast: Cast, world: World, sample: dict[str, Any]
) -> None:
    theirs = make_world(cast.globex)
    number, before = theirs.connection.id, snapshot()
    institution, project = {"institutionID": cast.globex.id}, {"internalID": theirs.project.internal_id}
    for query in (institution, project, {"internalID": theirs.project.id}):
        databasin.get("/api/connector", 404, **query)
        databasin.post("/api/connector", sample | query, 404)
        databasin.put(f"/api/connector/{world.connection.id}", query, 404)
    for body in ({"connectorID": number}, {"connectorID": str(number)}):
        databasin.put("/api/connector", {**body, "connectorName": "Mine"}, 404)
        databasin.delete("/api/connector", body, 404)
        databasin.post("/api/connector/test", body, 404)
    assert snapshot() == before


def test_a_key_of_one_project_writes_into_that_project(
    cast: Cast, world: World, client_of: ClientOf, sample: dict[str, Any]
) -> None:
    _, value = accounts.create_api_key(
        organization=cast.acme, owner=cast.editor, project=world.project, name="p", at=timezone.now()
    )
    databasin = Databasin(client_of(value))
    other = accounts.create_project(organization=cast.acme, name="Other", internal_id="other")
    assert databasin.get("/api/connector") == []
    databasin.get(f"/api/connector/{world.connection.id}", 404)
    made = databasin.post("/api/connector", sample | {"internalID": ""})
    assert made["internalID"] == world.project.internal_id
    databasin.post("/api/connector", sample | {"internalID": other.internal_id}, 404)
    databasin.put(f"/api/connector/{made['connectorID']}", {"internalID": other.internal_id}, 404)
    assert [row["connectorID"] for row in databasin.get("/api/connector")] == [made["connectorID"]]


def test_moves_into_another_project(databasin: Databasin, cast: Cast, sample: dict[str, Any]) -> None:
    other = accounts.create_project(organization=cast.acme, name="Other", internal_id="other")
    number = create(databasin, sample)
    assert databasin.put(f"/api/connector/{number}", {"internalID": "other"})["internalID"] == "other"
    assert Connection.objects.get(id=number).project_id == other.id


def test_only_owners_and_admins_allow_queries(
    databasin: Databasin, cast: Cast, client_of: ClientOf, world: World
) -> None:
    path, before = f"/api/connector/{world.connection.id}", snapshot()
    refusal = databasin.put(path, {"allowQuery": True}, 403)
    assert refusal["message"].startswith("Only owners and admins may allow queries")
    Databasin(client_of(cast.owner)).put(path, {"allowQuery": True}, 403)  # a key has no more than an editor
    assert snapshot() == before
    login = {"email": cast.owner.email, "password": PASSWORD}
    token = databasin.post("/api/token", login)["access"]
    assert Databasin(client_of(token)).put(path, {"allowQuery": True})["allowQuery"] is True
    assert databasin.put(path, {"allowQuery": True, "connectorName": "Kept"})["allowQuery"] is True
    assert databasin.put(path, {"allowQuery": False})["allowQuery"] is False
    assert databasin.put(path, {"allowQuery": "yes"}, 400)["message"] == "allowQuery must be true or false."


# The other dialects and the console show the same


def test_shows_what_other_dialects_made(databasin: Databasin, cast: Cast) -> None:
    body = {"name": "Shop", "type": "rdbms", "rdbms": {"type": "mariadb", "host": "h", "user": "u", "password": SECRET}}
    made = databasin.client.post("/v1/connections", body, content_type="application/json").json()
    number = Connection.objects.get(uid=made["_id"]).id
    answer = databasin.get(f"/api/connector/{number}")
    assert (answer["connectorType"], answer["connectorSubType"], answer["connectorPort"]) == (
        "RDBMS",
        "MariaDB",
        "3306",
    )
    assert (answer["ownerID"], answer["connectorDatabaseName"], SECRET in str(answer)) == (
        cast.editor.id,
        "",
        False,
    )


def test_the_console_shows_what_is_made_here_and_the_other_way_round(
    databasin: Databasin, cast: Cast, sample: dict[str, Any]
) -> None:
    User.objects.filter(pk=cast.owner.pk).update(is_staff=True)
    desk = Client()
    desk.force_login(User.objects.get(pk=cast.owner.pk))
    number = create(databasin, sample)
    page = desk.get(f"/admin/connections/connection/{number}/change/").content.decode()
    assert all(part in page for part in ("Production MySQL", "mysql.example.com", "databasin_user"))
    assert SECRET not in page
    form = {"organization": cast.acme.pk, "name": "Till", "setting_path": "till.db"}
    desk.post("/admin/connections/connection/add/?connector=sqlite", form)
    made = databasin.get("/api/connector")[0]
    assert (made["connectorName"], made["connectorSubType"]) == ("Till", "SQLite")
    assert made["connectorDatabaseName"] == "till.db"


def test_other_dialects_show_what_is_made_here_and_keep_what_it_says(
    databasin: Databasin, sample: dict[str, Any]
) -> None:
    made = databasin.post("/api/connector", sample | {"connectorMaxConnections": 16, "isPrivate": 1})
    uid = Connection.objects.get(id=made["connectorID"]).uid
    theirs = databasin.client.get(f"/v1/connections/{uid}").json()
    assert theirs["rdbms"] == {
        "type": "mysql",
        "host": "mysql.example.com",
        "port": 3306,
        "database": "analytics",
        "user": "databasin_user",
        "password": "******",
        "sslmode": "prefer",
    }
    assert not {"isPrivate", "connectorMaxConnections", "details"} & set(theirs)
    sent = {"name": "Renamed", "type": "rdbms", "rdbms": theirs["rdbms"]}
    databasin.client.put(f"/v1/connections/{uid}", sent, content_type="application/json")
    answer = databasin.get(f"/api/connector/{made['connectorID']}")
    assert (answer["connectorName"], answer["connectorMaxConnections"], answer["isPrivate"]) == ("Renamed", 16, 1)


def test_a_modified_connector_shows_its_moment(databasin: Databasin, sample: dict[str, Any]) -> None:
    number = create(databasin, sample)
    Connection.objects.filter(id=number).update(created_at=timezone.now() - timedelta(days=1))
    answer = databasin.put(f"/api/connector/{number}", {"connectorName": "Later"})
    assert answer["createdDate"] < answer["lastModifiedDate"] == answer["updatedAt"]
