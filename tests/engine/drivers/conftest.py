"""A system of each kind for as long as a file's tests run."""

from collections.abc import Iterator

import pytest

from tests.engine.drivers.systems import Mariadb, Postgresql, Sqlite, mariadb, postgresql, sqlite


@pytest.fixture(scope="module")
def postgresql_system() -> Iterator[Postgresql]:
    with postgresql() as system:
        yield system


@pytest.fixture(scope="module")
def mariadb_system() -> Iterator[Mariadb]:
    with mariadb() as system:
        yield system


@pytest.fixture(scope="module")
def sqlite_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqlite]:
    with sqlite(tmp_path_factory.mktemp("sqlite")) as system:
        yield system
