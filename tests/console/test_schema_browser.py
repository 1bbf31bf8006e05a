"""What a system holds, looked through in the console: from what is kept, found by name, refreshed, without a script."""

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from apps.connections.models import Connection, Metadata, MetadataSchema, MetadataTable
from apps.jobs.models import Job
from tests.api.world import World
from tests.conftest import Cast
from tests.console.browser import LONG, Visit
from tests.console.conftest import SignIn
from tests.console.test_browser import sign_in

COLUMNS = [
    {"name": "id", "type": "integer", "size": 64, "native": "bigint", "nullable": False, "key": True}
    | {"generated": False, "default": None, "comment": "Never used twice"},
]


@pytest.fixture
def held(world: World) -> Metadata:
    """Two schemas, one of 450 tables."""
    catalogs = [{"name": "shop", "comment": ""}]
    counts = {"catalog_count": 1, "schema_count": 2, "table_count": 451}
    metadata = Metadata.objects.create(connection=world.connection, is_current=True, catalogs=catalogs, **counts)
    for name in ("archive", "public"):
        MetadataSchema.objects.create(metadata=metadata, catalog="shop", name=name)
    names = [("public", f"orders_{number:03}") for number in range(450)]
    MetadataTable.objects.bulk_create(
        MetadataTable(metadata=metadata, catalog="shop", schema=schema, name=name, kind="table", columns=COLUMNS)
        for schema, name in [("archive", "orders_007"), *names]
    )
    MetadataTable.objects.filter(metadata=metadata, schema="archive").update(
        kind="view", rows=1234, bytes=52_428_800, columns=None
    )
    return metadata


def kept(client: Client, connection: Connection, **asked: Any) -> Any:
    return client.get(f"/admin/connections/connection/{connection.pk}/schema/kept/", asked).json()["branch"]


def page(client: Client, connection: Connection, **asked: Any) -> str:
    response = client.get(f"/admin/connections/connection/{connection.pk}/schema/", asked)
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.fixture
def viewer(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.viewer)


def test_each_branch_comes_from_what_is_kept(viewer: Client, world: World, held: Metadata) -> None:
    connection = world.connection
    assert kept(viewer, connection) == {"catalogs": [{"name": "shop", "comment": ""}], "total": 1}
    schemas = kept(viewer, connection, catalog="shop")
    assert schemas["total"] == 2
    assert schemas["schemas"] == [
        {"name": "archive", "comment": "", "tables": 1},
        {"name": "public", "comment": "", "tables": 450},
    ]
    tables = kept(viewer, connection, catalog="shop", schema="archive")
    assert tables["total"] == 1
    assert tables["tables"] == [
        {"catalog": "shop", "schema": "archive", "name": "orders_007", "kind": "view"}
        | {"rows": 1234, "bytes": 52_428_800, "comment": ""}
    ]
    place = {"catalog": "shop", "schema": "public"}
    assert kept(viewer, connection, **place, table="orders_000") == {"columns": COLUMNS}
    assert kept(viewer, connection, **place, table="unknown") == {"columns": None}
    assert kept(viewer, connection, catalog="shop", schema="archive", table="orders_007") == {"columns": None}
    assert not Job.objects.filter(kind="connection_browse").exists()


def test_a_long_list_comes_in_stretches(viewer: Client, world: World, held: Metadata) -> None:
    place = {"catalog": "shop", "schema": "public"}
    stretches = [kept(viewer, world.connection, **place, skip=skip) for skip in (0, 200, 400, 450, 1000, "x")]
    assert [len(stretch["tables"]) for stretch in stretches] == [200, 200, 50, 0, 0, 200]
    assert [stretch["total"] for stretch in stretches] == [450] * 6
    assert stretches[2]["tables"][-1]["name"] == "orders_449"


def test_tables_of_all_schemas_are_found_by_their_name(viewer: Client, world: World, held: Metadata) -> None:
    def found(**asked: Any) -> list[str]:
        rows = kept(viewer, world.connection, **asked)["tables"]
        return [f"{row['schema']}.{row['name']}" for row in rows]

    assert found(q="ORDERS_007") == ["archive.orders_007", "public.orders_007"]
    assert found(q="c.orders_007") == ["public.orders_007"]
    assert found(q="007", catalog="shop", schema="public") == ["public.orders_007"]
    assert found(q="%") == found(q="no such table") == []


def test_nothing_kept_says_so(viewer: Client, world: World) -> None:
    assert kept(viewer, world.connection) is None
    assert "Nothing is kept of it yet" in page(viewer, world.connection)


def test_says_how_much_there_is_and_how_old_it_is(viewer: Client, world: World, held: Metadata) -> None:
    text = page(viewer, world.connection)
    assert "1 catalog, 2 schemas, 451 tables" in text
    assert f'<time datetime="{held.created_at.isoformat()}">' in text
    assert "Refresh metadata" not in text  # a viewer starts nothing


def test_without_a_script_it_is_a_plain_table(viewer: Client, world: World, held: Metadata) -> None:
    text = page(viewer, world.connection)
    assert text.count("&amp;table=orders_") == 200
    assert "Next of 451" in text
    assert page(viewer, world.connection, skip=400).count("&amp;table=orders_") == 51
    assert page(viewer, world.connection, q="007").count("&amp;table=orders_") == 2
    columns = page(viewer, world.connection, catalog="shop", schema="public", table="orders_001")
    assert "bigint" in columns
    assert "Never used twice" in columns


def test_another_organisations_is_not_there(cast: Cast, world: World, held: Metadata, desk: SignIn) -> None:
    stranger = desk(cast.stranger)
    for path in ("schema/", "schema/kept/"):
        assert stranger.get(f"/admin/connections/connection/{world.connection.pk}/{path}").status_code == 404


@pytest.mark.browser
def test_finds_a_table_and_shows_long_lists_a_stretch_at_a_time(
    live_server: LiveServer, operator: User, world: World, held: Metadata, visit: Visit
) -> None:
    sign_in(visit, live_server, operator)
    visit.go(f"{live_server.url}/admin/connections/connection/{world.connection.pk}/schema/")
    tree = visit.page.locator("[data-tree]")
    tree.locator("summary", has_text="public").click()
    tables = tree.locator("summary", has_text="orders_")
    expect(tables).to_have_count(200)
    tree.get_by_role("button", name="Show more of 250").click()
    expect(tables).to_have_count(400)
    tree.get_by_label("Find a table among 451").fill("orders_007")
    expect(tables.locator("visible=true")).to_have_text(
        [r"tablearchive.orders_007view · 1,234 rows · 52.4 MB", "tablepublic.orders_007"]
    )
    tables.locator("visible=true").last.click()
    expect(tree.locator("tbody tr")).to_contain_text("bigint")
    assert visit.wrongs == []

    signed_in = visit.page.context.storage_state()
    with visit.page.context.browser.new_context(java_script_enabled=False, storage_state=signed_in) as without_script:
        plain = without_script.new_page()
        plain.goto(visit.page.url)
        plain.get_by_role("link", name="orders_003", exact=True).click()
        expect(plain.get_by_role("cell", name="bigint")).to_be_visible()


@pytest.mark.browser
def test_a_refresh_tells_how_far_it_is_and_shows_what_it_found(
    live_server: LiveServer, worker: None, operator: User, shop: Connection, visit: Visit
) -> None:
    sign_in(visit, live_server, operator)
    visit.go(f"{live_server.url}/admin/connections/connection/{shop.pk}/schema/")
    expect(visit.page.get_by_text("Nothing is kept of it yet")).to_be_visible()
    visit.page.get_by_role("button", name="Refresh metadata").click()
    expect(visit.page.get_by_text("1 catalog, 1 schema, 1 table")).to_be_visible(timeout=LONG)
    visit.page.locator("summary", has_text="orders").click()
    expect(visit.page.locator(".cd-tree tbody tr", has_text="total")).to_contain_text("numeric(10,2)")
    assert Metadata.objects.get(connection=shop, is_current=True).table_count == 1
    assert visit.wrongs == []
