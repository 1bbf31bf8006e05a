"""An organisation, its connections, and the servers they lead to."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connectors import queries
from apps.connectors import services as connectors
from apps.connectors.models import Connector
from apps.jobs import services as jobs
from apps.jobs.models import Job
from engine import registry
from engine.registry import Entry
from tests.apps.connections.sample_driver import SampleDriver

AT = datetime(2024, 2, 29, 12, tzinfo=UTC)
OLD_KEY = f"old:{base64.urlsafe_b64encode(b'o' * 32).decode()}"
NEW_KEY = f"new:{base64.urlsafe_b64encode(b'n' * 32).decode()}"
VALUES = {"host": "db.example", "password": "CANARY-1-password", "token": "CANARY-1-token"}

Create = Callable[..., Connection]
Finish = Callable[[Job], Job]


@pytest.fixture
def surroundings(settings: Settings, tmp_path: Any) -> Settings:
    """The servers of the tests are on loopback, and may be those that hold our own database."""
    settings.SEALING_KEYS = [OLD_KEY]
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    settings.EGRESS_DENY = []
    settings.FILE_ROOTS = [tmp_path / "files"]
    return settings


@pytest.fixture
def organization(db: None) -> Organization:
    connectors.load_catalogue()
    return Organization.objects.create(name="Acme")


@pytest.fixture
def sample(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> Connector:
    monkeypatch.setitem(registry.DRIVERS, "sample", Entry("tests.apps.connections.sample_driver:SampleDriver"))
    monkeypatch.setattr(SampleDriver, "opened", [])
    return Connector.objects.create(name="sample", label="Sample", driver="sample", category="test")


@pytest.fixture
def create(organization: Organization, surroundings: Settings, sample: Connector) -> Create:
    """`create(connector="sample", **values)`: a stored connection."""

    def create(connector: str = "sample", name: str = "Main", **values: Any) -> Connection:
        return connections.create(
            organization_id=organization.id,
            project_id=None,
            connector=queries.connector(connector),
            name=name,
            values=values or VALUES,
        )

    return create


@pytest.fixture
def finish(transactional_db: None) -> Finish:
    """The job after one attempt of it, by the real machine, whose heartbeat has a connection of its own."""

    def finish(job: Job) -> Job:
        claimed = jobs.claim(job_id=job.id, worker="test")
        assert claimed is not None
        jobs.run(claimed)
        return Job.objects.get(id=job.id)

    return finish


def answer_of(job: Job) -> Any:
    assert (job.state, job.error_message) == ("completed", "")
    return orjson.loads(bytes(job.result.body))
