from collections.abc import Iterator

import pytest

from tests.engine.drivers.destinations import PostgresqlPlace, postgresql_place
from tests.engine.drivers.write_conformance import ServerConformance


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlPlace]:
    with postgresql_place() as place:
        yield place


@pytest.fixture
def place(server: PostgresqlPlace) -> Iterator[PostgresqlPlace]:
    server.clear()
    yield server
    server.close()


class TestConformance(ServerConformance):
    READ_BACK = {
        "long": ["1234567890123456789012345678.0123456789", "0.0000000000", None],
        "instant": ["2024-02-29 23:59:59.123456+00:00", "2024-02-29 23:59:59+00:00", None],
    }

    def read(self, place):
        return [document for (document,) in place.rows("SELECT doc FROM target ORDER BY id")]
