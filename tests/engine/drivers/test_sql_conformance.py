from typing import Any

import pytest

from tests.engine.drivers.conformance import NetworkConformance, QueryConformance
from tests.engine.drivers.systems import System


class TestPostgresql(NetworkConformance, QueryConformance):
    @pytest.fixture
    def system(self, postgresql_system):
        return postgresql_system

    def wrong_credentials(self, system: System) -> Any:
        return system.driver(user="cd_nobody")  # a server of the tests may trust every password


class TestMariadb(NetworkConformance, QueryConformance):
    @pytest.fixture
    def system(self, mariadb_system):
        return mariadb_system


class TestSqlite(QueryConformance):
    @pytest.fixture
    def system(self, sqlite_system):
        return sqlite_system
