import json
from collections.abc import Iterator

import pytest

from tests.engine.drivers.destinations import MysqlPlace, mysql_place
from tests.engine.drivers.write_conformance import WriteConformance


@pytest.fixture(scope="module")
def server() -> Iterator[MysqlPlace]:
    with mysql_place() as place:
        yield place


@pytest.fixture
def place(server: MysqlPlace) -> Iterator[MysqlPlace]:
    server.clear()
    yield server
    server.close()


class TestConformance(WriteConformance):
    def read(self, place):
        return [doc if doc is None else json.loads(doc) for (doc,) in place.rows("SELECT doc FROM target ORDER BY id")]
