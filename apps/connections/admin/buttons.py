"""What is pressed on a connection's pages."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.admin.buttons import Button, Done
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.jobs.admin.following import following


def test(request: HttpRequest, connection: Connection) -> Done:
    return following(connections.start_test(connection=connection, at=timezone.now()), "Testing …")


def browse(request: HttpRequest, connection: Connection) -> Done:
    level = {name: request.POST.get(name) for name in ("catalog", "schema", "table")}
    return following(connections.start_browse(connection=connection, at=timezone.now(), **level), "Looking …")


def refresh(request: HttpRequest, connection: Connection) -> Done:
    return following(connections.start_refresh(connection=connection, at=timezone.now()), "Refreshing …")


def switch_off(request: HttpRequest, connection: Connection) -> Done:
    connections.switch_off(connection=connection)
    return Done(f"{connection} is switched off: nothing runs over it.")


def switch_on(request: HttpRequest, connection: Connection) -> Done:
    connections.switch_on(connection=connection, at=timezone.now())
    page = reverse("admin:connections_connection_change", args=[connection.pk])
    return Done(f"{connection} is switched on.", page=page)  # all of which looks otherwise now


BUTTONS = (
    Button("test", "Test", "network_check", test, style="primary"),
    Button(
        "switch_off",
        "Switch off",
        "toggle_off",
        switch_off,
        is_shown=lambda row: row.is_enabled,
        confirm="Nothing but tests runs over it then, and schedules that need it pause until it is switched on.",
    ),
    Button("switch_on", "Switch on", "toggle_on", switch_on, is_shown=lambda row: not row.is_enabled),
    # pressed by the schema browser: this one once for every branch that is opened where nothing is kept
    Button("browse", "Browse", "account_tree", browse, is_shown=lambda _row: False, is_logged=False),
    Button("refresh", "Refresh metadata", "refresh", refresh, is_shown=lambda _row: False),
)
