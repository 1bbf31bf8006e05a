"""A system of each kind for as long as a file's tests run."""

from collections.abc import Iterator

import pytest

from tests.engine.drivers import logical_server, mirror
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


@pytest.fixture(scope="session")
def logical_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL whose changes can be followed."""
    with logical_server.running(tmp_path_factory.mktemp("logical") / "server") as url:
        yield url


@pytest.fixture(scope="module")
def logical_system(logical_url: str) -> Iterator[Postgresql]:
    with postgresql(logical_url) as system:
        yield system


@pytest.fixture
def followed_orders(logical_system: Postgresql) -> Iterator[Postgresql]:
    """With a table of three orders to follow, and nobody who follows it before or after."""
    logical_system.drop_all()
    logical_system.execute("CREATE TABLE orders (id integer PRIMARY KEY, name text, amount numeric(10, 2))")
    logical_system.execute("INSERT INTO orders VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3)")
    yield logical_system
    logical_system.close_drivers()
    mirror.forget(logical_system)
