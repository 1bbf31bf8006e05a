from typing import Any

import pytest

from tests.engine.drivers.conformance import QueryConformance
from tests.engine.drivers.systems import Duckdb


@pytest.fixture(scope="module")
def duckdb_system(tmp_path_factory):
    return Duckdb(tmp_path_factory.mktemp("duckdb"))


class TestDuckdb(QueryConformance):
    @pytest.fixture
    def system(self, duckdb_system) -> Any:
        return duckdb_system
