"""The real web server over a test's database, and a client that knows its API key."""

import http.client
import socket
import time
from dataclasses import dataclass
from typing import Any

import orjson
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Organization, Role
from config import loopback
from config.running import programs
from tests.faults.machine import Machine, eventually

SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    document: Any
    seconds: float


class Web:
    """granian as `up` starts it, and `call` with a key of the organisation."""

    def __init__(self, machine: Machine, organization: Organization) -> None:
        self.machine = machine
        self.port = _free_port()
        self.key = _key(organization)
        self.start()

    def start(self) -> None:
        web = next(program for program in programs(self.port) if program.name == "web")
        self.process = self.machine.start(*web.command)
        assert eventually(lambda: loopback.answers(self.port, "/api/health")), self.machine.logs()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Over a connection of its own. Raises OSError or HTTPException when there is no answer."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        began = time.monotonic()
        try:
            sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            sent |= {name.replace("_", "-"): value for name, value in headers.items()}
            line.request(method, path, None if body is None else orjson.dumps(body), sent)
            response = line.getresponse()
            text = response.read()
            return Answer(
                response.status, dict(response.getheaders()), orjson.loads(text or b"null"), time.monotonic() - began
            )
        finally:
            line.close()


def percentile(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def told(seconds: list[float]) -> str:
    """In milliseconds."""
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return ", ".join(f"{name} {percentile(seconds, share) * 1000:.0f} ms" for name, share in shares.items())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _key(organization: Organization) -> str:
    user = accounts.create_user(email="owner@faults.example", password="correct horse battery staple")
    accounts.add_member(organization=organization, user=user, role=Role.OWNER)
    _, key = accounts.create_api_key(organization=organization, owner=user, name="test", scopes=(), at=timezone.now())
    return key
