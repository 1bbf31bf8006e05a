"""What is typed into the forms of exports and imports is stored by their services, or refused where it was typed."""

import pytest
from django.test import Client

from apps.flows.models import Export, Import
from tests.api.world import World
from tests.conftest import Cast
from tests.console.conftest import SignIn, errors


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.editor)


def test_makes_a_delta_export(cast: Cast, client: Client, world: World) -> None:
    values = {
        "organization": cast.acme.pk,
        "name": "Changes",
        "connection": world.connection.pk,
        "type": "delta",
        "schema": "public",
        "table": "orders",
        "columns": "id\n total \n\n",
        "cursor_column": "updated_at",
        "overlap": "60",
        "filter": '["notempty", ["extract", "id"]]',
        "page_size": "100",
    }
    assert client.post("/admin/flows/export/add/", values).status_code == 302
    export = Export.objects.get(name="Changes")
    assert export.source == {"schema": "public", "table": "orders"}
    assert export.columns == ["id", "total"]
    assert export.cursor == {"column": "updated_at", "overlap": 60}
    assert export.filter == ["notempty", ["extract", "id"]]


def test_what_an_export_lacks_is_shown_at_its_field(cast: Cast, client: Client, world: World) -> None:
    values = {"organization": cast.acme.pk, "name": "Changes", "connection": world.connection.pk, "type": "delta"}
    response = client.post("/admin/flows/export/add/", {**values, "page_size": "100", "filter": "[nonsense"})
    assert set(errors(response)) == {"filter"}
    response = client.post("/admin/flows/export/add/", {**values, "page_size": "0", "filter": '["nonsense"]'})
    assert set(errors(response)) == {"table", "cursor_column", "page_size", "filter"}


def test_an_export_reads_a_table_or_a_query(cast: Cast, client: Client, world: World) -> None:
    values = {"organization": cast.acme.pk, "name": "x", "connection": world.connection.pk, "type": "all"}
    both = {**values, "page_size": "10", "table": "orders", "query": "SELECT 1"}
    assert set(errors(client.post("/admin/flows/export/add/", both))) == {"query"}
    client.post("/admin/flows/export/add/", {**both, "table": ""})
    assert Export.objects.get(name="x").source == {"query": "SELECT 1"}


def test_an_export_keeps_what_is_not_changed(client: Client, world: World) -> None:
    row = Export.objects.filter(pk=world.export.pk).values("source", "columns", "cursor", "filter", "key", "connection")
    before = row.get()
    values = {"name": "Renamed", "connection": world.connection.pk, "type": "all", "page_size": "5000"}
    client.post(f"/admin/flows/export/{world.export.pk}/change/", {**values, "schema": "public", "table": "orders"})
    assert (
        row.filter(name="Renamed").values("source", "columns", "cursor", "filter", "key", "connection").get() == before
    )


def test_makes_an_import_with_a_mapping(cast: Cast, client: Client, world: World) -> None:
    values = {
        "organization": cast.acme.pk,
        "name": "Copy",
        "connection": world.connection.pk,
        "mode": "upsert",
        "table": "copied",
        "key": "id",
        "mapping": '[{"generate": "id", "extract": "$.id"}]',
    }
    assert client.post("/admin/flows/import/add/", values).status_code == 302
    import_ = Import.objects.get(name="Copy")
    assert (import_.target, import_.key) == ({"table": "copied"}, ["id"])
    assert import_.mapping == [{"generate": "id", "extract": "$.id"}]


def test_what_an_import_lacks_is_shown_at_its_field(cast: Cast, client: Client, world: World) -> None:
    values = {"organization": cast.acme.pk, "name": "Copy", "connection": world.connection.pk, "mode": "upsert"}
    response = client.post("/admin/flows/import/add/", {**values, "mapping": '[{"extract": "$.id"}]'})
    assert set(errors(response)) == {"table", "key", "mapping"}
