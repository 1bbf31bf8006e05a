"""Crossdock's web server, as a program calls it."""

import http.client
import json
import secrets
import socket
import sys
import time
from contextlib import closing
from typing import Any
from uuid import uuid4

from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Role
from apps.flows.models import Flow
from config import loopback
from tests.benchmarks.rig import Rig, RunError
from tests.faults.machine import eventually


class Web:
    """One process of the web server, and one client with a key."""

    def __init__(self, rig: Rig) -> None:
        port = free_port()
        address = ("--host", loopback.HOST, "--port", str(port), "--workers", "1", "--blocking-threads", "8")
        rig.machine.start(sys.executable, "-m", "granian", "--interface", "wsgi", *address, "config.wsgi:application")
        if not eventually(lambda: loopback.answers(port, "/api/health")):
            raise RunError(f"The web server did not start.\n{rig.machine.logs()}")
        self.port = port
        user = accounts.create_user(email=f"{uuid4().hex}@example.com", password=secrets.token_urlsafe(16))
        accounts.add_member(organization=rig.organization, user=user, role=Role.OWNER)
        _, self.key = accounts.create_api_key(
            organization=rig.organization, owner=user, name="benchmarks", at=timezone.now()
        )

    def run(self, flow: Flow) -> tuple[str, float]:
        """The job's id, and the seconds that the answer took."""
        started = time.monotonic()
        answer = self.post(f"/v1/flows/{flow.uid}/run", {})
        return str(answer["_id"]), time.monotonic() - started

    def post(self, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        # a new one each time: an idle one is closed by the server
        with closing(http.client.HTTPConnection(loopback.HOST, self.port, timeout=60)) as connection:
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read()
        if response.status != http.client.CREATED:
            raise RunError(f"POST {path}: {response.status} {text.decode()}")
        return json.loads(text)


def free_port() -> int:
    with socket.create_server((loopback.HOST, 0)) as server:
        return int(server.getsockname()[1])
