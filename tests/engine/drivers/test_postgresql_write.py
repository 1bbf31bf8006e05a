from collections.abc import Iterator

import pytest

from tests.engine.drivers.destinations import PostgresqlPlace, postgresql_place
from tests.engine.drivers.write_conformance import WriteConformance


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlPlace]:
    with postgresql_place() as place:
        yield place


@pytest.fixture
def place(server: PostgresqlPlace) -> Iterator[PostgresqlPlace]:
    server.clear()
    yield server
    server.close()


class TestConformance(WriteConformance):
    def read(self, place):
        return [document for (document,) in place.rows("SELECT doc FROM target ORDER BY id")]
