import pytest
from django.db import OperationalError, connections
from django.test import Client

from apps.jobs.services import readiness
from apps.jobs.services.dispatching import PRESENCE_LOCK
from tests.conftest import Cast, ClientOf

WORKS = {"database": True, "migrations": True, "broker": True, "dispatcher": True}


@pytest.fixture
def dispatcher(db: None) -> object:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [PRESENCE_LOCK])
    return None


def test_is_ready_when_everything_works(cast: Cast, client_of: ClientOf, dispatcher: object) -> None:
    response = client_of(cast.viewer).get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ready": True, "parts": WORKS})


def test_tells_strangers_no_detail(dispatcher: object) -> None:
    assert Client().get("/readyz").json() == {"ready": True}


def test_is_not_ready_while_nobody_dispatches(cast: Cast, client_of: ClientOf) -> None:
    response = client_of(cast.viewer).get("/readyz")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json() == {"ready": False, "parts": {**WORKS, "dispatcher": False}}


def test_is_not_ready_while_the_broker_is_away(
    cast: Cast, client_of: ClientOf, dispatcher: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "is_reachable", lambda: False)
    response = client_of(cast.viewer).get("/readyz")
    assert (response.status_code, response.json()["parts"]) == (503, {**WORKS, "broker": False})


def test_is_not_ready_while_the_database_is_behind(
    cast: Cast, client_of: ClientOf, dispatcher: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    readiness._has_been_migrated.cache_clear()
    monkeypatch.setattr(readiness.MigrationExecutor, "migration_plan", lambda *_: ["one more"])
    response = client_of(cast.viewer).get("/readyz")
    assert (response.status_code, response.json()["parts"]) == (503, {**WORKS, "migrations": False})


def test_is_not_ready_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError

    monkeypatch.setattr(readiness.connection, "cursor", away)
    monkeypatch.setattr(readiness.connection, "close", lambda: None)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()) == (503, {"ready": False})
    assert not readiness.parts()["database"]


def test_refuses_a_wrong_key(db: None) -> None:
    assert Client(headers={"X-API-Key": "xd_wrong"}).get("/readyz").status_code == 401
