"""The cast: Acme with an owner, an editor and a viewer, and Globex, whose owner is a stranger to it."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

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
