"""The console's people, and one row of everything that has a page."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.accounts import services as accounts
from apps.accounts.models import Membership, Organization, Role, User
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import queries as connectors
from apps.flows import services as flows
from apps.flows.models import Flow, Import
from apps.jobs.models import JobEvent, Schedule
from apps.jobs.services import events
from tests.api.world import World, make_world
from tests.apps.sources.shop import Shop
from tests.conftest import PASSWORD, Cast
from tests.console.browser import LONG, Visit, chromium

SignIn = Callable[[User], Client]
Rows = dict[str, Model]
"""By model, as `flows.flow`."""


@pytest.fixture
def operator(cast: Cast) -> User:
    return accounts.create_user(email="ophelia@crossdock.example", password=PASSWORD, is_operator=True)


@pytest.fixture
def admin(cast: Cast) -> User:
    user = accounts.create_user(email="adam@acme.example", password=PASSWORD)
    accounts.add_member(organization=cast.acme, user=user, role=Role.ADMIN)
    return user


@pytest.fixture
def desk() -> SignIn:
    """`desk(user)`: a client at which that person, who may use the console, has signed in."""

    def sign_in(user: User) -> Client:
        User.objects.filter(pk=user.pk).update(is_staff=True)
        client = Client()
        client.force_login(User.objects.get(pk=user.pk))
        return client

    return sign_in


@pytest.fixture
def world(cast: Cast, settings: Settings) -> World:
    settings.EMBEDDING = {**settings.EMBEDDING, "name": "none"}
    return make_world(cast.acme)


@pytest.fixture
def landed(cast: Cast, settings: Settings, tmp_path: Path) -> Shop:
    """A shop of Acme's: a database file whose tables land in a collection, found by words alone."""
    settings.FILE_ROOTS = [tmp_path / "files"]
    settings.EMBEDDING = {**settings.EMBEDDING, "name": "none"}
    return Shop(cast.acme, tmp_path / "files")


@pytest.fixture
def rows(cast: Cast, world: World) -> Rows:
    return rows_of(cast.acme, cast.owner, world)


def rows_of(organization: Organization, owner: User, world: World) -> Rows:
    project = accounts.create_project(organization=organization, name="Sample", internal_id="proj-001")
    key, _ = accounts.create_api_key(organization=organization, name="Frontend", at=timezone.now(), owner=owner)
    events.append(world.job.id, JobEvent.Level.INFO, "A line of the log.")
    return {
        "accounts.organization": organization,
        "accounts.project": project,
        "accounts.membership": Membership.objects.get(user=owner),
        "accounts.user": owner,
        "accounts.apikey": key,
        "connectors.connector": world.connection.connector,
        "connections.connection": world.connection,
        "flows.automation": world.task.automation,
        "flows.export": world.export,
        "flows.import": world.import_,
        "flows.flow": world.flow,
        "jobs.job": world.job,
        "jobs.recorderror": world.error,
        "jobs.schedule": Schedule.objects.get(kind="flow", subject_id=world.flow.id),
        "sources.collection": world.landed.collection,
        "sources.sourceconnection": world.landed.source,
    }


@pytest.fixture
def shop(cast: Cast, postgresql: dict[str, Any]) -> Connection:
    """A real database with a few orders, one of which is too large for where it goes."""
    values = {name: value for name, value in postgresql.items() if name != "type"}
    keys = {"dbname": values["database"], "host": values["host"], "port": values["port"], "user": values["user"]}
    with psycopg.connect(**keys, password=values.get("password")) as database:
        database.execute("CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10, 2) NOT NULL)")
        database.execute("INSERT INTO orders VALUES (1, 9.50), (2, 1200), (3, 7)")
    return connections.create(
        organization_id=cast.acme.id,
        project_id=None,
        connector=connectors.connector("postgresql"),
        name="Real shop",
        values=values,
    )


@pytest.fixture
def flow(shop: Connection) -> Flow:
    owner = {"organization_id": shop.organization_id, "project_id": None}
    source = {"connection": shop, "name": "Orders", "source": {"schema": "public", "table": "orders"}}
    mapping = [
        {"generate": "id", "extract": "$.id"},
        {"generate": "total", "extract": "$.total", "cast": "decimal(4,2)"},
    ]
    target = {"connection": shop, "name": "Copy", "target": {"schema": "public", "table": "copied"}, "mapping": mapping}
    export = flows.create_export(**owner, values=source)
    import_ = flows.create_import(**owner, values={**target, "mode": Import.Mode.UPSERT, "key": ["id"]})
    steps = {"generators": [{"export": export}], "processors": [{"destination": import_}]}
    return flows.create_flow(**owner, values={"name": "Copy orders", **steps}, at=timezone.now())


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    # Playwright runs an event loop in this thread, beside which Django refuses the database, and has another connection
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    others = set(threading.enumerate())
    with chromium() as browser:
        visit = Visit(browser.new_page(viewport={"width": 1280, "height": 900}))
        visit.page.set_default_timeout(LONG)
        visit.listen()
        yield visit
        connection.close()
    # each held a connection to the test's database for as long as Chromium held one to it
    for thread in set(threading.enumerate()) - others:
        if "process_request_thread" in thread.name:
            thread.join(LONG / 1000)


def errors(response: Any) -> dict[str, list[str]]:
    """Of a form that was shown again, by field."""
    return dict(response.context["adminform"].form.errors)
