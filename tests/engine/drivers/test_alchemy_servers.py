"""What the drivers over SQLAlchemy share, on a server that has everything that the conformance suite asks for."""

from typing import Any

import pytest

from engine import registry
from engine.registry import Entry
from tests.engine.drivers.alchemy_systems import Postgresql
from tests.engine.drivers.conformance import NetworkConformance, QueryConformance
from tests.engine.drivers.systems import System, postgresql


@pytest.fixture(scope="module")
def server():
    with pytest.MonkeyPatch.context() as patch, postgresql() as system:
        system.name = Postgresql.spec.name
        patch.setitem(registry.DRIVERS, system.name, Entry(f"{Postgresql.__module__}:{Postgresql.__name__}"))
        yield system


class TestPostgresqlByAlchemy(NetworkConformance, QueryConformance):
    test_will_not_go_on_without_the_encryption_asked_for = None  # each client has its own way, or none

    @pytest.fixture
    def system(self, server) -> Any:
        return server

    def wrong_credentials(self, system: System) -> Any:
        return system.driver(user="cd_nobody")
