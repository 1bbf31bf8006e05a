from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.connectors import services as connectors
from apps.jobs.models import Job
from tests.apps.jobs.history import assert_legal
from tests.apps.sources.houses import House
from tests.apps.sources.shop import Shop
from tests.engine.drivers import systems


@pytest.fixture(autouse=True)
def histories(db: None) -> Iterator[None]:
    """Whatever a test did to jobs, what is told of them is legal."""
    yield
    for job in Job.objects.all():
        assert_legal(job)


@pytest.fixture
def shop(db: None, settings: Settings, tmp_path: Path) -> Shop:
    settings.FILE_ROOTS = [tmp_path / "files"]
    settings.EMBEDDING = {**settings.EMBEDDING, "name": "none"}
    connectors.load_catalogue()
    return Shop(Organization.objects.create(name="Acme"), tmp_path / "files")


@pytest.fixture(params=["postgresql", "mariadb"])
def house(request: pytest.FixtureRequest, shop: Shop, loopback_allowed: None) -> Iterator[House]:
    with getattr(systems, request.param)() as system:
        yield House(system, organization=shop.organization)


@pytest.fixture
def postgresql_house(shop: Shop, loopback_allowed: None) -> Iterator[House]:
    with systems.postgresql() as system:
        yield House(system, organization=shop.organization)


@pytest.fixture
def mariadb_house(shop: Shop, loopback_allowed: None) -> Iterator[House]:
    with systems.mariadb() as system:
        yield House(system, organization=shop.organization)
