"""Who can reach the embedded servers: whoever knows the passwords on this machine, and nobody over the network."""

import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.embedded import programs
from tests.config.conftest import DEMO, Home, all_end
from tests.config.test_embedded_life import connect


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One for all that only look."""
    home = Home(tmp_path_factory.mktemp("running") / "home")
    assert "HOST" in home.use().answer
    yield home
    home.clear()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_opens_no_port(running: Home) -> None:
    for server in running.servers():
        assert server.net_connections(kind="inet") == []


def test_asks_for_a_password(running: Home) -> None:
    answer = running.users[0].answer

    for stranger in ({"PASSWORD": "guess"}, {"USER": "postgres", "NAME": "postgres"}):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect({**answer, **stranger})
    path = str(Path(answer["HOST"], "valkey.sock"))
    valkey = redis.Redis(unix_socket_path=path, retry=Retry(NoBackoff(), 0))
    with valkey, pytest.raises(redis.AuthenticationError):
        valkey.ping()


def test_gives_crossdock_what_it_needs_and_no_more(running: Home) -> None:
    with connect(running.users[0].answer) as connection:
        role = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
        connection.execute("CREATE DATABASE another")
        found = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}

    assert role == (False, True)
    assert found >= {"vector", "pg_trgm"}


def test_dumps_with_its_extensions(running: Home) -> None:
    """Which PostgreSQL leaves out when they were made before it counted as a user's database."""
    answer = running.users[0].answer
    address = f"postgresql://{answer['USER']}:{answer['PASSWORD']}@/{answer['NAME']}?host={answer['HOST']}"

    dump = subprocess.check_output([programs.postgres("pg_dump"), "--schema-only", address], text=True)

    assert "CREATE EXTENSION IF NOT EXISTS vector" in dump


def test_keeps_files_to_its_owner(running: Home) -> None:
    answer = running.users[0].answer

    assert mode(running.path) == 0o700
    assert mode(Path(answer["HOST"])) == 0o700
    assert mode(running.served() / "postgres") == 0o700
    assert {mode(path) for path in running.path.iterdir() if path.is_file()} == {0o600}
    assert mode(running.path / "control") == 0o700


def test_shows_no_password_to_who_lists_processes(running: Home) -> None:
    answer = running.users[0].answer
    passwords = [path.read_text() for path in running.path.glob("*_PASSWORD")]

    seen = " ".join(word for server in running.servers() for word in [*server.cmdline(), *server.environ().values()])

    assert answer["PASSWORD"] in passwords
    assert not any(password in seen for password in passwords)


def test_runs_servers_of_root_as_nobody(running: Home) -> None:
    expected = "nobody" if os.geteuid() == 0 else running.servers()[0].username()
    assert {server.username() for server in running.servers()[1:]} == {expected}


def test_demo_listens_on_loopback_where_it_did_before(home: Home) -> None:
    first = home.use(DEMO)
    answer = first.answer
    servers = home.servers("demo")
    addresses = {connection.laddr for connection in home.postmaster("demo").net_connections(kind="inet")}
    assert addresses == {("127.0.0.1", answer["port"])}
    first.leave()
    assert all_end(servers)

    assert home.use(DEMO).answer == answer


def test_demo_moves_when_its_port_is_taken(home: Home) -> None:
    (home.path / "demo").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        (home.path / "demo" / "port").write_text(str(taken))
        answer = home.use(DEMO).answer

    assert answer["port"] != taken
    with psycopg.connect(**{**answer, "dbname": "postgres"}) as connection:
        assert connection.execute("SHOW port").fetchone() == (str(answer["port"]),)
