"""The cast: Acme with an owner, an editor and a viewer, and Globex, whose owner is a stranger to it."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pymysql
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.accounts import services as accounts
from apps.accounts.models import Organization, Role, User
from apps.connectors import services as connectors
from apps.jobs import services as jobs

PASSWORD = "correct horse battery staple"

ClientOf = Callable[..., Client]


@pytest.fixture(autouse=True)
def apart(settings: Settings) -> None:
    """Tests share a process and a cache: no test meets the callers or the counters of another."""
    accounts.forget_callers()
    settings.RATELIMIT_CACHE_PREFIX = f"test-{uuid4().hex}"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # 300 ms less for each user


@dataclass(frozen=True)
class Cast:
    acme: Organization
    owner: User
    editor: User
    viewer: User
    globex: Organization
    stranger: User


@pytest.fixture
def cast(db: None) -> Cast:
    connectors.load_catalogue()
    acme, globex = (accounts.create_organization(name=name) for name in ("Acme", "Globex"))
    return Cast(
        acme=acme,
        owner=_member(acme, "olga@acme.example", Role.OWNER),
        editor=_member(acme, "edgar@acme.example", Role.EDITOR),
        viewer=_member(acme, "vera@acme.example", Role.VIEWER),
        globex=globex,
        stranger=_member(globex, "stan@globex.example", Role.OWNER),
    )


def _member(organization: Organization, email: str, role: Role) -> User:
    user = accounts.create_user(email=email, password=PASSWORD)
    accounts.add_member(organization=organization, user=user, role=role)
    return user


@pytest.fixture
def client_of(cast: Cast) -> ClientOf:
    """`client_of(user, *scopes)`: a client with a key of that user; `client_of(text)`: one that presents the text."""

    def client_of(who: User | str, *scopes: str) -> Client:
        value = who if isinstance(who, str) else key_of(who, *scopes)
        return Client(headers={"Authorization": f"Bearer {value}"})

    return client_of


def key_of(user: User, *scopes: str) -> str:
    membership = user.memberships.select_related("organization").get()
    _, value = accounts.create_api_key(
        organization=membership.organization, owner=user, name="test", scopes=scopes, at=timezone.now()
    )
    return value


@pytest.fixture
def run_jobs(transactional_db: None) -> Callable[[], int]:
    """`run_jobs()`: every due job, one attempt each, by the real machine in this thread; how many there were."""
    return _run_due_jobs


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """The same all the while, in a thread, for tests in which somebody waits for a job."""
    stop = threading.Event()
    thread = threading.Thread(target=_work_until, args=(stop,), daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


def _work_until(stop: threading.Event) -> None:
    try:
        while not stop.is_set():
            if not _run_due_jobs():
                time.sleep(0.02)
    finally:
        connection.close()


def _run_due_jobs() -> int:
    count = 0
    for queue in ("interactive", "sync"):
        while job := jobs.claim_next(queue=queue, worker="test"):
            jobs.run(job)
            count += 1
    return count


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """`say(text)`: shows a measured figure, of a test that passes too."""

    def say(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {text} ")

    return say


@pytest.fixture
def loopback_allowed(settings: Settings) -> None:
    """The systems of the tests are on this machine, perhaps in the server that holds our own database."""
    settings.EGRESS_ALLOW = ["127.0.0.0/8", "::1/128"]
    settings.EGRESS_DENY = []


@pytest.fixture
def postgresql(loopback_allowed: None) -> Iterator[dict[str, Any]]:
    """An empty database on TEST_POSTGRES_URL, as the settings of a connection to it."""
    url = urlsplit(os.environ.get("TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/postgres"))
    name = f"crossdock_{uuid4().hex[:12]}"
    try:
        server = psycopg.connect(urlunsplit(url), autocommit=True)
    except psycopg.OperationalError as error:
        missing("PostgreSQL", "TEST_POSTGRES_URL", error)
    with server:
        server.execute(f"CREATE DATABASE {name}")
        yield _settings_of(url, "postgresql", name)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def mariadb(loopback_allowed: None) -> Iterator[dict[str, Any]]:
    """An empty database on TEST_MARIADB_URL, as the settings of a connection to it."""
    url = urlsplit(os.environ.get("TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/mysql"))
    name = f"crossdock_{uuid4().hex[:12]}"
    values = _settings_of(url, "mariadb", name)
    try:
        server = pymysql.connect(
            host=values["host"], port=values["port"], user=values["user"], password=values.get("password", "")
        )
    except pymysql.OperationalError as error:
        missing("MariaDB", "TEST_MARIADB_URL", error)
    with server, server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        yield values
        cursor.execute(f"DROP DATABASE {name}")


def missing(system: str, variable: str, error: Exception) -> NoReturn:
    """Without the system a test is skipped, but on the machine that decides (CI), where it fails."""
    if os.environ.get("CI"):
        raise error
    pytest.skip(f"no {system} at {variable}")


def _settings_of(url: SplitResult, type_: str, database: str) -> dict[str, Any]:
    port = url.port or (5432 if type_ == "postgresql" else 3306)
    values = {"type": type_, "host": url.hostname or "127.0.0.1", "port": port, "database": database}
    values |= {"user": unquote(url.username or "root")}
    return values | ({"password": unquote(url.password)} if url.password else {})
