"""Exports and imports over a file store: what is typed of folders, files and their formats, and what the page shows."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.flows import services as flows
from apps.flows.models import Export, Import
from tests.api.world import World
from tests.conftest import Cast
from tests.console.browser import LONG, Visit
from tests.console.conftest import SignIn, errors
from tests.console.test_browser import sign_in

OPTIONS = {"format_header": "on", "page_size": "5000", "type": "all"}


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.editor)


@pytest.fixture
def folder(cast: Cast, settings: Settings, tmp_path: Path) -> Connection:
    """With a file of orders in it."""
    settings.FILE_ROOTS = [tmp_path]
    own = tmp_path / cast.acme.uid
    (own / "in").mkdir(parents=True)
    (own / "in" / "orders.csv").write_text("id;total\n1;9.50\n2;1200\n")
    return connections.create(
        organization_id=cast.acme.id, project_id=None, connector=connectors.connector("folder"), name="Files", values={}
    )


def test_makes_an_export_of_files(cast: Cast, client: Client, folder: Connection) -> None:
    values = {"organization": cast.acme.pk, "name": "Orders", "connection": folder.pk, "folder": "in", "file": "o*.csv"}
    values |= {"format_delimiter": ";", "format_columns": "id\ntotal", "format_skip_rows": "1", "format_type": "csv"}
    response = client.post("/admin/flows/export/add/", {**OPTIONS, **values, "format_header": "", "table": "left over"})
    assert response.status_code == 302
    export = Export.objects.get(name="Orders")
    format_ = {"type": "csv", "delimiter": ";", "header": False, "columns": ["id", "total"], "skip_rows": 1}
    assert export.source == {"schema": "in", "table": "o*.csv", "format": format_}


def test_an_export_keeps_what_is_not_changed(client: Client, folder: Connection) -> None:
    source = {"schema": "in", "table": "o.csv", "format": {"header": False, "quote": "'", "newline": "\r\n"}}
    values = {"name": "Orders", "connection": folder, "source": source, "columns": ["id"]}
    export = flows.create_export(organization_id=folder.organization_id, project_id=None, values=values)
    page = f"/admin/flows/export/{export.pk}/change/"
    form = client.get(page).context["adminform"].form
    shown = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    assert (shown["folder"], shown["file"], shown["format_header"]) == ("in", "o.csv", False)
    posted = {"name": "New", "connection": folder.pk, "folder": "in", "file": "o.csv", "columns": "id"}
    client.post(page, {**OPTIONS, **posted, "format_header": ""})
    export.refresh_from_db()
    assert (export.name, export.source, export.columns) == ("New", source, ["id"])


def test_a_delta_of_files_needs_no_column(cast: Cast, client: Client, folder: Connection) -> None:
    values = {"organization": cast.acme.pk, "name": "News", "connection": folder.pk, "file": "*.csv", "type": "delta"}
    client.post("/admin/flows/export/add/", {**OPTIONS, **values, "cursor_column": "left over", "overlap": "5"})
    export = Export.objects.get(name="News")
    assert (export.cursor, export.source["format"]) == ({"column": "_modified", "overlap": 5}, {"provenance": True})


def test_what_an_export_lacks_is_shown_at_its_field(cast: Cast, client: Client, folder: Connection) -> None:
    values = {**OPTIONS, "organization": cast.acme.pk, "name": "Orders", "connection": folder.pk}
    assert set(errors(client.post("/admin/flows/export/add/", values))) == {"file"}
    assert set(errors(client.post("/admin/flows/export/add/", {**values, "file": "../x.csv"}))) == {"file"}
    assert set(errors(client.post("/admin/flows/export/add/", {**values, "file": "no-ending"}))) == {"format_type"}
    refused = client.post("/admin/flows/export/add/", {**values, "file": "x.csv", "format_encoding": "klingon"})
    assert "`encoding` is not the name of an encoding." in refused.content.decode()


def test_makes_an_import_into_a_file(cast: Cast, client: Client, folder: Connection) -> None:
    values = {
        "organization": cast.acme.pk,
        "name": "Out",
        "connection": folder.pk,
        "mode": "replace",
        "key": "left over",
    }
    values |= {"file": "orders-{date}.csv.gz", "format_header": "on", "format_spreadsheet": "on"}
    assert client.post("/admin/flows/import/add/", values).status_code == 302
    import_ = Import.objects.get(name="Out")
    assert import_.target == {"table": "orders-{date}.csv.gz", "format": {"spreadsheet": True}}
    assert (import_.mode, import_.key) == ("replace", [])


def test_an_import_into_a_file_is_no_upsert(cast: Cast, client: Client, folder: Connection) -> None:
    values = {"organization": cast.acme.pk, "name": "Out", "connection": folder.pk, "mode": "upsert", "file": "o.csv"}
    assert set(errors(client.post("/admin/flows/import/add/", values))) == {"mode"}


def test_a_refresh_keeps_folders_and_files(client: Client, folder: Connection, run_jobs: Callable[[], int]) -> None:
    url = f"/admin/connections/connection/{folder.pk}/"
    client.post(f"{url}refresh/")
    run_jobs()
    assert "2 folders, 1 file" in client.get(f"{url}schema/").content.decode()
    [found] = client.get(f"{url}schema/kept/", {"q": "in/o"}).json()["branch"]["tables"]
    place = {"catalog": found["catalog"], "schema": found["schema"], "table": found["name"]}
    assert client.get(f"{url}schema/kept/", place).json()["branch"] == {"columns": None}


@pytest.mark.browser
def test_shows_the_fields_of_the_connections_kind(
    live_server: LiveServer, worker: None, operator: User, world: World, folder: Connection, visit: Visit
) -> None:
    page, url = visit.page, live_server.url
    sign_in(visit, live_server, operator)
    visit.go(f"{url}/admin/connections/connection/{folder.pk}/schema/")
    page.locator("summary", has_text="in").last.click()
    expect(page.locator(".cd-tree tbody tr", has_text="id;total")).to_be_visible(timeout=LONG)

    visit.go(f"{url}/admin/flows/export/add/")
    expect(page.get_by_label("Table", exact=True)).to_be_visible()
    expect(page.get_by_label("File", exact=True)).to_be_hidden()
    page.locator("select[name=connection]").select_option(str(folder.pk))
    expect(page.get_by_label("Table", exact=True)).to_be_hidden()
    expect(page.get_by_label("File", exact=True)).to_be_visible()
    expect(page.get_by_label("Delimiter")).to_be_visible()
    page.locator("select[name=format_type]").select_option("parquet")
    expect(page.get_by_label("Delimiter")).to_be_hidden()
    page.locator("select[name=connection]").select_option(str(world.connection.pk))
    expect(page.get_by_label("Compression")).to_be_hidden()
    assert visit.wrongs == []
