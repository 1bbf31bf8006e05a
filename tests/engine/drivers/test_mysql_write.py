import json
from collections.abc import Iterator

import pytest

from tests.engine.drivers.destinations import MysqlPlace, mysql_place
from tests.engine.drivers.write_conformance import ServerConformance


@pytest.fixture(scope="module")
def server() -> Iterator[MysqlPlace]:
    with mysql_place() as place:
        yield place


@pytest.fixture
def place(server: MysqlPlace) -> Iterator[MysqlPlace]:
    server.clear()
    yield server
    server.close()


class TestConformance(ServerConformance):
    READ_BACK = {
        "long": ["1234567890123456789012345678.0123456789", "0.0000000000", None],
        "free": [f"12.5{'0' * 29}", f"12345678901234567890.123456789{'0' * 21}", None],
        "hour": ["00:00:00.000000", "23:59:59.999999", None],
        "moment": ["2024-02-29 23:59:59.500000", "1000-01-01 00:00:00.000000", None],
        "instant": ["2024-02-29 23:59:59.123456", "2024-02-29 23:59:59.000000", None],
    }

    def read(self, place):
        return [doc if doc is None else json.loads(doc) for (doc,) in place.rows("SELECT doc FROM target ORDER BY id")]
