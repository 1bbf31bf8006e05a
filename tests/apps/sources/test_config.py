"""Discovery, and changing what is read: held against what a real system has, and stored only if it fits."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from apps.errors import Conflict, Invalid
from apps.jobs.models import Job, Result
from apps.sources import services as sources
from apps.sources.models import Record, SourceConnection, Stream
from apps.sources.services.config import label_of
from engine.schema import Table
from tests.apps.sources.houses import House
from tests.apps.sources.shop import AT, Shop, counted, live, run, start, synced, values
from tests.engine.drivers import systems

NOTHING = {"inserted": 0, "updated": 0, "deleted": 0, "kept": 0, "failed": 0}


@pytest.fixture(params=["postgresql", "mariadb"])
def house(request: pytest.FixtureRequest, shop: Shop, loopback_allowed: None) -> Iterator[House]:
    """With two tables of two rows, and a third one that is empty."""
    with getattr(systems, request.param)() as system:
        house = House(system, organization=shop.organization)
        for name in ("orders", "people", "bare"):
            house.execute(f"CREATE TABLE {name} (id integer PRIMARY KEY, note varchar(99), changed integer NOT NULL)")
        for name in ("orders", "people"):
            house.execute(f"INSERT INTO {name} VALUES (1, 'walrus', 1), (2, 'seal', 2)")
        yield house


def answered(job: Job) -> Any:
    done = run(job)
    assert (done.state, done.error_message) == ("completed", "")
    return orjson.loads(bytes(Result.objects.get(job=done).body))


def change(source: SourceConnection, config: Any) -> Any:
    return answered(sources.start_config_change(source_connection=source, config=config, at=AT))


def discovered(source: SourceConnection) -> list[Any]:
    answer = answered(sources.start_discovery(source_connection=source, at=AT))
    assert answer["is_cut"] is False
    return sorted(answer["tables"], key=lambda table: table["name"])


OK = {"ok": True, "code": "", "message": "", "problems": []}


def test_discovers_the_tables_of_a_database(house: House) -> None:
    schema = "public" if house.system.name == "postgresql" else house.system.settings["database"]
    columns = [
        {"name": "id", "type": "integer", "nullable": False},
        {"name": "note", "type": "text", "nullable": True},
        {"name": "changed", "type": "integer", "nullable": False},
    ]
    house.execute("ANALYZE TABLE orders, people, bare" if house.system.name == "mysql" else "ANALYZE")
    assert discovered(house.connect()) == [
        {
            "name": house.label(name),
            "catalog": "",
            "schema": schema,
            "table": name,
            "columns": columns,
            "key": ["id"],
            "rows": rows,
        }
        for name, rows in (("bare", 0), ("orders", 2), ("people", 2))
    ]


def test_discovers_the_tables_of_a_database_file(shop: Shop) -> None:
    shop.execute("CREATE TABLE log (line TEXT NOT NULL)")
    log, orders = discovered(shop.connect())
    assert (log["name"], log["key"], log["columns"]) == (
        "log",
        [],
        [{"name": "line", "type": "text", "nullable": False}],
    )
    assert (orders["name"], orders["schema"], orders["table"], orders["key"]) == ("orders", "", "orders", ["id"])
    assert [column["name"] for column in orders["columns"]] == ["id", "number", "note", "changed"]


def test_discovers_files_and_their_columns(shop: Shop) -> None:
    (shop.folder / "papers" / "old").mkdir(parents=True)
    (shop.folder / "papers" / "a.csv").write_text("id,note\n1,walrus\n")
    (shop.folder / "papers" / "old" / "b.jsonl").write_text('{"id": 1}\n')
    (shop.folder / "papers" / "picture.png").write_bytes(b"\x89PNG")
    first, second = discovered(shop.connect("folder", path="papers"))
    assert (first["name"], first["schema"], first["table"], first["key"]) == ("a.csv", "", "a.csv", [])
    assert [column["name"] for column in first["columns"]] == ["id", "note"]
    assert (second["name"], second["schema"], second["table"]) == ("old/b.jsonl", "old", "b.jsonl")


def test_nothing_is_discovered_where_records_are_pushed(shop: Shop) -> None:
    source = sources.create_push(collection=shop.collection, name="Pushed")
    with pytest.raises(Invalid) as refused:
        sources.start_discovery(source_connection=source, at=AT)
    assert refused.value.code == "not_readable"
    assert not Job.objects.exists()


def test_keeps_what_fits(house: House) -> None:
    orders = house.label("orders")
    config = {
        "tables": [orders],
        "columns": {orders: {"exclude": ["note"]}},
        "cursorField": {orders: "changed"},
        "titleColumn": {orders: "changed"},
        "rowLimit": 1000,
        "overlapSeconds": 0,
    }
    source = house.connect()
    assert change(source, config) == OK
    source.refresh_from_db()
    assert source.config == config


@pytest.mark.parametrize(
    ("config", "problems"),
    [
        ({"tables": ["{nothing}"]}, [("tables", "unknown_table")]),
        ({"tables": ["{nothing}", "{orders}", "nowhere.x"]}, [("tables", "unknown_table")] * 2),
        ({"schemas": ["nowhere"]}, [("schemas", "unknown_schema")]),
        ({"columns": {"{nothing}": {"include": ["id"]}}}, [("columns", "unknown_table")]),
        ({"tables": ["{orders}"], "titleColumn": {"{people}": "note"}}, [("titleColumn", "unknown_table")]),
        ({"columns": {"{orders}": {"include": ["id", "colour"]}}}, [("columns", "unknown_column")]),
        ({"columns": {"{orders}": {"exclude": ["colour"]}}}, [("columns", "unknown_column")]),
        ({"columns": {"{orders}": {"exclude": ["id"]}}}, [("columns", "key_excluded")]),
        ({"columns": {"{orders}": {"exclude": ["id", "note", "changed"]}}}, [("columns", "no_columns")]),
        ({"cursorField": {"{orders}": "colour"}}, [("cursorField", "unknown_column")]),
        (
            {"cursorField": {"{orders}": "changed"}, "columns": {"{orders}": {"exclude": ["changed"]}}},
            [("columns", "cursor_excluded")],
        ),
        ({"titleColumn": {"{orders}": "colour"}}, [("titleColumn", "unknown_column")]),
        ({"textColumns": {"{orders}": ["colour"]}}, [("textColumns", "unknown_column")]),
        (
            {"columns": {"{orders}": {"exclude": ["id"]}, "{people}": {"exclude": ["colour"]}}},
            [("columns", "key_excluded"), ("columns", "unknown_column")],
        ),
    ],
)
def test_refuses_what_does_not_fit_and_keeps_what_was(config: Any, problems: list[Any], house: House) -> None:
    labels = {name: house.label(name) for name in ("orders", "people", "nothing")}
    text = orjson.dumps(config).decode()
    for name, label in labels.items():
        text = text.replace(f"{{{name}}}", label)
    source = house.connect({"rowLimit": 7})
    answer = change(source, orjson.loads(text))
    assert answer["ok"] is False
    assert [(problem["field"], problem["code"]) for problem in answer["problems"]] == problems
    assert answer["code"] == problems[0][1]
    source.refresh_from_db()
    assert source.config == {"rowLimit": 7}


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ("text", "config"),
        ({"colour": 1}, "colour"),
        ({"tables": "orders"}, "tables"),
        ({"tables": [1]}, "tables"),
        ({"columns": {"orders": ["id"]}}, "columns"),
        ({"columns": {"orders": {"only": ["id"]}}}, "columns"),
        ({"rowLimit": 0}, "rowLimit"),
        ({"rowLimit": True}, "rowLimit"),
        ({"overlapSeconds": -1}, "overlapSeconds"),
        ({"cursorField": 5}, "cursorField"),
        ({"continuous": "yes"}, "continuous"),
    ],
)
def test_refuses_a_form_that_is_none_at_once(config: Any, field: str, shop: Shop) -> None:
    with pytest.raises(Invalid) as refused:
        sources.start_config_change(source_connection=shop.connect(), config=config, at=AT)
    assert refused.value.field == field
    assert not Job.objects.exists()


def test_says_that_a_system_cannot_be_reached_and_keeps_what_was(house: House) -> None:
    source = house.connect({"rowLimit": 7}, port=1)
    answer = change(source, {"tables": [house.label("orders")]})
    assert (answer["ok"], answer["problems"]) == (False, [])
    source.refresh_from_db()
    assert source.config == {"rowLimit": 7}


def test_records_of_a_table_that_is_not_read_any_more_go_at_once(house: House) -> None:
    source = house.connect()
    assert synced(source) == {**NOTHING, "inserted": 4}
    assert change(source, {"tables": [house.label("orders")]}) == OK
    assert {record.stream.name for record in live(house.collection)} == {"orders"}
    assert counted(house.collection) == 2
    run(Job.objects.get(kind="record_purge"))
    assert Record.objects.count() == 2
    source.refresh_from_db()
    assert synced(source) == {**NOTHING, "kept": 2}
    assert change(source, {}) == OK
    source.refresh_from_db()
    assert synced(source) == {**NOTHING, "inserted": 2, "kept": 2}


def test_only_a_stream_of_which_something_else_is_read_is_read_anew(house: House) -> None:
    source = house.connect({"cursorField": "changed"})
    synced(source)
    exclude = {house.label("people"): {"exclude": ["note"]}}
    assert change(source, {"cursorField": "changed", "columns": exclude}) == OK
    positions = {stream.name: bool(stream.positions) for stream in Stream.objects.all()}
    assert positions == {"bare": True, "orders": True, "people": False}
    source.refresh_from_db()
    assert synced(source) == {**NOTHING, "updated": 2, "kept": 1}  # of orders that at the bound alone
    assert sorted(filter(None, values(house.collection, "note"))) == ["seal", "walrus"]


def test_nothing_is_changed_while_a_sync_is_active(house: House) -> None:
    source = house.connect()
    waiting = sources.start_config_change(source_connection=source, config={"rowLimit": 1}, at=AT)
    job = start(source)
    with pytest.raises(Conflict) as refused:
        sources.start_config_change(source_connection=source, config={"rowLimit": 1}, at=AT)
    assert (refused.value.code, refused.value.job) == ("sync_in_progress", job.uid)
    answer = answered(waiting)  # that was asked for before
    assert (answer["ok"], answer["code"]) == (False, "sync_in_progress")
    source.refresh_from_db()
    assert source.config == {}
    run(job)
    assert change(source, {"rowLimit": 1}) == OK


def test_names_no_two_tables_alike():
    tables = [Table("c", "a.b"), Table("b.c", "a"), Table('d"', "a"), Table("c", "a", "x")]
    assert [label_of(table, is_file=False) for table in tables] == ['"a.b".c', 'a."b.c"', 'a."d"""', "x.a.c"]
    assert label_of(Table("b.csv", "a.b"), is_file=True) == "a.b/b.csv"
