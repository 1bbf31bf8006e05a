"""`manage.py up`, as a person runs it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from config import loopback
from tests.config.conftest import ROOT, Home, all_end, eventually


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def command(port: int) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port)]


def environment(home: Home, **more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return {**inherited, "CROSSDOCK_HOME": str(home.path), "CROSSDOCK_EMBEDDED": "test", **more}


@contextmanager
def up(home: Home, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command(port), env=environment(home), stdout=output, stderr=output)
    try:
        assert eventually(lambda: "Crossdock runs at" in log.read_text() or process.poll() is not None)
        yield process
    finally:
        process.kill()
        process.wait()


def test_runs_all_and_stops_all(home: Home, port: int, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with up(home, port, log) as process:
        assert f"Crossdock runs at http://127.0.0.1:{port}/" in log.read_text()
        assert loopback.answers(port, "/api/health")
        programs = psutil.Process(process.pid).children(recursive=True) + home.servers()

        process.send_signal(signal.SIGTERM)

        assert process.wait() == 0
    assert log.read_text().endswith("Stopped\n")
    assert all_end(programs)


def refusal(port: int, env: dict[str, str]) -> str:
    done = subprocess.run(command(port), env=env, capture_output=True, text=True)
    assert done.returncode == 1
    return done.stderr


def test_refuses_a_port_in_use_and_starts_nothing(home: Home, port: int) -> None:
    with socket.create_server(("127.0.0.1", port), reuse_port=True):
        message = refusal(port, environment(home))

    assert f"Port {port} is in use on this machine, perhaps by another Crossdock; choose another" in message
    assert not (home.path / "control" / "users.lock").exists()


def test_leaves_a_database_of_ones_own_to_its_owner(home: Home, port: int) -> None:
    answer = home.use().answer
    url = f"postgresql://{answer['USER']}:{answer['PASSWORD']}@/{answer['NAME']}?host={answer['HOST']}"

    message = refusal(port, environment(home, DATABASE_URL=url, REDIS_URL=answer["REDIS"]))

    assert "The database is behind the code: run ./manage.py migrate first." in message
