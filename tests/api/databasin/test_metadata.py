"""What is kept of a connector's system: how it is listed, how old it is, and what is refused."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.connections.models import Connection, Metadata, MetadataSchema, MetadataTable
from apps.jobs.models import Job
from tests.api.databasin.conftest import Databasin
from tests.api.world import World, make_column, make_world
from tests.conftest import Cast


@pytest.fixture
def kept(world: World) -> Metadata:
    """Of the connector "Spare": the one table `shop.public.orders`."""
    return Metadata.objects.select_related("connection").get(connection__organization=world.organization)


def path(kept: Metadata, rest: str) -> str:
    return f"/api/connector/{kept.connection_id}/{rest}"


def put(kept: Metadata, name: str, *columns: dict[str, Any], **values: Any) -> None:
    """A table of `shop.public`, unless `values` say otherwise."""
    usual = {"catalog": "shop", "schema": "public", "kind": "table"}
    MetadataTable.objects.create(metadata=kept, name=name, columns=list(columns), **usual | values)


def refreshes() -> int:
    return Job.objects.filter(kind="metadata_refresh").count()


def test_an_answer_tells_how_old_it_is(databasin: Databasin, kept: Metadata) -> None:
    Metadata.objects.filter(id=kept.id).update(created_at=timezone.now() - timedelta(seconds=90))
    kept.refresh_from_db()
    response = databasin.client.get(path(kept, "tables"))
    assert 90 <= int(response["Age"]) < 120
    assert response["X-Metadata-Refreshed-At"] == f"{kept.created_at:%Y-%m-%dT%H:%M:%SZ}"
    assert not Job.objects.filter(kind__startswith="metadata").exists()


def test_a_table_says_what_the_seed_shows(databasin: Databasin, kept: Metadata) -> None:
    put(kept, "big", kind="materialized view", rows=3_000_000_000, bytes=2**40, comment="A sum")
    assert databasin.get(path(kept, "tables"))[1] == {
        "tableName": "big",
        "tableType": "MATERIALIZED VIEW",
        "rowCount": 3_000_000_000,
        "sizeInBytes": 2**40,
        "schemaName": "public",
        "catalogName": "shop",
        "description": "A sum",
    }


@pytest.mark.parametrize(
    ("native", "shown"),
    [
        ("int", "INT"),
        ("int(11) unsigned", "INT UNSIGNED"),
        ("tinyint(1)", "TINYINT(1)"),
        ("tinyint(4)", "TINYINT"),
        ("character varying(255)", "VARCHAR(255)"),
        ("varchar(255) collate utf8mb4_bin", "VARCHAR(255)"),
        ("character(3)", "CHAR(3)"),
        ("double precision", "DOUBLE PRECISION"),
        ("timestamp without time zone", "TIMESTAMP WITHOUT TIME ZONE"),
        ("enum('small','It''s')", "ENUM('small','It''s')"),
        ("public.mood", "public.mood"),
        ('"Sales"."Kind"[]', '"Sales"."Kind"[]'),
        ("", "INTEGER"),
    ],
)
def test_a_type_is_spelled_as_the_database_does(databasin: Databasin, kept: Metadata, native: str, shown: str) -> None:
    put(kept, "typed", make_column("it", native=native))
    assert databasin.get(path(kept, "columns"), table="typed")[0]["dataType"] == shown


def test_a_column_says_its_default_and_comment(databasin: Databasin, kept: Metadata) -> None:
    put(kept, "typed", make_column("it", default="0", comment="Counted by hand", nullable=False))
    assert databasin.get(path(kept, "columns"), table="typed") == [
        {
            "columnName": "it",
            "dataType": "INTEGER",
            "isNullable": False,
            "isPrimaryKey": False,
            "ordinalPosition": 1,
            "defaultValue": "0",
            "comment": "Counted by hand",
        }
    ]


def test_a_list_is_whole_unless_a_part_is_asked_for(databasin: Databasin, kept: Metadata) -> None:
    for number in range(5):
        put(kept, f"t{number}")
    names = [row["tableName"] for row in databasin.get(path(kept, "tables"))]
    assert names == ["orders", "t0", "t1", "t2", "t3", "t4"]
    assert [row["tableName"] for row in databasin.get(path(kept, "tables"), limit=2, offset=3)] == ["t2", "t3"]
    assert databasin.get(path(kept, "tables"), limit=0) == []
    assert "limit" in databasin.get(path(kept, "tables"), 400, limit="two")["message"]


def test_without_a_place_the_connectors_own_database_is_listed(databasin: Databasin, kept: Metadata) -> None:
    kept.catalogs = [{"name": "shop", "comment": ""}, {"name": "stock", "comment": ""}]
    kept.save()
    MetadataSchema.objects.create(metadata=kept, catalog="stock", name="depot")
    put(kept, "shelves", catalog="stock", schema="depot")
    assert kept.connection.settings["database"] == "shop"
    assert [row["tableName"] for row in databasin.get(path(kept, "tables"))] == ["orders"]
    assert [row["schemaName"] for row in databasin.get(path(kept, "schemas"))] == ["public"]
    assert [row["tableName"] for row in databasin.get(path(kept, "tables"), catalog="stock")] == ["shelves"]
    assert [row["tableName"] for row in databasin.get(path(kept, "tables"), schema="depot")] == ["shelves"]
    assert databasin.get(f"/api/connector/catalogs/{kept.connection_id}")["objects"] == ["public", "depot"]
    assert databasin.get(path(kept, "columns"), 404, table="shelves")["message"] == "There is no table 'shelves'."


@pytest.mark.parametrize(
    ("rest", "query", "message"),
    [
        ("schemas", {"catalog": "nothing"}, "There is no catalog 'nothing'."),
        ("tables", {"catalog": "nothing"}, "There is no catalog 'nothing'."),
        ("tables", {"schema": "nothing"}, "There is no schema 'nothing'."),
        ("columns", {"table": "orders", "schema": "nothing"}, "There is no schema 'nothing'."),
        ("columns", {"table": "nothing"}, "There is no table 'nothing'."),
    ],
)
def test_what_is_not_there_is_404(
    databasin: Databasin, kept: Metadata, rest: str, query: dict[str, str], message: str
) -> None:
    assert databasin.get(path(kept, rest), 404, **query) == {"error": "Not Found", "message": message, "status": 404}


def test_a_schema_without_tables_is_an_empty_list(databasin: Databasin, kept: Metadata) -> None:
    MetadataSchema.objects.create(metadata=kept, catalog="shop", name="bare")
    assert databasin.get(path(kept, "tables"), schema="bare") == []


@pytest.mark.parametrize(
    ("query", "word"), [({}, "table"), ({"table": "orders", "live": "perhaps"}, "live"), ({"table": ""}, "table")]
)
def test_what_is_not_understood_is_400(databasin: Databasin, kept: Metadata, query: dict[str, str], word: str) -> None:
    assert word in databasin.get(path(kept, "columns"), 400, **query)["message"]


def test_a_name_that_several_tables_bear_is_400_and_says_where(databasin: Databasin, kept: Metadata) -> None:
    put(kept, "orders", make_column("old"), schema="archive")
    MetadataSchema.objects.create(metadata=kept, catalog="shop", name="archive")
    message = databasin.get(path(kept, "columns"), 400, table="orders")["message"]
    assert message == "There is more than one table 'orders': name one of the schemas shop.public, shop.archive."
    assert databasin.get(path(kept, "columns"), table="orders", schema="archive")[0]["columnName"] == "old"


def test_the_first_read_asks_the_system_and_begins_one_refresh(databasin: Databasin, world: World) -> None:
    number = world.connection.id
    waiting = databasin.get(f"/api/connector/{number}/tables", 202)
    assert (waiting["status"], set(waiting)) == ("success", {"status", "message", "jobId"})
    assert Job.objects.get(uid=waiting["jobId"]).kind == "metadata_look"
    databasin.get(f"/api/connector/{number}/schemas", 202)
    assert refreshes() == 1


def test_a_live_read_asks_the_system_alone(databasin: Databasin, kept: Metadata) -> None:
    databasin.get(path(kept, "tables"), 202, live="true")
    assert refreshes() == 0


def test_columns_that_nobody_has_looked_at_are_looked_up(databasin: Databasin, kept: Metadata) -> None:
    MetadataTable.objects.update(columns=None)
    databasin.get(path(kept, "columns"), 202, table="orders")
    assert Job.objects.get(kind="metadata_look").params["tables"] == ["orders"]
    assert refreshes() == 0


def test_a_refresh_that_takes_long_answers_the_last_counts_and_is_joined(databasin: Databasin, kept: Metadata) -> None:
    first = databasin.post(path(kept, "refresh"), {}, 202)
    assert {name: first[name] for name in ("status", "catalogCount", "schemaCount", "tableCount")} == {
        "status": "success",
        "catalogCount": 1,
        "schemaCount": 1,
        "tableCount": 1,
    }
    assert databasin.post(path(kept, "refresh"), None, 202)["jobId"] == first["jobId"]
    assert refreshes() == 1


def test_before_the_first_refresh_nothing_is_counted(databasin: Databasin, world: World) -> None:
    answer = databasin.post(f"/api/connector/{world.connection.id}/refresh", {}, 202)
    assert (answer["catalogCount"], answer["schemaCount"], answer["tableCount"]) == (0, 0, 0)


def test_a_connector_that_is_offline_shows_what_is_kept_and_asks_nobody(databasin: Databasin, kept: Metadata) -> None:
    Connection.objects.filter(id=kept.connection_id).update(is_offline=True, offline_reason="Wrong password.")
    assert len(databasin.get(path(kept, "tables"))) == 1
    for refusal in (
        databasin.post(path(kept, "refresh"), {}, 409),
        databasin.get(path(kept, "tables"), 409, live="true"),
    ):
        assert refusal["message"] == "The connection is offline: Wrong password."
    assert not Job.objects.filter(kind__startswith="metadata").exists()


def test_columns_of_chosen_tables_come_in_their_order(databasin: Databasin, kept: Metadata) -> None:
    put(kept, "apples", make_column("sort", "text"))
    body = {"connectorID": kept.connection_id, "objects": ["orders", "apples"], "chosenDatabaseSchema": "public"}
    columns = databasin.post("/api/connector/columns", body)["columns"]
    assert [(column["table"], column["name"], column["type"]) for column in columns] == [
        ("orders", "id", "BIGINT"),
        ("orders", "note", "TEXT"),
        ("apples", "sort", "TEXT"),
    ]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "connectorID"),
        ({"connectorID": "x", "objects": ["orders"]}, "connectorID"),
        ({"objects": []}, "objects"),
        ({"objects": [1]}, "objects"),
        ({"objects": ["orders"], "chosenDatabaseSchema": 7}, "chosenDatabaseSchema"),
        ({"tableName": ""}, "tableName"),
    ],
)
def test_a_body_that_is_not_understood_is_400(
    databasin: Databasin, kept: Metadata, body: dict[str, Any], word: str
) -> None:
    sent = {"connectorID": kept.connection_id, **body} if body else body
    assert word in databasin.post("/api/connector/columns", sent, 400)["message"]


@pytest.mark.parametrize("end", ["columns", "ingestiontype"])
def test_a_strangers_connector_in_a_body_is_404(databasin: Databasin, cast: Cast, end: str) -> None:
    theirs = Metadata.objects.get(connection__organization=make_world(cast.globex).organization)
    body = {"connectorID": theirs.connection_id, "objects": ["orders"], "chosenDatabaseSchema": "public"}
    assert databasin.post(f"/api/connector/{end}", body, 404)["message"] == (
        f"Connector with ID {theirs.connection_id} not found"
    )
    assert not Job.objects.filter(kind__startswith="metadata").exists()


@pytest.mark.parametrize(
    ("columns", "type_", "watermark"),
    [
        ([make_column("id", key=True), make_column("updated_at", "timestamptz")], "delta", "updated_at"),
        ([make_column("id", key=True), make_column("created_at", "timestamp")], "historical", None),
        ([make_column("id", key=True), make_column("last_update", "text")], "historical", None),
        ([make_column("updated_at", "timestamp")], "snapshot", None),
        ([], "snapshot", None),
    ],
)
def test_advice_follows_from_the_key_and_what_tells_of_changes(
    databasin: Databasin, kept: Metadata, columns: list[dict[str, Any]], type_: str, watermark: str | None
) -> None:
    put(kept, "asked", *columns)
    body = {"connectorID": str(kept.connection_id), "objects": ["asked"], "chosenDatabaseSchema": "public"}
    advice = databasin.post("/api/connector/ingestiontype", body)["objects"][0]
    assert (advice["ingestionType"], advice["watermarkColumnName"]) == (type_, watermark)
    assert advice["mergeColumns"] == [column["name"] for column in columns if column["key"]]


def test_ten_thousand_tables_are_one_answer(databasin: Databasin, kept: Metadata, say: Any) -> None:
    rows = [
        MetadataTable(metadata=kept, catalog="shop", schema="public", name=f"t{number}", kind="table", columns=[])
        for number in range(10_000)
    ]
    MetadataTable.objects.bulk_create(rows)
    began = time.process_time()
    assert len(databasin.get(path(kept, "tables"))) == 10_001
    say(f"10,000 tables in one answer: {(time.process_time() - began) * 1000:.0f} ms of CPU, its parsing included")
