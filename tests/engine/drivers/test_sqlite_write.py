import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.drivers.destinations import SqlitePlace, sqlite_place
from tests.engine.drivers.write_conformance import WriteConformance


@pytest.fixture
def place(tmp_path: Path) -> Iterator[SqlitePlace]:
    with sqlite_place(tmp_path) as place:
        yield place


class TestConformance(WriteConformance):
    READ_BACK = {
        "money": ["12.5", "-99999999.99", None],
        "json": ['{"a": [1, 2.50, null]}', '"x"', 7],
    }

    def read(self, place):
        return [doc if doc is None else json.loads(doc) for (doc,) in place.rows("SELECT doc FROM target ORDER BY id")]
