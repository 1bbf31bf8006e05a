import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
USE = """
import json, os, sys
from dataclasses import asdict
from config import embedded
try:
    {act}
except embedded.EmbeddedError as error:
    answer = {{"error": str(error)}}
print(json.dumps(answer), flush=True)
sys.stdin.read()
"""
CONTROL = """
    embedded.start_control()
    answer = {**embedded.control_database(), "REDIS": embedded.control_redis_url(0)}
"""
DEMO = """
    answer = asdict(embedded.start_demo())
"""


class User:
    """A process that uses the servers until it leaves or is killed. `answer` is what it was told about them."""

    def __init__(self, home: Path, act: str) -> None:
        environment = {**os.environ, "CROSSDOCK_HOME": str(home), "CROSSDOCK_EMBEDDED": "test"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", USE.format(act=act.strip())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    @property
    def answer(self) -> dict:
        if not hasattr(self, "_answer"):
            self._answer = json.loads(self.process.stdout.readline())
        return self._answer

    def leave(self) -> None:
        self.process.communicate()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class Home:
    """A CROSSDOCK_HOME of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.users: list[User] = []

    def use(self, act: str = CONTROL) -> User:
        self.users.append(User(self.path, act))
        return self.users[-1]

    def served(self, name: str = "control") -> Path:
        pointer = self.path / name / "served-from"
        return Path(pointer.read_text()) if pointer.exists() else self.path / name

    def postmaster(self, name: str = "control") -> psutil.Process:
        return psutil.Process(int((self.served(name) / "postgres" / "postmaster.pid").read_text().split()[0]))

    def servers(self, name: str = "control") -> list[psutil.Process]:
        """The keeper and what it keeps."""
        keeper = self.postmaster(name).parent()
        return [keeper, *keeper.children()]

    def clear(self) -> None:
        folders = [self.served(name) for name in ("control", "demo")]
        servers = [each for name in ("control", "demo") for each in self._running(name)]
        for user in self.users:
            user.kill()
        assert all_end(servers)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    def _running(self, name: str) -> list[psutil.Process]:
        try:
            return self.servers(name)
        except (OSError, psutil.NoSuchProcess):
            return []


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    home.clear()


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def all_end(processes: list[psutil.Process]) -> bool:
    return eventually(lambda: not any(is_running(process) for process in processes))


def is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
