from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.connectors import services as connectors
from apps.jobs.models import Job
from tests.apps.flows.house import House
from tests.apps.jobs.history import assert_legal


@pytest.fixture(autouse=True)
def histories(db: None) -> Iterator[None]:
    """Whatever a test did to jobs, what is told of them is legal."""
    yield
    for job in Job.objects.all():
        assert_legal(job)


@pytest.fixture
def house(db: None, settings: Settings, tmp_path: Path) -> House:
    settings.FILE_ROOTS = [tmp_path / "files"]
    connectors.load_catalogue()
    return House(Organization.objects.create(name="Acme"), tmp_path / "files")


@pytest.fixture
def stranger(house: House, tmp_path: Path) -> House:
    """Another organisation with the same things."""
    return House(Organization.objects.create(name="Globex"), tmp_path / "files")
