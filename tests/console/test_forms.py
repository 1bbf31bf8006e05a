"""What is typed into a form is stored by a service, and what that refuses is shown where it was typed."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization, Role, User
from apps.connections.models import Connection
from apps.connections.services import sealing
from apps.flows.models import Export, Flow, FlowStep, Import
from apps.jobs.models import Schedule
from tests.api.world import CANARY, World, make_export, make_import
from tests.console.conftest import SignIn
from tests.conftest import PASSWORD, Cast

CONNECTION = {"setting_host": "db.example", "setting_port": "5432", "setting_database": "shop", "setting_user": "reader"}
CONNECTION |= {"setting_sslmode": "prefer", "setting_ca_certificate": ""}


@pytest.fixture
def client(cast: Cast, desk: SignIn) -> Client:
    return desk(cast.editor)


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def secret(connection: Connection) -> str:
    connection.refresh_from_db()
    return sealing.unseal_secrets(connection)["password"].reveal()


# Connections
def test_connects_to_a_system_of_the_chosen_kind(cast: Cast, client: Client) -> None:
    values = {**CONNECTION, "organization": cast.acme.pk, "name": "Shop", "setting_password": CANARY}
    response = client.post("/admin/connections/connection/add/?connector=postgresql", values)
    connection = Connection.objects.get()
    assert response.status_code == 302
    assert connection.connector.name == "postgresql"
    assert (connection.settings["host"], connection.settings["port"]) == ("db.example", 5432)
    assert CANARY not in str(connection.settings)
    assert secret(connection) == CANARY


def test_first_asks_which_system(client: Client) -> None:
    page = client.get("/admin/connections/connection/add/").content.decode()
    assert [f"?connector={name}" in page for name in ("postgresql", "mysql", "mariadb", "sqlite")] == [True] * 4
    assert 'name="name"' not in page


def test_a_missing_setting_is_shown_at_its_field(cast: Cast, client: Client) -> None:
    values = {**CONNECTION, "organization": cast.acme.pk, "name": "Shop", "setting_host": ""}
    response = client.post("/admin/connections/connection/add/?connector=postgresql", values)
    assert set(errors(response)) == {"setting_host"}
    assert not Connection.objects.exists()


def test_an_empty_password_stays_as_it_is(client: Client, world: World) -> None:
    values = {**CONNECTION, "name": "Renamed"}
    client.post(f"/admin/connections/connection/{world.connection.pk}/change/", values)
    assert secret(world.connection) == CANARY
    assert world.connection.name == "Renamed"


def test_a_typed_password_replaces_the_old_one(client: Client, world: World) -> None:
    values = {**CONNECTION, "name": "Shop", "setting_password": "another one"}
    client.post(f"/admin/connections/connection/{world.connection.pk}/change/", values)
    assert secret(world.connection) == "another one"


def test_a_password_can_be_removed(client: Client, world: World) -> None:
    values = {**CONNECTION, "name": "Shop", "setting_password-remove": "on"}
    client.post(f"/admin/connections/connection/{world.connection.pk}/change/", values)
    world.connection.refresh_from_db()
    assert world.connection.sealed == ""


def test_says_that_another_host_cleared_the_password(client: Client, world: World) -> None:
    values = {**CONNECTION, "name": "Shop", "setting_host": "other.example"}
    page = client.post(f"/admin/connections/connection/{world.connection.pk}/change/", values, follow=True)
    assert "Password must be entered again" in page.content.decode()
    world.connection.refresh_from_db()
    assert world.connection.is_offline


def test_the_history_names_fields_and_no_value(client: Client, world: World) -> None:
    values = {**CONNECTION, "name": "Shop", "setting_password": "planted-secret", "setting_user": "planted-user"}
    client.post(f"/admin/connections/connection/{world.connection.pk}/change/", values)
    page = client.get(f"/admin/connections/connection/{world.connection.pk}/history/").content.decode()
    assert "Password" in page
    assert "planted" not in page


# Exports and imports
def test_makes_a_delta_export(cast: Cast, client: Client, world: World) -> None:
    values = {
        **{"organization": cast.acme.pk, "name": "Changes", "connection": world.connection.pk, "type": "delta"},
        **{"schema": "public", "table": "orders", "columns": "id\n total \n\n", "cursor_column": "updated_at"},
        **{"overlap": "60", "filter": '["notempty", ["extract", "id"]]', "page_size": "100"},
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
    row = Export.objects.filter(pk=world.export.pk)
    before = row.values("source", "columns", "cursor", "filter", "key", "connection").get()
    values = {"name": "Renamed", "connection": world.connection.pk, "type": "all", "page_size": "5000"}
    client.post(f"/admin/flows/export/{world.export.pk}/change/", {**values, "schema": "public", "table": "orders"})
    assert row.filter(name="Renamed").values("source", "columns", "cursor", "filter", "key", "connection").get() == before


def test_makes_an_import_with_a_mapping(cast: Cast, client: Client, world: World) -> None:
    values = {
        **{"organization": cast.acme.pk, "name": "Copy", "connection": world.connection.pk, "mode": "upsert"},
        **{"table": "copied", "key": "id", "mapping": '[{"generate": "id", "extract": "$.id"}]'},
    }
    assert client.post("/admin/flows/import/add/", values).status_code == 302
    import_ = Import.objects.get(name="Copy")
    assert (import_.target, import_.key) == ({"table": "copied"}, ["id"])
    assert import_.mapping == [{"generate": "id", "extract": "$.id"}]


def test_what_an_import_lacks_is_shown_at_its_field(cast: Cast, client: Client, world: World) -> None:
    values = {"organization": cast.acme.pk, "name": "Copy", "connection": world.connection.pk, "mode": "upsert"}
    response = client.post("/admin/flows/import/add/", {**values, "mapping": '[{"extract": "$.id"}]'})
    assert set(errors(response)) == {"table", "key", "mapping"}


# Flows
def flow_values(cast: Cast, world: World, **changes: Any) -> dict[str, Any]:
    values = {"organization": cast.acme.pk, "name": "Copy", "is_enabled": "on", "rhythm": "by hand", "timezone": "UTC"}
    return {**values, "generators": [world.export.pk], "processors": [world.import_.pk], **changes}


def test_makes_a_flow_of_steps_in_their_order(cast: Cast, client: Client, world: World) -> None:
    second = make_import(world.connection, "Second")
    values = flow_values(cast, world, processors=[second.pk, world.import_.pk, ""])
    assert client.post("/admin/flows/flow/add/", values).status_code == 302
    steps = Flow.objects.get(name="Copy").steps.filter(role="processor").order_by("index")
    assert [step.destination for step in steps] == [second, world.import_]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"rhythm": "every", "interval_0": "2", "interval_1": "3600"}, ("", 7200, "UTC")),
        ({"rhythm": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin"}, ("30 2 * * *", None, "Europe/Berlin")),
    ],
)
def test_schedules_a_flow(
    given: dict[str, str], stored: tuple[Any, ...], cast: Cast, client: Client, world: World
) -> None:
    client.post("/admin/flows/flow/add/", flow_values(cast, world, **given))
    schedule = Schedule.objects.get(subject_id=Flow.objects.get(name="Copy").id)
    assert (schedule.cron, schedule.interval, schedule.timezone) == stored
    assert schedule.next_at is not None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"rhythm": "every", "interval_0": "30", "interval_1": "1"}, "rhythm"),
        ({"rhythm": "every"}, "interval"),
        ({"rhythm": "cron", "cron": "every day"}, "rhythm"),
        ({"rhythm": "cron"}, "cron"),
        ({"rhythm": "cron", "cron": "* * * * *", "timezone": "Mars/Olympus"}, "timezone"),
    ],
)
def test_a_schedule_that_is_none_is_shown_at_its_field(
    given: dict[str, str], field: str, cast: Cast, client: Client, world: World
) -> None:
    response = client.post("/admin/flows/flow/add/", flow_values(cast, world, **given))
    assert set(errors(response)) == {field}
    assert not Flow.objects.filter(name="Copy").exists()


def test_a_flow_that_is_changed_keeps_its_steps(cast: Cast, client: Client, world: World) -> None:
    FlowStep.objects.filter(flow=world.flow).update(generation=3, proceed_on_failure=True, document={"kept": 1})
    extra = make_export(world.connection, "Extra")
    values = flow_values(cast, world, name="Renamed", generators=[extra.pk, world.export.pk])
    client.post(f"/admin/flows/flow/{world.flow.pk}/change/", values)
    kept = FlowStep.objects.get(flow=world.flow, export=world.export)
    assert (kept.index, kept.generation, kept.proceed_on_failure, kept.document) == (1, 3, True, {"kept": 1})
    assert FlowStep.objects.get(flow=world.flow, export=extra).generation == 0


def test_a_schedule_is_taken_away(cast: Cast, client: Client, world: World) -> None:
    client.post(f"/admin/flows/flow/{world.flow.pk}/change/", flow_values(cast, world))
    assert not Schedule.objects.exists()


def test_a_form_shows_what_is_stored(client: Client, world: World) -> None:
    form = client.get(f"/admin/flows/flow/{world.flow.pk}/change/").context["adminform"].form
    assert (form["rhythm"].value(), form["cron"].value()) == ("cron", "5 0 * * *")
    assert form["generators"].value() == [world.export.pk]


# Organisations and people
def test_an_operator_makes_an_organisation_and_lets_it_into_a_network(operator: User, desk: SignIn) -> None:
    client = desk(operator)
    client.post("/admin/accounts/organization/add/", {"name": "Initech", "allowed_networks": "10.0.0.0/8\n"})
    assert Organization.objects.get(name="Initech").allowed_networks == ["10.0.0.0/8"]
    response = client.post("/admin/accounts/organization/add/", {"name": "Hooli", "allowed_networks": "10.0.0.1/8"})
    assert set(errors(response)) == {"allowed_networks"}
    assert not Organization.objects.filter(name="Hooli").exists()


def test_a_name_that_is_taken_is_shown_at_its_field(operator: User, desk: SignIn) -> None:
    response = desk(operator).post("/admin/accounts/organization/add/", {"name": "Acme"})
    assert set(errors(response)) == {"name"}


def test_an_admin_names_a_member_by_email(cast: Cast, admin: User, desk: SignIn) -> None:
    values = {"organization": cast.acme.pk, "email": cast.stranger.email.upper(), "role": "editor"}
    assert desk(admin).post("/admin/accounts/membership/add/", values).status_code == 302
    assert Membership.objects.get(user=cast.stranger, organization=cast.acme).role == Role.EDITOR


@pytest.mark.parametrize(
    ("email", "role", "field"),
    [
        ("nobody@example.com", "viewer", "email"),
        ("vera@acme.example", "editor", "email"),
        ("stan@globex.example", "owner", "role"),
    ],
)
def test_an_admin_names_no_owner_and_nobody_twice(
    email: str, role: str, field: str, cast: Cast, admin: User, desk: SignIn
) -> None:
    values = {"organization": cast.acme.pk, "email": email, "role": role}
    response = desk(admin).post("/admin/accounts/membership/add/", values)
    assert set(errors(response)) == {field}
    assert not Membership.objects.filter(user=cast.stranger, organization=cast.acme).exists()


def test_an_admin_does_not_make_themselves_an_owner(cast: Cast, admin: User, desk: SignIn) -> None:
    mine = Membership.objects.get(user=admin)
    response = desk(admin).post(f"/admin/accounts/membership/{mine.pk}/change/", {"role": "owner"})
    assert set(errors(response)) == {"role"}
    mine.refresh_from_db()
    assert mine.role == Role.ADMIN


def test_the_last_owner_stays(cast: Cast, desk: SignIn) -> None:
    mine = Membership.objects.get(user=cast.owner)
    client = desk(cast.owner)
    response = client.post(f"/admin/accounts/membership/{mine.pk}/change/", {"role": "viewer"})
    assert response.context["adminform"].form.non_field_errors()
    client.post(f"/admin/accounts/membership/{mine.pk}/delete/", {"post": "yes"})
    mine.refresh_from_db()
    assert mine.role == Role.OWNER


def test_an_operator_makes_a_person(operator: User, desk: SignIn) -> None:
    client = desk(operator)
    weak = {"email": "nina@example.com", "password": "short", "is_staff": "on"}
    assert set(errors(client.post("/admin/accounts/user/add/", weak))) == {"password"}
    response = client.post("/admin/accounts/user/add/", {**weak, "password": PASSWORD})
    person = User.objects.get(email="nina@example.com")
    assert response["Location"] == f"/admin/accounts/user/{person.pk}/change/"
    assert (person.is_staff, person.is_superuser, person.check_password(PASSWORD)) == (True, False, True)


def test_an_operator_locks_a_person_out(operator: User, cast: Cast, desk: SignIn) -> None:
    values = {"email": cast.owner.email, "name": "Olga", "is_staff": "on"}
    desk(operator).post(f"/admin/accounts/user/{cast.owner.pk}/change/", values)
    assert not User.objects.get(pk=cast.owner.pk).is_active
